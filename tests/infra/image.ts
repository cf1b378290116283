import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { all, environmentOf, ignores, one, stagesOf } from './dockerfile.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

export const dockerignore = read('.dockerignore')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

const [build, final, ...others] = stagesOf(read('Dockerfile'));
if (build === undefined || final === undefined || others.length > 0) throw new Error('the Dockerfile has two stages');
export const buildStage = build;
export const finalStage = final;

/** A child's environment without what the test run's own pnpm, Node options and vitest left in it. */
export function cleanEnvironment(added: Record<string, string>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|pnpm_|VITEST|NODE_ENV$|NODE_OPTIONS$|INIT_CWD$)/.test(name),
  );
  return { ...Object.fromEntries(kept), ...added };
}

/**
 * Does in an empty folder what `docker build` would: copies the context, runs the build stage's commands, keeps the outcome alone.
 * @returns the folder that is the final stage's.
 */
export async function buildImage(temporary: string): Promise<string> {
  const inside = (path: string) => join(temporary, posix.relative('/build', path));
  const workspace = inside(one(buildStage, 'WORKDIR').rest);
  await copyContext(workspace);
  const env = cleanEnvironment(environmentOf(buildStage));
  for (const { rest } of all(buildStage, 'RUN')) {
    try {
      await run('sh', ['-c', rest], { cwd: workspace, env, maxBuffer: 64 << 20 });
    } catch (error) {
      const { stdout, stderr } = error as { stdout?: string; stderr?: string };
      throw new Error(`RUN ${rest}\n${stdout}${stderr}`);
    }
  }
  const [source = '', target] = one(finalStage, 'COPY').rest.split(' ');
  if (target !== './') throw new Error(`the final stage copies to ${target}`);
  // To another place, and the workspace away: what still pointed there breaks.
  const folder = join(temporary, 'image');
  renameSync(inside(source), folder);
  rmSync(workspace, { recursive: true });
  return folder;
}

async function copyContext(workspace: string): Promise<void> {
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    maxBuffer: 64 << 20,
  });
  const files = stdout.split('\0').filter((path) => path !== '' && existsSync(join(root, path)) && !ignores(dockerignore, path));
  for (const path of files) {
    mkdirSync(dirname(join(workspace, path)), { recursive: true });
    cpSync(join(root, path), join(workspace, path));
  }
}
