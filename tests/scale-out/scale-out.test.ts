import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { hasNginx } from '../infra/nginx.js';
import { scaleOut } from './scale-out.js';

const noRedis = spawnSync('redis-server', ['--version']).status !== 0;
const way = hasNginx ? 'behind nginx' : 'without nginx, which is not installed';

// Without a redis-server there is nothing that gateways could share. The long form is `pnpm scale-out`.
describe.skipIf(noRedis)(`two gateways and their Redis ${way}, killed under load`, () => {
  test('lose nothing where Redis writes every command to disk, and disconnect nobody while it is away', async () => {
    const { front, passedOn, accounts, lost, violations, health } = await scaleOut({
      clients: 6,
      stepMs: 300,
      awayMs: 300,
      persistence: 'always',
    });
    expect(violations).toEqual([]);
    expect(lost).toBe(0);
    for (const { told } of accounts) expect(told).toEqual({});
    expect(front).toBe(hasNginx ? 'nginx' : 'gateways');
    if (hasNginx) expect(Object.keys(passedOn)).toHaveLength(2);
    expect(health).toEqual({ away: ['200 DEGRADED', '200 DEGRADED'], end: ['200 ok', '200 ok'] });
    // Each is dropped by the gateways that are killed, and by nothing else.
    for (const { drops } of accounts) expect(drops).toBeLessThanOrEqual(4);
  });

  test('tell everybody when Redis comes back that writes nothing to disk', async () => {
    const { accounts, violations } = await scaleOut({
      clients: 4,
      stepMs: 300,
      awayMs: 100,
      persistence: 'none',
      kills: ['redis'],
    });
    expect(violations).toEqual([]);
    for (const { told } of accounts) expect(Object.keys(told)).toEqual(['epoch']);
  });
});
