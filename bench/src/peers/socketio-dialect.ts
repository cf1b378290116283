import { type Dialect, FRAME, type FrameKind, type Standing } from 'gateway-cli/bench';

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
    join: (_group, standing) =>
      standing?.position === undefined ? '40' : `40${JSON.stringify({ pid: standing.token, offset: standing.position })}`,
    answer(kind, group, standing) {
      if (kind === FRAME.ping) return '3';
      // The server says it by itself to whom it has recovered.
      if (kind === FRAME.connected && standing?.recovered) return undefined;
      return kind === FRAME.connected ? event(storm ? 'enter' : 'subscribe', group) : undefined;
    },
    note,
    publication: (_group, data) => event(echo ? 'echo' : 'publish', data),
    heartbeat: () => undefined,
  };
}

/** Connection state recovery: `40{"sid":…,"pid":…}` has the session, and the last argument of a broadcast event is its offset. */
function note(standing: Standing, kind: FrameKind, buffer: Buffer, start: number, end: number): void {
  if (kind === FRAME.data) {
    standing.position = buffer.toString('latin1', buffer.lastIndexOf('"', end - 3) + 1, end - 2);
  } else if (kind === FRAME.connected) {
    const { pid } = JSON.parse(buffer.toString('utf8', start + 2, end));
    standing.recovered = pid !== undefined && pid === standing.token;
    if (standing.recovered) standing.returns++;
    standing.token = pid;
  }
}
