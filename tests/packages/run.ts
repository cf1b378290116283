import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Of npm's variables only what says where from and where to; the rest speaks of the run that these tests are part of. */
const KEPT = /^npm_config_(registry|cache|userconfig|globalconfig|cafile|proxy|https_proxy|noproxy)$/i;

/** The environment of a shell that nobody runs a script in: no manager's variables, no `node_modules/.bin` on the PATH. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) =>
      KEPT.test(name) || !/^(npm_|pnpm_|vitest|vite_|node_env$|node_options$|init_cwd$|test$|dev$|prod$|mode$)/i.test(name),
  );
  const path = (process.env.PATH ?? '').split(':').filter((folder) => !folder.includes('node_modules'));
  return { ...Object.fromEntries(own), PATH: path.join(':') };
}

/** What a program printed on stdout; rejects with all that it printed where it ends with another code than 0. */
export async function output(cwd: string, file: string, args: readonly string[]): Promise<string> {
  try {
    const options = { cwd, env: plainEnvironment(), maxBuffer: 64 << 20 };
    return (await promisify(execFile)(file, args, options)).stdout;
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string };
    throw new Error(`${message}\n${stdout}${stderr}`);
  }
}
