import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Facts, factsOf } from './syntax.js';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const packageNames = readdirSync(join(root, 'packages')).sort();

/** Text of a file that is named from the root of the repository. */
export const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** What git holds or would hold after `git add`: ignored files are nobody's concern. Paths from the root. */
export function filesInGit(): string[] {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  return list.split('\0').filter((path) => path !== '' && existsSync(join(root, path)));
}

/** The TypeScript sources of a package, as paths from the root. */
export function sourcesOf(packageName: string): string[] {
  const folder = `packages/${packageName}/src`;
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `${folder}/${path}`)
    .sort();
}

const facts = new Map<string, Facts>();

/** What the rules ask of a source that is named from the root; each is parsed once. */
export function factsAbout(path: string): Facts {
  const known = facts.get(path) ?? factsOf(path, read(path));
  facts.set(path, known);
  return known;
}
