import type { ClientType, IdentifySignal } from 'gateway-protocol';
import type { Connection } from '../connection.js';
import type { Authenticated } from '../hooks.js';
import { checkHostInput } from '../host-input.js';
import type { Limits } from '../limits.js';
import { type MaybePromise, whenKnown } from '../maybe-promise.js';
import type { Identity } from '../members/member.js';
import type { MessageSpan } from '../tracer.js';
import type { HandlerContext } from './context.js';

const anonymous = (role: ClientType): Identity => {
  return Object.freeze({ role, metadataText: undefined, claims: undefined, principal: undefined, expiresAt: undefined });
};

/** Who says nothing more of itself: one object for all of them. */
const ANONYMOUS: Readonly<Record<ClientType, Identity>> = {
  'app-client': anonymous('app-client'),
  'service-node': anonymous('service-node'),
  dashboard: anonymous('dashboard'),
};

/** Asks the `authenticate` hook who the client is. `undefined`: refused. */
export function authenticated(
  context: HandlerContext,
  connection: Connection,
  { payload }: IdentifySignal,
  metadataText: string | undefined,
  span: MessageSpan | undefined,
): MaybePromise<Identity | undefined> {
  const said = metadataText === undefined ? ANONYMOUS[payload.clientType] : { ...ANONYMOUS[payload.clientType], metadataText };
  const { authenticate } = context;
  if (authenticate === undefined) return said;
  const { connectionId, remoteAddress, request } = connection;
  const asked = { token: payload.token, request, identify: payload, connectionId, remoteAddress };
  return whenKnown(
    context.timeouts.ask(span, 'authenticate', () => authenticate(asked)),
    (answer) => {
      if (answer === true) return said;
      const identity = typeof answer === 'object' && answer !== null ? identityOf(answer, said, context.limits) : undefined;
      // A hook that only says until when leaves it to the gateway to see that this is over.
      return identity?.expiresAt !== undefined && identity.expiresAt <= context.clock.now() ? undefined : identity;
    },
  );
}

function identityOf(answer: Exclude<Authenticated, boolean>, said: Identity, limits: Limits): Identity | undefined {
  const { claims, principal, metadata, expiresAt } = answer;
  // What is neither `true` nor says who it is is no, or a hook's `{ ok: false }` would open the door.
  if (claims === undefined && principal === undefined && expiresAt === undefined) return undefined;
  if (claims !== undefined && (typeof claims !== 'object' || claims === null)) return undefined;
  if (principal !== undefined && (typeof principal !== 'string' || principal === '')) return undefined;
  if (expiresAt !== undefined && (typeof expiresAt !== 'number' || Number.isNaN(expiresAt))) return undefined;
  const metadataText = metadata === undefined ? said.metadataText : checkHostInput({ metadata }, limits);
  return { ...said, claims, principal, expiresAt, metadataText };
}
