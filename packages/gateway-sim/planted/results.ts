import { readFileSync, writeFileSync } from 'node:fs';
import type { Hunted } from './hunt.js';

/** What the last hunt for each bug came to, by its name: all of them take an hour, so one can be hunted anew by itself. */
export function readResults(file: string): Map<string, Hunted> {
  return new Map(Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, Hunted>));
}

/** Keeps the results of these bugs, and of no others. */
export function writeResults(file: string, results: ReadonlyMap<string, Hunted>, names: readonly string[]): void {
  const kept = names.flatMap((name) => {
    const result = results.get(name);
    if (result === undefined) return [];
    // What a check says may name files of the machine.
    const { text: _text, ...found } = result.found ?? {};
    return [[name, { ...result, found: result.found && found }] as const];
  });
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(kept), undefined, 2)}\n`);
}
