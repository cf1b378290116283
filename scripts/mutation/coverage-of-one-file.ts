import { beforeAll } from 'vitest';

/** What Stryker's instrumented sources count. */
interface Counted {
  readonly __stryker__?: { readonly mutantCoverage?: { perTest: Record<string, Record<string, number>> } };
}

// Stryker adds up what each file reports. Files share the process here, so each would report those before it as well.
beforeAll(() => {
  const counted = (globalThis as Counted).__stryker__?.mutantCoverage;
  if (counted !== undefined) counted.perTest = {};
});
