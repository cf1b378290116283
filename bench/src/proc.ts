import { readdirSync, readFileSync } from 'node:fs';

/** Environment variable that names a folder for V8 CPU profiles of the servers that run in Node. */
export const PROFILE_DIR = 'GATEWAY_BENCH_PROFILE_DIR';

/** Nanoseconds on a CPU of one thread, from the scheduler (first field of `schedstat`); of a thread that is gone: 0. */
function threadNs(path: string): number {
  try {
    return Number(readFileSync(path, 'latin1').split(' ', 1)[0]);
  } catch {
    return 0;
  }
}

/** CPU time of a process in microseconds, user and system, over all of its threads that run. Linux only. */
export function cpuUs(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).reduce((sum, task) => sum + threadNs(`${tasks}/${task}/schedstat`), 0) / 1000;
}

/**
 * The same with that of threads that have ended, as those that collect Bun's garbage do when there is little to do; in steps of 10 ms, so for long
 * measurements.
 */
export function cpuOfAllUs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) * 10_000;
}

/** Anonymous resident memory of a process in KiB: its heap and stacks, without the code it has mapped. Sockets' buffers are the kernel's and not in it. */
export function memoryKiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1]);
}

/** The share of a core up to which a process counts as idle: sweeps and timers, no work. V8's profiler alone takes several percent. */
const IDLE_SHARE_MAX = process.env[PROFILE_DIR] === undefined ? 0.02 : 0.2;

/** Resolves when a process has used hardly any CPU for a while: what it had to do is done. */
export async function idle(pid: number, quietMs = 100): Promise<void> {
  let before = cpuUs(pid);
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, quietMs));
    const now = cpuUs(pid);
    if (now - before < quietMs * 1000 * IDLE_SHARE_MAX) return;
    before = now;
  }
}
