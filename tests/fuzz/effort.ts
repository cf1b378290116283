/** For how long each target is fuzzed, in milliseconds; 0 in the short form, which counts inputs instead. */
export const FUZZ_MS = Number(process.env.FUZZ_SECONDS ?? 0) * 1_000;

/** For the time limit of a test. */
export const FUZZ_TIMEOUT_MS = FUZZ_MS + 60_000;
