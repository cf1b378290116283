import { relative } from 'node:path';
import { CheckStatus } from '@stryker-mutator/api/check';
import { describe, keyOf } from './sample.mjs';

/**
 * @typedef {import('@stryker-mutator/api/core').Mutant} Mutant
 * @typedef {import('@stryker-mutator/api/core').MutantResult} MutantResult
 * @typedef {{ drawn: string[] }} Options
 */

/** The range of a mutant holds those inside it as well, which were not drawn. A checker names those that need no run. */
export class OnlyDrawn {
  static inject = ['options'];
  /** @type {ReadonlySet<string>} */
  #keys;

  /** @param {Options} options */
  constructor({ drawn }) {
    this.#keys = new Set(drawn);
  }

  async init() {}

  /** All at once. @param {Mutant[]} mutants */
  async group(mutants) {
    return [mutants.map(({ id }) => id)];
  }

  /** @param {Mutant[]} mutants @returns {Promise<Record<string, import('@stryker-mutator/api/check').CheckResult>>} */
  async check(mutants) {
    return Object.fromEntries(
      mutants.map((mutant) => [
        mutant.id,
        this.#keys.has(keyOf({ ...mutant, fileName: relative('', mutant.fileName) }))
          ? { status: CheckStatus.Passed }
          : { status: CheckStatus.CompileError, reason: 'It was not drawn.' },
      ]),
    );
  }
}

/** Prints what becomes of each as it is known. */
class Lines {
  static inject = ['options'];
  #tested = 0;
  /** @type {ReadonlySet<string>} */
  #keys;

  /** @param {Options} options */
  constructor({ drawn }) {
    this.#keys = new Set(drawn);
  }

  /** @param {Readonly<MutantResult>} result */
  onMutantTested(result) {
    const mutant = mutantOf(result);
    if (!this.#keys.has(keyOf(mutant))) return;
    this.#tested += 1;
    console.log(`${this.#tested} of ${this.#keys.size} ${result.status}: ${describe(mutant)}`);
  }
}

/** A result names its file in full, and counts lines and columns from 1. @param {MutantResult} result @returns {import('./sample.mjs').Mutant} */
export function mutantOf({ fileName, location: { start, end }, mutatorName, replacement }) {
  return {
    fileName: relative('', fileName),
    location: {
      start: { line: start.line - 1, column: start.column - 1 },
      end: { line: end.line - 1, column: end.column - 1 },
    },
    mutatorName,
    replacement,
  };
}

export const strykerPlugins = [
  { kind: 'Checker', name: 'only-drawn', injectableClass: OnlyDrawn },
  { kind: 'Reporter', name: 'lines', injectableClass: Lines },
];
