import type { OutgoingToClient2 } from 'gateway-protocol';
import { escaped, plain } from '../terminal-text.js';

/** Longer than anybody reads in one line. */
const LINE_MAX = 4_000;

/** An envelope as a line for people; `undefined` for those that only matter to the program. */
export function lineOf(envelope: OutgoingToClient2, memberId: string | undefined): string | undefined {
  const line = wordsOf(envelope, memberId);
  return line === undefined ? undefined : plain(line, LINE_MAX);
}

/**
 * An envelope's text in one line that no terminal obeys: the same JSON. Outside of strings a control character can only be white space, and
 * inside of them it may as well be escaped.
 */
export function jsonLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => (character < ' ' ? ' ' : escaped(character)));
}

/** What may be left out has the type that the gateway gives it, and not for certain the one of the contract. */
function word(value: unknown): string {
  // Not `String`: JSON may say of an object that its `toString` is null.
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');
}

/** A template whose values are such words. */
function words(texts: TemplateStringsArray, ...values: unknown[]): string {
  return texts.map((text, at) => text + (at < values.length ? word(values[at]) : '')).join('');
}

/** The first characters of an id. */
function short(id: unknown, characters: number): string {
  return word(id).slice(0, characters);
}

function wordsOf(envelope: OutgoingToClient2, me: string | undefined): string | undefined {
  switch (envelope.type) {
    case 'ready':
      return envelope.payload.memberId === undefined
        ? undefined
        : words`* ${envelope.payload.resumed === true ? 'back' : 'here'} as ${envelope.payload.memberId}`;
    case 'sync': {
      const { groupId, epoch, seq, outcome, reason, replayed, members = [] } = envelope.payload;
      const replay = replayed > 0 ? `, ${replayed} replayed` : '';
      return words`* ${groupId}: ${outcome}${reason === undefined ? '' : words` (${reason})`}${replay}, at ${short(epoch, 4)}:${seq}, ${members.length} here`;
    }
    case 'data_update': {
      const { groupId, seq, from, payload, delivery, key } = envelope;
      const who = from === undefined ? 'server' : from === me ? 'me' : short(from, 8);
      const how = [delivery, key === undefined ? undefined : words`key ${key}`]
        .filter((one) => one !== undefined)
        .map(word)
        .join(', ');
      return words`< ${groupId} ${seq} ${who}${how === '' ? '' : ` (${how})`} ${JSON.stringify(payload.data)}`;
    }
    case 'presence_update': {
      const { groupId, joins = [], leaves = [], info } = envelope.payload;
      const came = joins.map(({ memberId, metadata }) => `+${nameIn(metadata) ?? short(memberId, 8)}`);
      const went = leaves.map((memberId) => `-${short(memberId, 8)}`);
      return words`* ${groupId}: ${info.details?.members ?? 0} here ${[...came, ...went].join(' ')}`.trimEnd();
    }
    case 'ack': {
      const { seq, epoch, duplicate } = envelope.payload;
      return seq === undefined ? undefined : words`✓ ${short(epoch, 4)}:${seq}${duplicate ? ', as before' : ''}`;
    }
    case 'error':
      return words`! ${envelope.payload.code}: ${envelope.payload.message}`;
    case 'gap':
      return words`! ${envelope.payload.groupId}: ${envelope.payload.from} to ${envelope.payload.to} will not come (${envelope.payload.reason})`;
    case 'reconnect':
      return words`* the gateway drains: it asks to come back in ${envelope.payload.afterMs} ms`;
    case 'heartbeat_ack': {
      const { echoTs } = envelope.payload;
      return typeof echoTs !== 'number' ? undefined : `* ping ${Date.now() - echoTs} ms`;
    }
  }
}

function nameIn(metadata: Record<string, unknown> | undefined): string | undefined {
  return typeof metadata?.name === 'string' ? metadata.name : undefined;
}
