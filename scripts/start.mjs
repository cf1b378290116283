// `pnpm start [flags of gateway-cli serve]`: builds what changed, then becomes the gateway.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';

/** The npx that started this process, however far above; undefined where there is none, or no /proc to ask. */
function npxAbove() {
  try {
    for (let pid = process.ppid; pid > 1; ) {
      // `pid (name) state parent …`, and a name may hold blanks and brackets.
      const [, name, parent] = /^\d+ \((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
      if (name?.startsWith('npm exec')) return pid;
      pid = Number(parent);
    }
  } catch {}
  return undefined;
}

/** npx ends at a SIGTERM without passing it on, and would leave the gateway behind: its end is taken for the signal. @param {number} npx */
function terminateWith(npx) {
  const watch = setInterval(() => {
    try {
      process.kill(npx, 0);
    } catch {
      clearInterval(watch);
      process.kill(process.pid, 'SIGTERM');
    }
  }, 250).unref();
  // A signal to the whole process group reaches the gateway by itself, and a second one would cut its drain short.
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGQUIT'];
  // It drains the gateway on a terminal only.
  if (process.stdout.isTTY || process.stderr.isTTY) signals.push('SIGHUP');
  for (const signal of signals) process.once(signal, () => clearInterval(watch));
}

try {
  const built = await build();
  if (built.length > 0) console.error(`Built ${built.join(', ')}.`);
} catch (error) {
  console.error(/** @type {Error} */ (error).message);
  process.exit(1);
}

// In this process, not in a child: signals reach the gateway itself, and its exit code is this command's.
const bin = new URL('../packages/gateway-cli/dist/esm/bin.js', import.meta.url);
process.argv.splice(1, 1, fileURLToPath(bin), 'serve');
// Where others than this machine would come in, there is none.
process.env.GW_PLAYGROUND ||= 'auto';
const npx = npxAbove();
// Later, when the gateway listens to signals: the first listener of all takes away their default effect.
if (npx) setTimeout(terminateWith, 1_000, npx).unref();
await import(bin.href);
