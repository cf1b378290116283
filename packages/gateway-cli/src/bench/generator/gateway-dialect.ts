import { type Dialect, FRAME, type FrameKind, ID } from './dialect.js';
import type { Standing } from './standing.js';

/** Every envelope of the gateway begins with `{"type":"`, so a signal's first letter is at this offset. */
const TYPE_AT = '{"type":"'.length;
/** A `data_update` begins with its type and its `seq`. */
const SEQ_AT = '{"type":"data_update","seq":'.length;
const letter = (character: string) => character.charCodeAt(0);

/** Options of {@link gatewayDialect}. */
export interface GatewayDialectOptions {
  /** Path on which the gateway listens. Default `/rt`. */
  path?: string | undefined;
  /** Dialect of the contract, `"1"` (default) or `"2"`. */
  version?: '1' | '2' | undefined;
  /** Given to the gateway's `authenticate` hook. */
  token?: string | undefined;
  /** Whether each message is published with an `id`, for which dialect 2 answers `ack`. Default `false`. */
  acks?: boolean | undefined;
}

/** Speaks the gateway's own contract (PROTOCOL.md). */
export function gatewayDialect({ path = '/rt', version = '1', token, acks = false }: GatewayDialectOptions = {}): Dialect {
  return {
    path,
    // One on connect, one after `identify`.
    readyFrames: 2,

    classify(buffer, start): FrameKind {
      switch (buffer[start + TYPE_AT]) {
        case letter('d'):
          return FRAME.data;
        case letter('p'):
          return FRAME.presence;
        case letter('r'):
          // `ready` and `reconnect` part at their third letter.
          return buffer[start + TYPE_AT + 2] === letter('a') ? FRAME.ready : FRAME.other;
        case letter('e'):
          return FRAME.error;
        case letter('g'):
          return FRAME.gap;
        case letter('s'):
          return FRAME.sync;
        case letter('a'):
          return FRAME.ack;
        default:
          return FRAME.other;
      }
    },

    join(groupId, standing) {
      const dialect = version === '1' ? {} : { version };
      const payload = { clientType: 'app-client', groupId, token, resume: resumeOf(groupId, standing) };
      return JSON.stringify({ type: 'identify', ts: Date.now(), ...dialect, payload });
    },

    answer: () => undefined,
    note,
    publication(groupId, data) {
      const id = acks ? ID : undefined;
      return JSON.stringify({ type: 'data_update', ts: Date.now(), groupId, id, payload: { data } });
    },
    heartbeat: () => JSON.stringify({ type: 'heartbeat' }),
  };
}

function resumeOf(groupId: string, standing: Standing | undefined): object | undefined {
  if (standing?.token === undefined) return undefined;
  const { token, epoch, position } = standing;
  return { token, groups: { [groupId]: { epoch, seq: position } } };
}

function note(standing: Standing, kind: FrameKind, buffer: Buffer, start: number, end: number): void {
  if (kind === FRAME.data) {
    const seq = readInteger(buffer, start + SEQ_AT);
    // PROTOCOL.md, "Positions".
    if (seq === (standing.position as number) + 1) standing.position = seq;
    return;
  }
  if (kind !== FRAME.ready && kind !== FRAME.sync) return;
  const { payload } = JSON.parse(buffer.toString('utf8', start, end));
  if (kind === FRAME.sync) {
    standing.epoch = payload.epoch;
    standing.position = payload.seq;
  } else if (payload.resume !== undefined) {
    standing.token = payload.resume.token;
    standing.recovered = payload.resumed;
    if (payload.resumed) standing.returns++;
  }
}

/** The digits from `at` on. */
function readInteger(buffer: Buffer, at: number): number {
  let number = 0;
  for (let i = at; ; i++) {
    const digit = buffer[i]! - 48;
    if (!(digit >= 0 && digit <= 9)) return number;
    number = number * 10 + digit;
  }
}
