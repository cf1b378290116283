import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Instrumenter } from '@stryker-mutator/instrumenter';

/**
 * @typedef {Pick<import('@stryker-mutator/api/core').Mutant, 'fileName' | 'location' | 'mutatorName' | 'replacement'>} Mutant
 */

/** Where what is measured stands. */
const FOLDERS = ['groups', 'members', 'handlers'].map((name) => `packages/gateway-core/src/${name}`);
/** What a 95 % interval reaches to each side, in standard deviations. */
const Z = 1.959964;

const none = () => undefined;
const silent = /** @type {import('@stryker-mutator/api/logging').Logger} */ (
  /** @type {unknown} */ ({ isDebugEnabled: () => false, debug: none, info: none, warn: none })
);

/** Every mutant that Stryker makes of the sources, in the order of the files and in them. @returns {Promise<Mutant[]>} */
export async function listMutants() {
  const names = FOLDERS.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name))).sort();
  const files = names.map((name) => ({ name, mutate: true, content: readFileSync(name, 'utf8') }));
  const options = { plugins: null, ignorers: [], excludedMutations: [] };
  return [...(await new Instrumenter(silent).instrument(files, options)).mutants];
}

/** What a mutant is called in every run. @param {Mutant} mutant */
export function keyOf({ fileName, location: { start, end }, mutatorName, replacement }) {
  return JSON.stringify([fileName, start.line, start.column, end.line, end.column, mutatorName, replacement]);
}

/** The range of a mutant as Stryker takes it: lines from 1, columns from 0. @param {Mutant} mutant */
export function rangeOf({ fileName, location: { start, end } }) {
  return `${fileName}:${start.line + 1}:${start.column}-${end.line + 1}:${end.column}`;
}

/**
 * The mutants in an order that follows from the seed alone, in which each is as likely to be anywhere: the first of them are a sample, and
 * those after it are another one.
 * @template {Mutant} T @param {readonly T[]} mutants @param {number} seed @returns {T[]}
 */
export function shuffle(mutants, seed) {
  const rankOf = (/** @type {T} */ mutant) =>
    createHash('sha256')
      .update(`${seed} ${keyOf(mutant)}`)
      .digest('hex');
  const ranked = mutants.map((mutant) => ({ mutant, rank: rankOf(mutant) }));
  return ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1)).map(({ mutant }) => mutant);
}

/**
 * Where the share of all lies with a probability of 95 %, when `hits` of `count` were found in a sample (Wilson's interval; that the
 * sample is a good part of all is left out, so it is rather too wide).
 * @param {number} hits @param {number} count @returns {[from: number, to: number]}
 */
export function intervalOf(hits, count) {
  const share = hits / count;
  const middle = share + Z ** 2 / (2 * count);
  const reach = Z * Math.sqrt((share * (1 - share)) / count + Z ** 2 / (4 * count ** 2));
  const whole = 1 + Z ** 2 / count;
  return [(middle - reach) / whole, (middle + reach) / whole];
}

/** Where a mutant stands, and what it makes of what. @param {Mutant} mutant */
export function describe({ fileName, location: { start, end }, mutatorName, replacement }) {
  const lines = readFileSync(fileName, 'utf8')
    .split('\n')
    .slice(start.line, end.line + 1);
  lines[lines.length - 1] = lines[lines.length - 1]?.slice(0, end.column) ?? '';
  lines[0] = lines[0]?.slice(start.column) ?? '';
  const onOneLine = (/** @type {string} */ text) => text.replaceAll(/\s+/g, ' ');
  return `${fileName}:${start.line + 1}:${start.column + 1} ${mutatorName}: ${onOneLine(lines.join('\n'))} => ${onOneLine(replacement)}`;
}
