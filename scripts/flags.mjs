// What commands do with their flags, and how they end: 0 where all holds, 1 where something does not, 2 where they could not be run.
import { parseArgs } from 'node:util';

/**
 * Flags of a command. pnpm passes the `--` on.
 * @template {import('node:util').ParseArgsConfig['options']} Options
 * @param {Options} options
 */
export const flags = (options) => parseArgs({ options, args: process.argv.slice(2).filter((arg) => arg !== '--') }).values;

/** @param {string} name @param {string | undefined} text @param {number} otherwise @param {number} [most] */
export function wholeNumber(name, text, otherwise, most = Number.MAX_SAFE_INTEGER) {
  const value = text === undefined ? otherwise : text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isSafeInteger(value) || value < 1 || value > most)
    throw new TypeError(`--${name}: must be a whole number from 1 to ${most}, not ${text ?? otherwise}`);
  return value;
}

/**
 * The seeds that are asked for: all of them are whole numbers that a number can tell from the next one.
 * @param {{ seeds?: string | undefined, from?: string | undefined }} values @param {number} otherwise how many
 */
export function seedsOf(values, otherwise) {
  const from = wholeNumber('from', values.from, Math.floor(Date.now() / 1_000));
  return { from, count: wholeNumber('seeds', values.seeds, otherwise, Number.MAX_SAFE_INTEGER - from) };
}

/**
 * Runs a command. What it throws is one line.
 * @param {() => Promise<boolean>} main whether all holds
 */
export async function command(main) {
  // Whoever reads, as `head` does, may have read enough.
  process.stdout.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(2);
  });
  try {
    if (!(await main())) process.exitCode = 1;
  } catch (error) {
    console.error(/** @type {Error} */ (error).message);
    process.exitCode = 2;
  }
}
