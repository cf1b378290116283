/** Where the client gets time from. Inject one to run it in virtual time: `FakeClock` of `gateway-core/testing` is one. */
export interface ClientClock {
  /** Wall-clock time in Unix milliseconds. It may jump, and is for stamps only. */
  now(): number;
  /** Milliseconds since some fixed moment, never backwards. */
  monotonicMs(): number;
  setTimeout(task: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** The platform's own time. */
export const systemClock: ClientClock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimeout: (task, delayMs) => setTimeout(task, delayMs),
  clearTimeout: (timer) => clearTimeout(timer as number),
};
