import { createGateway, type Logger } from 'gateway-core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createRedisBackend, type RedisBackend } from '../src/index.js';
import { NO_REDIS, TestRedis } from './support/test-redis.js';

const timings = { publishTimeoutMs: 50, sweepIntervalMs: 10 };
const ends: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function made(url: string, more: object = {}): { backend: RedisBackend; warnings: unknown[][] } {
  const warnings: unknown[][] = [];
  const logger: Logger = { debug() {}, info() {}, warn: (...said) => void warnings.push(said), error() {} };
  const backend = createRedisBackend({ url, timings, logger, ...more });
  ends.push(() => backend.close());
  return { backend, warnings };
}

describe('a Redis that cannot be reached', () => {
  test('is said once, with why; calls wait, and are refused then', async () => {
    // Nobody listens there: it is the port of the discard service.
    const { backend, warnings } = made('redis://127.0.0.1:9');
    await expect(backend.ready()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    });
    await expect(backend.parts.broker.publish('g', { body: '1' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(async () => backend.parts.presence.info('g')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(backend.state).toBe('connecting');
    expect(backend.reason).toContain('ECONNREFUSED');
    expect(warnings).toEqual([['Redis cannot be reached', { reason: expect.stringContaining('ECONNREFUSED') }]]);
  });

  test('ends no gateway, and a backend that is closed refuses what waits', async () => {
    const { backend } = made('redis://127.0.0.1:9', { timings: { publishTimeoutMs: 60_000 } });
    const gateway = createGateway({ ...backend.parts, timings: { closeTimeoutMs: 20 } });
    expect(gateway.health()).toMatchObject({ ok: true });
    const waiting = [backend.ready(), backend.parts.broker.publish('g', { body: '1' })];
    backend.close();
    for (const one of waiting) await expect(one).rejects.toMatchObject({ code: 'CLOSED' });
    expect(backend.state).toBe('closed');
    await gateway.close();
  });

  test.each([
    ['a prefix with braces', { prefix: 'a{b}' }],
    ['no prefix', { prefix: '' }],
    ['a limit of 0', { limits: { pendingBytesMax: 0 } }],
    ['a timing that is no number', { timings: { commandTimeoutMs: Number.NaN } }],
  ])('%s is refused', (_, more) => {
    expect(() => made('redis://127.0.0.1:9', more)).toThrow(expect.objectContaining({ code: 'UNUSABLE' }));
  });
});

/** Of a server that answers, however late, why it cannot be used. */
async function refused(url: string): Promise<void> {
  const { backend } = made(url);
  await vi.waitUntil(() => backend.reason !== undefined, { timeout: 15_000, interval: 5 });
  await backend.ready();
}

// Without a server there is none that refuses.
describe.skipIf(NO_REDIS)('a Redis that is there', () => {
  test('and wants a password is said to want one', async () => {
    const redis = await TestRedis.start('--requirepass', 'secret');
    ends.push(() => redis.stop());
    await expect(refused(redis.url)).rejects.toMatchObject({ message: expect.stringContaining('NOAUTH') });
    await made(redis.url, { password: 'secret', timings: {} }).backend.ready();
  });

  test('still answers what it was asked before the backend was closed', async () => {
    const redis = await TestRedis.start();
    ends.push(() => redis.stop());
    const { backend } = made(redis.url, { timings: {} });
    await backend.ready();
    const touched = backend.parts.presence.touch('node-1', 1_000);
    const later = async () => backend.parts.presence.touch('node-1', 1_000);
    backend.close();
    expect(await touched).toBe('lapsed');
    await expect(later()).rejects.toMatchObject({ code: 'CLOSED' });
  });

  test('and is a replica is refused', async () => {
    const redis = await TestRedis.start('--replicaof', '127.0.0.1', '9');
    ends.push(() => redis.stop());
    await expect(refused(redis.url)).rejects.toMatchObject({ message: expect.stringContaining('no primary') });
  });

  test('and may evict keys is warned of', async () => {
    const redis = await TestRedis.start('--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru');
    ends.push(() => redis.stop());
    const { backend, warnings } = made(redis.url, { timings: {} });
    await backend.ready();
    expect(warnings).toEqual([[expect.stringContaining('noeviction'), { policy: 'allkeys-lru' }]]);
  });
});
