import { type Dialect, FRAME } from 'gateway-cli/bench';

const letter = (character: string) => character.charCodeAt(0);

/** The plain text dialect of the servers that have none of their own: one letter, then a group or data. See servers/plain-ws.mjs. */
export function plainDialect({ echo = false } = {}): Dialect {
  return {
    path: '/',
    readyFrames: 1,
    // Data begins with its mark, `~`; all else is an answer.
    classify: (buffer, start) => (buffer[start] === letter('s') ? FRAME.ready : FRAME.data),
    join: (group) => `S${group}`,
    answer: () => undefined,
    publication: (_group, data) => (echo ? `E${data}` : `P${data}`),
    heartbeat: () => undefined,
  };
}
