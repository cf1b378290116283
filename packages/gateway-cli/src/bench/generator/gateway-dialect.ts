import { type Dialect, FRAME, type FrameKind } from './dialect.js';

/** Every envelope of the gateway begins with `{"type":"`, so a signal's first letter is at this offset. */
const TYPE_AT = '{"type":"'.length;
const letter = (character: string) => character.charCodeAt(0);

/** Options of {@link gatewayDialect}. */
export interface GatewayDialectOptions {
  /** Path on which the gateway listens. Default `/rt`. */
  path?: string | undefined;
  /** Dialect of the contract, `"1"` (default) or `"2"`. */
  version?: '1' | '2' | undefined;
  /** Given to the gateway's `authenticate` hook. */
  token?: string | undefined;
}

/** Speaks the gateway's own contract (PROTOCOL.md). */
export function gatewayDialect({ path = '/rt', version = '1', token }: GatewayDialectOptions = {}): Dialect {
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
        default:
          return FRAME.other;
      }
    },

    join(groupId) {
      const dialect = version === '1' ? {} : { version };
      return JSON.stringify({
        type: 'identify',
        ts: Date.now(),
        ...dialect,
        payload: { clientType: 'app-client', groupId, token },
      });
    },

    answer: () => undefined,
    publication: (groupId, data) => JSON.stringify({ type: 'data_update', ts: Date.now(), groupId, payload: { data } }),
    heartbeat: () => JSON.stringify({ type: 'heartbeat' }),
  };
}
