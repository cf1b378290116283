import { createGateway, type Gateway, type Timings } from 'gateway-core';
import { connectClient, type MemoryClient } from 'gateway-core/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RedisBackend } from '../src/index.js';
import { Backends } from './support/backends.js';
import { NO_REDIS, TestRedis } from './support/test-redis.js';

interface Message {
  type: string;
  seq?: number;
  groupId?: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what a frame holds, whatever it is
  payload: any;
}

/** Waits for a message of a kind, passing over others. */
async function next(client: MemoryClient, is: (message: Message) => boolean): Promise<Message> {
  for (;;) {
    const message = (await client.next()) as unknown as Message;
    if (is(message)) return message;
    if (message.type === 'error') throw new Error(JSON.stringify(message.payload));
  }
}

const sync = (client: MemoryClient) => next(client, ({ type }) => type === 'sync');
const said = (client: MemoryClient, text: string) =>
  next(client, ({ type, payload }) => type === 'data_update' && payload.data === text);
/** Resolves when a group has so many members, as that backend's store says. */
async function membersAre({ parts }: RedisBackend, groupId: string, count: number): Promise<void> {
  let told: () => void = () => {};
  const unwatch = parts.presence.watch(() => told());
  try {
    for (;;) {
      const change = new Promise<void>((resolve) => {
        told = resolve;
      });
      if ((await parts.presence.list(groupId)).length === count) return;
      await change;
    }
  } finally {
    unwatch();
  }
}

interface Resume {
  token?: string;
  groups: Record<string, { epoch?: string; seq?: number }>;
}

async function identified(gateway: Gateway, resume: Resume) {
  const client = connectClient(gateway);
  client.send({ type: 'identify', version: '2', payload: { clientType: 'app-client', resume } });
  const ready = await next(client, ({ type, payload }) => type === 'ready' && payload.resume !== undefined);
  return { client, ready };
}

// Without a server there is nothing that gateways could share.
describe.skipIf(NO_REDIS)('gateways that share a Redis', () => {
  let redis: TestRedis;
  let backends: Backends;
  const ends: (() => Promise<void>)[] = [];
  beforeEach(async () => {
    redis = await TestRedis.start('--appendonly', 'yes', '--appendfsync', 'always');
    backends = new Backends(redis.url);
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
    backends.close();
    await redis.stop();
  });

  function node(timings: Partial<Timings> = {}, publishTimeoutMs = 10_000): { gateway: Gateway; backend: RedisBackend } {
    const backend = backends.make({ prefix: 'gw', timings: { publishTimeoutMs } });
    const short = { sweepIntervalMs: 50, presenceIntervalMs: 10, closeTimeoutMs: 50 };
    const gateway = createGateway({ ...backend.parts, timings: { ...short, ...timings } });
    ends.push(() => gateway.close());
    return { gateway, backend };
  }

  test('a member of a gateway that is gone is the same member at another one, and has missed nothing', async () => {
    const [a, b] = [node(), node()];
    const { client, ready } = await identified(a.gateway, { groups: { g: {} } });
    const { epoch, seq } = (await sync(client)).payload;
    const other = await identified(b.gateway, { groups: { g: {} } });
    await sync(other.client);
    // As a process that is killed: it says nothing more to anybody.
    a.backend.close();
    await b.gateway.publish('g', 'while it was away');
    const resume = { token: ready.payload.resume.token, groups: { g: { epoch, seq } } };
    const again = await identified(b.gateway, resume);
    expect(again.ready.payload).toMatchObject({ resumed: true, memberId: ready.payload.memberId });
    await said(again.client, 'while it was away');
    expect((await sync(again.client)).payload).toMatchObject({ outcome: 'recovered', replayed: 1 });
    expect(await b.gateway.presence('g')).toMatchObject({ status: 'UP', details: { members: 2 } });
  });

  test('the members of a gateway that is gone, and that do not come back, leave when its lease is over', async () => {
    const timings = { presenceLeaseMs: 600, resumeTtlMs: 600 };
    const [a, b] = [node(timings), node(timings)];
    await identified(a.gateway, { groups: { g: {} } });
    const { client } = await identified(b.gateway, { groups: { g: {} } });
    await sync(client);
    expect(await b.gateway.presence('g')).toMatchObject({ details: { members: 2 } });
    a.backend.close();
    await membersAre(b.backend, 'g', 1);
    expect(await b.gateway.presence('g')).toMatchObject({ status: 'UP', details: { members: 1 } });
  });

  test('nobody is disconnected while Redis is away; what is said then is refused, and all goes on when it is back', async () => {
    const { gateway, backend } = node({}, 300);
    const { client } = await identified(gateway, { groups: { g: {} } });
    await sync(client);
    const away = new Promise<void>((resolve) => backend.on('state', ({ state }) => state === 'down' && resolve()));
    await redis.kill();
    await away;
    client.send({ type: 'data_update', id: 'm-1', groupId: 'g', payload: { data: 'while away' } });
    const error = await next(client, ({ type }) => type === 'error');
    expect(error.payload).toMatchObject({ code: 'INTERNAL', retryable: true });
    expect(client.closed).toBeUndefined();
    await redis.run();
    await vi.waitUntil(() => backend.state === 'up', { timeout: 15_000, interval: 5 });
    client.send({ type: 'data_update', id: 'm-1', groupId: 'g', payload: { data: 'while away' } });
    await said(client, 'while away');
    expect(client.closed).toBeUndefined();
  });

  test('a stop while Redis is away is no error', async () => {
    const errors: unknown[] = [];
    const logger = { debug() {}, info() {}, warn() {}, error: (...line: unknown[]) => void errors.push(line) };
    const backend = backends.make({ prefix: 'gw', timings: { publishTimeoutMs: 10_000 }, logger });
    const timings = { sweepIntervalMs: 20, closeTimeoutMs: 50 };
    const gateway = createGateway({ ...backend.parts, timings, logger });
    const expire = vi.spyOn(backend.parts.sessions, 'expire');
    const { client } = await identified(gateway, { groups: { g: {} } });
    await sync(client);
    const away = new Promise<void>((resolve) => backend.on('state', ({ state }) => state === 'down' && resolve()));
    await redis.kill();
    await away;
    expire.mockClear();
    await vi.waitUntil(() => expire.mock.calls.length > 0, { timeout: 15_000, interval: 5 });
    // Those of the calls that were under way when the connection broke.
    errors.length = 0;
    await gateway.close();
    backend.close();
    await Promise.allSettled(expire.mock.results.map(({ value }) => value));
    expect(errors).toEqual([]);
  });

  test('presence that a Redis has lost is there again', async () => {
    const [a, b] = [node({ presenceLeaseMs: 600 }), node({ presenceLeaseMs: 600 })];
    const clients = await Promise.all([a, b].map(({ gateway }) => identified(gateway, { groups: { g: {} } })));
    for (const { client } of clients) await sync(client);
    await redis.command('FLUSHALL');
    // Entered again as each gateway renews its lease.
    await membersAre(b.backend, 'g', 2);
    expect(await b.gateway.presence('g')).toMatchObject({ status: 'UP', details: { members: 2 } });
  });
});
