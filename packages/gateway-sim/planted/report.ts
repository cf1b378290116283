import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Collection } from './collection.js';
import type { Hunted } from './hunt.js';
import type { PlantedBug } from './planted-bug.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** One bug's line in the terminal. */
export function lineOf({ name }: PlantedBug, { found, seeds, runs, seconds }: Hunted): string {
  const took = `${runs} run, ${seconds.toFixed(1)} s`;
  if (found === undefined) return `${name}: NOT FOUND within ${seeds} seeds, ${took}`;
  const { seed, kept, checks, actions, fewest, text } = found;
  const by = kept === undefined ? `seed ${seed}` : `not within ${seeds} seeds, but by the plan ${kept}`;
  return `${name}: ${by}, ${took}, ${checks.join(' ')}, ${actions} actions, ${fewest} needed\n  ${text?.slice(0, 200)}`;
}

/** The page of a collection. */
export function reportOf({ bugs, title, command, intro, plans }: Collection, results: ReadonlyMap<string, Hunted>): string {
  const rows = bugs.flatMap((bug) => {
    const result = results.get(bug.name);
    return result === undefined ? [] : [{ bug, result, found: result.found }];
  });
  const bySeed = rows.filter(({ found }) => found !== undefined && found.kept === undefined);
  const byPlan = rows.filter(({ found }) => found?.kept !== undefined);
  const missed = rows.filter(({ found }) => found === undefined);
  const seeds = bySeed.map(({ found }) => found?.seed as number).sort((a, b) => a - b);
  const seedsMax = Math.max(0, ...[...missed, ...byPlan].map(({ result }) => result.seeds));
  const about = ({ name, file, promise }: PlantedBug) => [name, `\`packages/${file}\``, promise];
  const parts = [
    `# ${title}

Written by \`${command}\`; do not edit.

${intro}

${bySeed.length} of ${rows.length} were found by a seed; half of them within ${seeds[Math.floor((seeds.length - 1) / 2)]} seeds, the last with ${seeds.at(-1)}.
`,
    table(
      ['bug', 'file', 'promise', 'check', 'seed', 'runs', 'actions', 'needed'],
      bySeed.map(({ bug, result, found }) => [
        ...about(bug),
        found?.checks[0],
        found?.seed,
        result.runs,
        found?.actions,
        found?.fewest,
      ]),
    ),
  ];
  if (byPlan.length > 0)
    parts.push(
      `\n## Found by a plan that is kept\n\nNo seed up to ${seedsMax} found these. A plan of a later seed did, which is kept in \`${relative(ROOT, plans)}\` and runs with the suite.\n`,
      table(
        ['bug', 'file', 'promise', 'check', 'plan', 'of seed', 'runs without it'],
        byPlan.map(({ bug, result, found }) => [...about(bug), found?.checks[0], found?.kept, found?.seed, result.runs]),
      ),
    );
  if (missed.length > 0)
    parts.push(
      `\n## Not found\n\nNo check noticed these with any seed up to ${seedsMax}: a check is missing, or a fault, or what it takes is too rare.\n`,
      table(
        ['bug', 'file', 'promise', 'runs', 'why, as far as it is known'],
        missed.map(({ bug, result }) => [...about(bug), result.runs, bug.missing]),
      ),
    );
  const waiting = bugs.filter(({ name }) => !results.has(name));
  if (waiting.length > 0) parts.push(`\n## Not hunted yet\n\n${waiting.map(({ name }) => `\`${name}\``).join(', ')}.`);
  return `${parts.join('\n')}\n`;
}

function table(head: string[], rows: (string | number | undefined)[][]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map((cell) => cell ?? '').join(' | ')} |`).join('\n');
}
