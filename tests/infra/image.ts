import { execFile, execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { environmentOf, type Instruction, ignores, one, stagesOf } from './dockerfile.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

export const dockerfile = read('Dockerfile');
export const dockerignore = read('.dockerignore')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

export const stages = stagesOf(dockerfile);
const last = stages.at(-1);
if (last === undefined) throw new Error('the Dockerfile has no stage');
export const finalStage = last;

/** `FROM base AS name`. */
export function fromOf(stage: Instruction[]): { base: string; name: string } {
  const [base = '', , name = ''] = one(stage, 'FROM').rest.split(' ');
  return { base, name };
}

/** A child's environment without what the test run's own pnpm, Node options and vitest left in it. */
export function cleanEnvironment(added: Record<string, string>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|pnpm_|VITEST|NODE_ENV$|NODE_OPTIONS$|INIT_CWD$)/.test(name),
  );
  return { ...Object.fromEntries(kept), ...added };
}

/**
 * Does in empty folders what `docker build` would: instruction by instruction, each stage with what was copied into it until then and
 * nothing else. The cache mounts are this machine's own: its pnpm store, and npm's cache.
 * @returns the folder that is the root of the image.
 */
export async function buildImage(temporary: string): Promise<string> {
  const { packageManager } = JSON.parse(read('package.json'));
  const { stdout } = await run('npx', ['-y', packageManager, 'store', 'path'], { cwd: root, env: cleanEnvironment({}) });
  const store = dirname(stdout.trim());
  const roots = new Map<string, string>();
  const workdirs = new Map<string, string>();
  const environments = new Map<string, Record<string, string>>();
  for (const [index, stage] of stages.entries()) {
    const { base, name } = fromOf(stage);
    const folder = join(temporary, name || String(index));
    mkdirSync(folder);
    const under = roots.get(base);
    if (under !== undefined) cpSync(under, folder, { recursive: true, verbatimSymlinks: true });
    const environment = { ...environments.get(base), ...environmentOf(stage) };
    roots.set(name, folder);
    environments.set(name, environment);
    const env = cleanEnvironment({ ...environment, STORE: store });
    workdirs.set(name, await fill(folder, workdirs.get(base) ?? '/', stage, env, roots));
  }
  const image = join(temporary, 'image');
  cpSync(roots.get('') as string, image, { recursive: true, verbatimSymlinks: true });
  // What still pointed there breaks.
  for (const folder of roots.values()) rmSync(folder, { recursive: true });
  return image;
}

/** @returns the working directory of the stage. */
async function fill(
  folder: string,
  baseWorkdir: string,
  stage: Instruction[],
  env: NodeJS.ProcessEnv,
  roots: Map<string, string>,
): Promise<string> {
  let workdir = baseWorkdir;
  for (const { name, flags, rest } of stage) {
    if (name === 'WORKDIR') workdir = rest;
    const cwd = join(folder, workdir);
    mkdirSync(cwd, { recursive: true });
    if (name === 'COPY') {
      const from = flags.find((flag) => flag.startsWith('--from='))?.slice('--from='.length);
      const words = rest.split(' ');
      copy(words.slice(0, -1), join(cwd, words.at(-1) as string), from === undefined ? undefined : roots.get(from));
    }
    if (name !== 'RUN') continue;
    try {
      await run('sh', ['-c', rest], { cwd, env, maxBuffer: 64 << 20 });
    } catch (error) {
      const { stdout, stderr } = error as { stdout?: string; stderr?: string };
      throw new Error(`RUN ${rest}\n${stdout}${stderr}`);
    }
  }
  return workdir;
}

/** A folder's content goes into the target, a file under its name where the target ends with a slash. `from` is another stage's root. */
function copy(sources: string[], target: string, from: string | undefined): void {
  for (const source of sources) {
    if (from !== undefined) cpSync(join(from, source), target, { recursive: true, verbatimSymlinks: true });
    else if (context.includes(source)) copyFile(source, target.endsWith('/') ? join(target, source.replace(/.*\//, '')) : target);
    else {
      const inside = context.filter((path) => path.startsWith(`${source}/`));
      if (inside.length === 0) throw new Error(`COPY ${source}: nothing of that name goes into the build`);
      for (const path of inside) copyFile(path, join(target, path.slice(source.length + 1)));
    }
  }
}

function copyFile(path: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  cpSync(join(root, path), target);
}

/** What git holds or would hold, without what `.dockerignore` leaves out. */
const context = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\0')
  .filter((path) => path !== '' && existsSync(join(root, path)) && !ignores(dockerignore, path));
