import type { ClientClock } from './clock.js';

/** Resolves with the promise, at the latest after `limitMs`. */
export function within(clock: ClientClock, limitMs: number, promise: Promise<void> | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.setTimeout(resolve, limitMs);
    void Promise.resolve(promise).then(() => {
      clock.clearTimeout(timer);
      resolve();
    });
  });
}
