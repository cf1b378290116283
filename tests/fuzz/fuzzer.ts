import type { Random } from '../../packages/gateway-sim/src/random.js';
import type { WorkMeter } from './work.js';

export interface FuzzOptions {
  /** Inputs to begin with. */
  seeds: readonly string[];
  /** Pieces that mean something to what is fuzzed. */
  pieces: readonly string[];
  random: Random;
  meter: WorkMeter;
  /** Goes on until both are over. */
  inputs: number;
  forMs: number;
  /** Is measured. */
  target(text: string): void;
  /** Throws where something is wrong with an input. */
  holds(text: string, steps: number): void;
}

export interface FuzzReport {
  inputs: number;
  /** Inputs that took a new way, and were kept to be changed further. */
  kept: number;
  features: number;
  /** Steps for each character of the input that took the most, of those of 1,000 characters or more. */
  stepsPerCharacter: number;
}

/** Longest input: what is worse than in proportion shows long before. */
const LENGTH_MAX = 20_000;

/** Coverage-guided: changes inputs, keeps those that take a new way through the code, and changes these again. */
export function fuzz({ seeds, pieces, random, meter, inputs, forMs, target, holds }: FuzzOptions): FuzzReport {
  const corpus = [...seeds];
  const seen = new Set<string>();
  const report: FuzzReport = { inputs: 0, kept: 0, features: 0, stepsPerCharacter: 0 };
  const feed = (text: string): boolean => {
    const { steps, features } = meter.of(() => target(text));
    holds(text, steps);
    report.inputs += 1;
    if (text.length >= 1_000) report.stepsPerCharacter = Math.max(report.stepsPerCharacter, steps / text.length);
    const before = seen.size;
    for (const feature of features) seen.add(feature);
    return seen.size > before;
  };
  const end = performance.now() + forMs;
  for (const text of seeds) feed(text);
  while (report.inputs < inputs || performance.now() < end) {
    const text = mutated(random.pick(corpus), random, corpus, pieces);
    if (!feed(text)) continue;
    // A long input is kept too, but seldom: it takes as long as a hundred short ones.
    if (text.length < 2_000 || random.chance(0.05)) corpus.push(text);
    report.kept += 1;
    // What takes a new way may take too long over it, where there is more of it.
    feed(pumped(text, random));
  }
  report.features = seen.size;
  return report;
}

function mutated(text: string, random: Random, corpus: readonly string[], pieces: readonly string[]): string {
  let changed = text;
  for (let round = random.pick([1, 1, 2, 4]); round > 0; round -= 1) changed = changedOnce(changed, random, corpus, pieces);
  return changed.slice(0, LENGTH_MAX);
}

function changedOnce(text: string, random: Random, corpus: readonly string[], pieces: readonly string[]): string {
  const [start, end] = span(text, random);
  const [before, piece, after] = [text.slice(0, start), text.slice(start, end), text.slice(end)];
  switch (random.integer(0, 6)) {
    case 0:
      return before + after;
    case 1:
      return before + String.fromCharCode(random.pick([random.integer(0, 127), random.integer(0, 0xffff)])) + after;
    case 2:
      return before + random.pick(pieces) + after;
    case 3:
      return before + random.pick(pieces) + piece + after;
    case 4:
      return before + piece + piece + after;
    case 5:
      return pumped(text, random);
    default: {
      const other = random.pick(corpus);
      return before + other.slice(...span(other, random)) + after;
    }
  }
}

/** One part of it very often. */
function pumped(text: string, random: Random): string {
  const [start, end] = span(text, random);
  const piece = text.slice(start, end);
  const times = Math.floor(Math.max(0, LENGTH_MAX - text.length) / Math.max(1, piece.length) / random.pick([1, 10, 100]));
  return text.slice(0, start) + piece.repeat(times) + text.slice(end);
}

function span(text: string, random: Random): [start: number, end: number] {
  const start = random.integer(0, text.length);
  return [start, Math.min(text.length, start + random.pick([0, 1, 2, 8, 40]))];
}
