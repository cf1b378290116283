import { inspect } from 'node:util';
import type { Gateway, GatewayEvents } from 'gateway-core';
import { closeInWords } from './codes.js';
import { shown } from './texts.js';
import type { LifeEvent } from './wire.js';

const TEXT_CHARACTERS_MAX = 256;

/** An event of the gateway in the words of the feed, without its number and time. */
export type Happening = Omit<LifeEvent, 'n' | 'at'>;

type Words = { [Name in keyof GatewayEvents]?: (event: GatewayEvents[Name]) => Happening };

/** Claims, tokens and metadata are in none of them. */
const WORDS: Words = {
  connection: ({ connectionId, remoteAddress }) => ({ type: 'connection', connectionId, text: remoteAddress }),
  identify: ({ connectionId, memberId, role, groupId }) => ({ type: 'identify', connectionId, memberId, groupId, text: role }),
  join: ({ connectionId, memberId, groupId }) => ({ type: 'join', connectionId, memberId, groupId }),
  leave: ({ memberId, groupId }) => ({ type: 'leave', memberId, groupId }),
  detached: ({ memberId }) => ({ type: 'detached', memberId }),
  resumed: ({ connectionId, memberId }) => ({ type: 'resumed', connectionId, memberId }),
  expired: ({ memberId }) => ({ type: 'expired', memberId }),
  moved: ({ memberId }) => ({ type: 'moved', memberId }),
  gap: ({ memberId, groupId, from, to }) => ({ type: 'gap', memberId, groupId, text: `${from}–${to}` }),
  reset: ({ groupId, epoch, seq }) => ({ type: 'reset', groupId, text: `${epoch}:${seq}` }),
  refused: ({ connectionId, memberId, code, message }) => ({ type: 'refused', connectionId, memberId, code, text: message }),
  disconnect: ({ connectionId, memberId, code, reason, by }) => ({
    type: 'disconnect',
    connectionId,
    memberId,
    code: String(code),
    text: `${closeInWords(code)}, by the ${by}${reason === '' ? '' : `: ${reason}`}`,
  }),
  sessionOpened: ({ session: { groupId, sessionId } }) => ({ type: 'session', groupId, text: `${sessionId} opened` }),
  sessionExpired: ({ session: { groupId, sessionId } }) => ({ type: 'session', groupId, text: `${sessionId} expired` }),
  error: ({ where, connectionId, error }) => ({
    type: 'error',
    connectionId,
    text: `${where}: ${error instanceof Error ? error.message : inspect(error, { depth: 0 })}`,
  }),
};

/**
 * Listens to everything that viewers are told of, messages aside.
 * @returns what stops listening.
 */
export function listen(gateway: Pick<Gateway, 'on'>, happened: (happening: Happening) => void): () => void {
  const names = Object.keys(WORDS) as (keyof GatewayEvents)[];
  const offs = names.map((name) =>
    gateway.on(name, (event) => {
      const happening = (WORDS[name] as (event: unknown) => Happening)(event);
      const { text } = happening;
      happened(text === undefined ? happening : { ...happening, text: shown(text, TEXT_CHARACTERS_MAX) });
    }),
  );
  return () => {
    for (const off of offs) off();
  };
}
