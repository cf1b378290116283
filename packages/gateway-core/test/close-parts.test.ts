import { createServer } from 'node:http';
import { MemoryBroker, MemoryMemberStore, MemoryPresenceStore, MemorySessionStore } from 'gateway-core';
import { describe, expect, test, vi } from 'vitest';
import { asynchronous, PRESENCE_METHODS, waitOn } from './support/asynchronous.js';
import { presencesOf, say } from './support/messages.js';
import { setUp } from './support/set-up.js';
import { settled } from './support/settled.js';

test('the HTTP server is let go of, and stays as it was', async () => {
  const server = createServer();
  const { emit } = server;
  const { gateway } = setUp({ server });
  expect(server.listenerCount('upgrade')).toBe(1);
  await gateway.close();
  expect(server.listenerCount('upgrade')).toBe(0);
  expect(server.emit).toBe(emit);
});

describe('stores and a broker that were passed in', () => {
  const parts = () => ({
    presence: Object.assign(new MemoryPresenceStore(), { close: vi.fn() }),
    sessions: Object.assign(new MemorySessionStore(), { close: vi.fn() }),
    broker: Object.assign(new MemoryBroker(), { close: vi.fn() }),
  });

  test('are not closed: they are for whoever made them to close', async () => {
    const all = parts();
    const { gateway, join } = setUp(all);
    await join('g');
    await gateway.close();
    for (const { close } of Object.values(all)) expect(close).not.toHaveBeenCalled();
  });

  test('go on for the other gateways that share them', async () => {
    const all = parts();
    const one = setUp(all);
    const other = setUp({ ...all, generateId: undefined }, one.clock);
    await one.join('g');
    const stays = await other.join('g');
    await one.gateway.close();
    stays.send(say('still here', { sessionId: 's' }, { meta: {} }));
    await one.clock.advance(1_000);
    expect(stays.data).toEqual(['still here']);
    expect(await other.gateway.sessions('g')).toHaveLength(1);
    expect(presencesOf(stays).at(-1)).toMatchObject({ status: 'UP', details: { members: 1 } });
  });

  test('are not listened to any more by a gateway that has closed', async () => {
    const presence = new MemoryPresenceStore();
    const watching = new Set<unknown>();
    const watch = presence.watch.bind(presence);
    vi.spyOn(presence, 'watch').mockImplementation((listener) => {
      const unwatch = watch(listener);
      watching.add(unwatch);
      return () => {
        watching.delete(unwatch);
        return unwatch();
      };
    });
    const broker = new MemoryBroker();
    const one = setUp({ presence, broker });
    const other = setUp({ presence, broker, generateId: undefined }, one.clock);
    await one.join('g');
    expect(watching.size).toBe(2);
    await one.gateway.close();
    expect(watching.size).toBe(1);
    const info = vi.spyOn(presence, 'info');
    await other.join('g');
    await one.clock.advance(1_000);
    // One for the answer to identify, one for its announcement, both of the other gateway.
    expect(info).toHaveBeenCalledTimes(2);
    expect(one.events('presence')).toHaveLength(1);
  });

  test('have been told of every leave when close resolves', async () => {
    const presence = new MemoryPresenceStore();
    const { clock, gateway, join } = setUp((fake) => ({
      presence: asynchronous(presence, [...PRESENCE_METHODS], waitOn(fake, 100)),
    }));
    const joining = [join('g'), join('h')];
    await clock.advance(2_000);
    for (const client of await Promise.all(joining)) client.cut();
    await clock.advance(1_000);
    const closing = gateway.close();
    await clock.advance(199);
    expect(await settled(closing)).toBe(false);
    await clock.advance(1);
    expect(await settled(closing)).toBe(true);
    expect(['g', 'h'].map((groupId) => presence.info(groupId).status)).toEqual(['DOWN', 'DOWN']);
    // Nothing keeps the process: not even the wait that was not needed.
    expect(clock.pendingTimers).toBe(0);
  });

  test('that do not answer are waited for closeTimeoutMs at most', async () => {
    const presence = Object.assign(new MemoryPresenceStore(), { leave: () => new Promise<void>(() => {}) });
    const { clock, gateway, join } = setUp({ presence, timings: { closeTimeoutMs: 3_000 } });
    await join('g');
    const closing = gateway.close();
    await clock.advance(2_999);
    expect(await settled(closing)).toBe(false);
    await clock.advance(1);
    expect(await settled(closing)).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });
});

test.each<[string, () => unknown]>([
  [
    'throws',
    () => {
      throw new Error('not now');
    },
  ],
  ['rejects', () => Promise.reject(new Error('not now'))],
  ['is no function', undefined as never],
])('a gateway closes all else where what ends its listening to stores %s', async (_what, end) => {
  const server = createServer();
  const [presence, members, broker] = [new MemoryPresenceStore(), new MemoryMemberStore(), new MemoryBroker()];
  const unsubscribed = vi.fn();
  const subscribe = broker.subscribe.bind(broker);
  vi.spyOn(broker, 'subscribe').mockImplementation((...args) => ({ ...subscribe(...args), unsubscribe: unsubscribed }));
  vi.spyOn(presence, 'watch').mockImplementation(() => end as () => void);
  vi.spyOn(members, 'onReplaced').mockImplementation(() => end as () => void);
  const { gateway, join, events } = setUp({ server, presence, members, broker });
  await join('g');
  await gateway.close({ graceMs: 0 });
  expect(events('error').map(({ where }) => where)).toEqual(['presence.watch', 'members.onReplaced']);
  expect(unsubscribed).toHaveBeenCalledTimes(1);
  expect(server.listenerCount('upgrade')).toBe(0);
  expect(gateway.groups()).toEqual([]);
});

test('what a store was asked when the gateway closed has not failed', async () => {
  const members = new MemoryMemberStore();
  members.touch = () => new Promise<never>(() => {}) as never;
  const { gateway, connect, clock, events } = setUp({ members, presence: new MemoryPresenceStore(), broker: new MemoryBroker() });
  connect().send({ type: 'identify', version: '2', payload: { clientType: 'app-client', groupId: 'g' } });
  await clock.settle();
  const closing = gateway.close();
  await clock.advance(8_000);
  await closing;
  expect(events('error')).toEqual([]);
});

test('what stores refuse after the gateway has closed, because they are closed then too, is reported to nobody', async () => {
  const refused: (() => void)[] = [];
  let isAway = false;
  const awayLater = <Part extends object>(part: Part): Part =>
    new Proxy(part, {
      get: (target, name) => {
        const value = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (!isAway) return value.apply(target, args);
          return new Promise((_, reject) => refused.push(() => reject(new Error('the backend is closed'))));
        };
      },
    });
  const lines: unknown[] = [];
  const { gateway, join, clock, events } = setUp({
    presence: awayLater(new MemoryPresenceStore()),
    sessions: awayLater(new MemorySessionStore()),
    members: awayLater(new MemoryMemberStore()),
    broker: new MemoryBroker(),
    logger: { debug() {}, info() {}, warn() {}, error: (...line) => void lines.push(line) },
  });
  const client = await join('g');
  client.send(say('one', { sessionId: 's' }, { meta: {} }));
  await clock.settle();
  isAway = true;
  // Long enough that each store is asked something, and shorter than it is waited for.
  await clock.advance(2_000);
  const closing = gateway.close();
  await clock.advance(20_000);
  await closing;
  expect(refused.length).toBeGreaterThan(3);
  const before = [...events('error')];
  for (const refuse of refused) refuse();
  await clock.settle();
  expect(events('error')).toEqual(before);
  expect(lines).toHaveLength(before.length);
});
