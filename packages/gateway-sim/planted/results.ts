import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Hunted } from './hunt.js';

const FILE = fileURLToPath(new URL('results.json', import.meta.url));

/** What the last hunt for each bug came to, by its name: all of them take an hour, so one can be hunted anew by itself. */
export function readResults(): Map<string, Hunted> {
  return new Map(Object.entries(JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, Hunted>));
}

/** Keeps the results of these bugs, and of no others. */
export function writeResults(results: ReadonlyMap<string, Hunted>, names: readonly string[]): void {
  const kept = names.flatMap((name) => {
    const result = results.get(name);
    if (result === undefined) return [];
    // What a check says may name files of the machine.
    const { text: _text, ...found } = result.found ?? {};
    return [[name, { ...result, found: result.found && found }] as const];
  });
  writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(kept), undefined, 2)}\n`);
}
