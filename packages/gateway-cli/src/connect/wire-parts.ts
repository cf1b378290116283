import { type Clock, systemClock } from 'gateway-core';
import { WebSocket } from 'ws';

/** Until a socket is open, and from then until something is heard. */
export const OPEN_TIMEOUT_MS = 10_000;

/** What a client of the wire is made of. */
export interface WireParts {
  clock: Pick<Clock, 'now' | 'monotonicMs' | 'setTimeout' | 'clearTimeout'>;
  /** As `clock`'s, but it keeps the program from ending: nothing else does while there is no connection. */
  setTimeout: Clock['setTimeout'];
  open(url: string): WebSocket;
  random(): number;
}

/** A network and time that are real. */
export const WIRE_PARTS: WireParts = {
  clock: systemClock,
  setTimeout: (task, delayMs) => setTimeout(task, delayMs),
  open: (url) => new WebSocket(url, { handshakeTimeout: OPEN_TIMEOUT_MS }),
  random: Math.random,
};
