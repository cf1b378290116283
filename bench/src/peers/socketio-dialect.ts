import { type Dialect, FRAME, type FrameKind } from 'gateway-cli/bench';

const letter = (character: string) => character.charCodeAt(0);
/** `42["` stands before an event's name. */
const EVENT_AT = 4;

/**
 * Socket.IO 5 over Engine.IO 4, websocket transport: `0{…}` opens, `40` connects a namespace, `2` is a ping to be answered `3`, and
 * `42["event",…]` is an event. `storm`: join by the event that the server announces to everybody.
 */
export function socketIoDialect({ echo = false, storm = false } = {}): Dialect {
  const event = (...words: string[]) => `42${JSON.stringify(words)}`;
  return {
    path: '/socket.io/?EIO=4&transport=websocket',
    readyFrames: 1,

    classify(buffer, start): FrameKind {
      if (buffer[start] !== letter('4')) return buffer[start] === letter('2') ? FRAME.ping : FRAME.hello;
      if (buffer[start + 1] !== letter('2')) return buffer[start + 1] === letter('0') ? FRAME.connected : FRAME.error;
      switch (buffer[start + EVENT_AT]) {
        case letter('m'):
          return FRAME.data;
        case letter('p'):
          return FRAME.presence;
        default:
          return FRAME.ready;
      }
    },

    // A namespace has to be connected first; the answer to that joins.
    join: () => '40',
    answer(kind, group) {
      if (kind === FRAME.ping) return '3';
      return kind === FRAME.connected ? event(storm ? 'enter' : 'subscribe', group) : undefined;
    },
    publication: (_group, data) => event(echo ? 'echo' : 'publish', data),
    heartbeat: () => undefined,
  };
}
