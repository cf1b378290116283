/** One micro-benchmark. */
export interface MicroCase {
  name: string;
  /** Makes what it needs; called once, right before it is measured. */
  setUp(): Prepared | Promise<Prepared>;
}

export interface Prepared {
  /** What is measured. */
  run(): unknown;
  /** @throws Error where the runs since `setUp` did not do what the name says: how fast something fails is not the question. */
  check(): void;
}

/** @throws Error that shows what was expected. */
export function expectEqual(what: string, found: unknown, expected: unknown): void {
  if (found !== expected) throw new Error(`${what}: ${String(found)} where ${String(expected)} was due`);
}
