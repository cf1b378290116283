import assert from 'node:assert/strict';
import { systemClock } from '../../clock.js';
import type { MaybePromise } from '../../maybe-promise.js';

/** One claim of a contract suite: give it to any test runner, as `test(name, run)`. `run` rejects where the claim does not hold. */
export interface ContractClaim {
  /** A sentence that says what must hold. */
  name: string;
  run: () => Promise<void>;
}

/** How to get hold of one implementation of an interface. */
export interface ContractHarness<Part> {
  /** A fresh one without any content. Called once for each claim; the claim closes it. */
  create(): MaybePromise<Part>;
  /**
   * The same content as another process sees it, like a second client of one database. The claim closes it. Default: the very object, as
   * gateways of one process share one.
   */
  share?(part: Part): MaybePromise<Part>;
}

/** How long something that must come may take before its claim fails, in milliseconds of the machine's time. */
const PATIENCE_MS = 5_000;

/** Runs a claim on a fresh implementation, seen from two sides, and closes both. */
export async function onFresh<Part extends { close?(): MaybePromise<void> }>(
  harness: ContractHarness<Part>,
  claim: (one: Part, other: Part) => Promise<void>,
): Promise<void> {
  const one = await harness.create();
  const other = (await harness.share?.(one)) ?? one;
  try {
    await claim(one, other);
  } finally {
    if (other !== one) await other.close?.();
    await one.close?.();
  }
}

/** Compares what JSON can say: a field that is `undefined` is one that is not there. */
export function assertSame(actual: unknown, expected: unknown, message?: string): void {
  assert.deepStrictEqual(plain(actual), plain(expected), message);
}

function plain(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

/** Changes every object and array inside `value`. One that refuses to be changed is as good as one that is a copy. */
export function vandalise(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const inner of Object.values(value)) vandalise(inner);
  try {
    if (Array.isArray(value)) value.push('vandalised');
    else for (const key of [...Object.keys(value), 'added']) (value as Record<string, unknown>)[key] = 'vandalised';
  } catch {
    // Frozen.
  }
}

/** Waits for what other parts report, whenever it comes. */
export class Arrivals {
  #checks: (() => void)[] = [];

  /** To be called after every report. */
  arrived(): void {
    for (const check of [...this.#checks]) check();
  }

  /** Resolves as soon as `condition` holds; rejects after five seconds, saying `what` did not come. */
  until(condition: () => boolean, what: string): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const end = () => {
        systemClock.clearTimeout(timer);
        this.#checks = this.#checks.filter((other) => other !== check);
      };
      const timer = systemClock.setTimeout(() => {
        end();
        reject(new assert.AssertionError({ message: `did not come: ${what}` }));
      }, PATIENCE_MS);
      const check = () => {
        if (!condition()) return;
        end();
        resolve();
      };
      this.#checks.push(check);
    });
  }
}
