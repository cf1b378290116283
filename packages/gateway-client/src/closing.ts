import type { ClientClock } from './clock.js';

/** `close()` waits no longer for the other end, in milliseconds. */
const CLOSE_TIMEOUT_MS = 1_000;

/** Resolves when the socket has closed, or that time is over. */
export function closing(clock: ClientClock, closed: Promise<void> | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimeout(resolve, CLOSE_TIMEOUT_MS);
    void Promise.resolve(closed).then(() => {
      clock.clearTimeout(timer);
      resolve();
    });
  });
}
