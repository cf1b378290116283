import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { scaleOut } from './scale-out.js';

const noRedis = spawnSync('redis-server', ['--version']).status !== 0;

// Without a redis-server there is nothing that gateways could share. The long form is `pnpm scale-out`.
describe.skipIf(noRedis)('two gateways and their Redis, each killed once under load', () => {
  test('lose nothing where Redis writes every command to disk, and disconnect nobody while it is away', async () => {
    const { accounts, lost, violations, health } = await scaleOut({
      clients: 6,
      stepMs: 500,
      awayMs: 500,
      persistence: 'always',
    });
    expect(violations).toEqual([]);
    expect(lost).toBe(0);
    for (const { told } of accounts) expect(told).toEqual({});
    expect(health).toEqual({ away: ['200 DEGRADED', '200 DEGRADED'], end: ['200 ok', '200 ok'] });
    // Each is dropped by the gateways that are killed, and by nothing else.
    for (const { drops } of accounts) expect(drops).toBeLessThanOrEqual(4);
  });

  test('tell everybody where Redis writes nothing to disk', async () => {
    const { accounts, violations } = await scaleOut({ clients: 4, stepMs: 500, awayMs: 300, persistence: 'none' });
    expect(violations).toEqual([]);
    for (const { told } of accounts) expect(Object.keys(told)).toEqual(['epoch']);
  });
});
