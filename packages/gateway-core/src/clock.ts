// Node's own also where globals are a browser's, as in Jest with jsdom, or are faked by a test.
import { clearTimeout, setImmediate, setTimeout } from 'node:timers';

/** A pending timer of a {@link Clock}. */
export type TimerHandle = unknown;

/**
 * Where the gateway gets time from. Inject one to run the gateway in virtual time (`FakeClock` of `gateway-core/testing`).
 */
export interface Clock {
  /** Wall-clock time in Unix milliseconds: for stamps (`ts`, `createdAt`). It may jump. */
  now(): number;
  /** Milliseconds since some fixed moment, never backwards: for every deadline, so that a jump of the wall clock ends nobody. */
  monotonicMs(): number;
  setTimeout(task: () => void, delayMs: number): TimerHandle;
  clearTimeout(timer: TimerHandle): void;
  /** Runs `task` at the end of the current turn of the event loop, after everything that this turn reads from sockets. */
  setImmediate(task: () => void): void;
}

/** The machine's own time. Its timers do not keep a process alive: the sockets do. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimeout: (task, delayMs) => setTimeout(task, delayMs).unref(),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
  setImmediate: (task) => {
    setImmediate(task);
  },
};
