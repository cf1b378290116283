import { expect, test } from 'vitest';
import { soak } from './soak.js';

/** `pnpm test:soak` is the long one. */
const isFull = process.env.SOAK === 'full';
const options = isFull
  ? { clients: 50, groups: 10, messages: 100_000, drops: 500, timeoutMs: 240_000 }
  : { clients: 12, groups: 4, messages: 6_000, drops: 40, timeoutMs: 15_000 };

test(
  `${options.clients} clients over real sockets with ${options.drops} drops: nothing missing that was not told, nothing twice, nothing out of order`,
  async () => {
    const report = await soak({ ...options, seed: 20_260_101 });
    if (isFull) console.log(JSON.stringify(report));
    expect(report.faults).toEqual([]);
    expect(report.drops.rst + report.drops.fin + report.drops.silent).toBe(options.drops);
    expect(report.resumes).toBeGreaterThanOrEqual(options.drops);
    expect(report.left).toEqual({ connections: 0, closing: 0, droppedMembers: 0 });
  },
  options.timeoutMs + 10_000,
);
