import { execFile } from 'node:child_process';

const { STACK } = process.env;
if (STACK === undefined) throw new Error('these tests are run by `pnpm test:stack`, which starts an engine for them');

/** A copy of the repository, which the engine builds and mounts. */
export const stack: string = STACK;

export interface Outcome {
  code: number;
  /** What it printed on both streams. */
  output: string;
}

/** Runs a command to its end, whatever that is. */
export function run(command: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...env }, maxBuffer: 64 << 20, timeout: 110_000 };
    execFile(command, args, options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: `${stdout}${stderr}`.trim() });
    });
  });
}

/** @throws with what it printed where it does not end with 0. @returns what it printed. */
export async function docker(...args: string[]): Promise<string> {
  const { code, output } = await run('docker', args);
  if (code !== 0) throw new Error(`docker ${args.join(' ')} ended with ${code}\n${output}`);
  return output;
}

export const compose = (...args: string[]): Promise<string> => docker('compose', ...args);

/** A part of what `docker inspect` says, by a template of Go. */
export const inspect = (container: string, template: string): Promise<string> => docker('inspect', container, '-f', template);

/** Waits until a question is answered as wanted, and asks four times a second. @throws where that takes longer than `seconds`. */
export async function until(seconds: number, question: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + seconds * 1000;
  while (!(await question())) {
    if (performance.now() > end) throw new Error(`not within ${seconds} s: ${question}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
