import { readFileSync } from 'node:fs';
import { cpuUs } from './proc.js';

/** A jiffy of `/proc/stat` (`USER_HZ`). */
const JIFFY_US = 10_000;
/** Larger than the caches that a core has to itself. */
const CHASE_BYTES = 64 * 2 ** 20;
const CHASE_STEPS = 500_000;
/** Coprime to the number of entries, and far: each step is a cache line that was not touched lately. */
const STRIDE = 7_654_321;

/** CPU time of all processes on all cores in microseconds, and what the hypervisor gave to others. Interrupts, which belong to nobody, are not in it. */
export function busyUs(stat = readFileSync('/proc/stat', 'latin1')): number {
  const [user = 0, nice = 0, system = 0, , , , , steal = 0] = stat.split('\n', 1)[0]!.split(/\s+/).slice(1).map(Number);
  return (user + nice + system + steal) * JIFFY_US;
}

/** Nanoseconds that this process waits for a place of memory which no cache has. On a shared machine it says how others use the same memory. */
export function memoryNs(): number {
  const next = new Int32Array(CHASE_BYTES / 4);
  for (let i = 0; i < next.length; i++) next[i] = (i + STRIDE) % next.length;
  let at = 0;
  const start = performance.now();
  for (let step = 0; step < CHASE_STEPS; step++) at = next[at]!;
  const elapsedMs = performance.now() - start;
  if (at < 0) throw new Error('unreachable');
  return (elapsedMs * 1e6) / CHASE_STEPS;
}

/** Under what a run was measured; they stand beside its metrics. */
export interface Conditions {
  /** Cores that other processes have used meanwhile. */
  othersBusy: number;
  memoryNs: number;
}

/** CPU time so far, of all and of those that are measured, in microseconds; and when that was, in milliseconds. */
export interface Usage {
  all: number;
  ours: number;
  at: number;
}

/** Cores that others have used between two looks. */
export function othersBusy(before: Usage, after: Usage): number {
  const others = after.all - before.all - (after.ours - before.ours);
  // Jiffies are coarse.
  return Math.max(0, others / ((after.at - before.at) * 1000));
}

function usage(pid: number): Usage {
  const { user, system } = process.cpuUsage();
  return { all: busyUs(), ours: cpuUs(pid) + user + system, at: performance.now() };
}

/** Watches the machine while a server is measured, from here on; the answer says under what conditions it was. */
export function watchMachine(pid: number): () => Conditions {
  const memory = memoryNs();
  const before = usage(pid);
  return () => ({ othersBusy: othersBusy(before, usage(pid)), memoryNs: memory });
}
