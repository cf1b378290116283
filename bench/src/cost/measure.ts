import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Comparison, Prepared } from './comparisons.js';
import { measurePairs, type Pair } from './pairs.js';
import type { Load } from './subject.js';
import { bundleSwitched } from './switched.js';

/** Blocks before anything is measured: until then V8 compiles. */
const WARM_UPS = 15;

/** Measures pairs of blocks in this process. @throws Error where not everything was done that the comparison's name says. */
export async function measure({ load, switched, prepare }: Comparison, pairs: number, warmUps = WARM_UPS): Promise<Pair[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-cost-'));
  try {
    const bundle = join(folder, 'subject.cjs');
    await bundleSwitched(bundle, switched);
    const prepared = await prepare(createRequire(import.meta.url)(bundle), load);
    for (let n = 0; n < warmUps; n += 1) {
      await prepared.warmUp?.();
      await block(prepared, load, n % 2 === 0);
    }
    const measured = await measurePairs(pairs, (on) => block(prepared, load, on));
    prepared.check();
    return measured;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The time on CPUs of one message, in microseconds, with what V8 does meanwhile on other threads. */
async function block({ run, settle }: Prepared, { messagesPerBlock }: Load, on: boolean): Promise<number> {
  const before = process.cpuUsage();
  await run(on);
  if (on) await settle?.();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / messagesPerBlock;
}
