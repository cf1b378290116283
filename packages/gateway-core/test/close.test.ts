import { MemoryBroker, MemoryPresenceStore, MemorySessionStore } from 'gateway-core';
import { connectClient } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';
import { asynchronous, BROKER_METHODS, SESSION_METHODS, waitOn } from './support/asynchronous.js';
import { identify, long, say, typesOf } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { setUp } from './support/set-up.js';
import { settled } from './support/settled.js';

describe('close', () => {
  test('tells every client 1012 and resolves when all have gone [R218]', async () => {
    const { clock, gateway, join, connect, events } = setUp();
    const clients = [await join('g'), await join('g'), await join(), connect()];
    const closing = gateway.close();
    await clock.settle();
    expect(clients.map(({ closed }) => closed)).toEqual(Array(4).fill({ code: 1012, reason: 'the gateway drains; dialect 1' }));
    expect(events('disconnect').map(({ code }) => code)).toEqual([1012, 1012, 1012, 1012]);
    expect(await settled(closing)).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  test('of a gateway without clients resolves at once', async () => {
    const { gateway, clock } = setUp();
    expect(await settled(gateway.close())).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  test('is one closing, however often it is called', async () => {
    const { gateway, join } = setUp();
    await join('g');
    const first = gateway.close();
    expect(gateway.close({ graceMs: 1 })).toBe(first);
    await first;
    expect(gateway.close()).toBe(first);
  });

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', 2 ** 31])(
    'refuses a grace of %s ms, and closes nothing',
    async (graceMs) => {
      const { gateway, join } = setUp();
      const client = await join('g');
      await expect(gateway.close({ graceMs: graceMs as number })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('graceMs'),
      });
      expect([client.closed, gateway.health().ok]).toEqual([undefined, true]);
    },
  );

  test('ends members at once: presence is DOWN, also of those in their resume window', async () => {
    const presence = new MemoryPresenceStore();
    const { clock, gateway, join, events } = setUp({ presence });
    await join('g');
    (await join('h')).cut();
    await gateway.close();
    await clock.settle();
    expect(['g', 'h'].map((groupId) => presence.info(groupId).status)).toEqual(['DOWN', 'DOWN']);
    expect(events('leave')).toHaveLength(2);
  });

  test('turns away who still comes, with 1012 [R106]', async () => {
    const { clock, gateway, join } = setUp();
    (await join('g')).vanish();
    const closing = gateway.close({ graceMs: 1_000 });
    const late = connectClient(gateway);
    await clock.settle();
    expect(late.closed?.code).toBe(1012);
    await clock.advance(1_000);
    await closing;
    const later = connectClient(gateway);
    await clock.settle();
    expect(later.closed?.code).toBe(1012);
    expect(gateway.stats()).toMatchObject({ connections: 0, closing: 0 });
  });
});

describe('what was accepted goes out before the close frame', () => {
  test('what was said in the same turn', async () => {
    const { clock, gateway, join } = setUp();
    const [client, other] = [await join('g'), await join('g')];
    client.send(say('last words'));
    await Promise.all([gateway.close(), clock.settle()]);
    for (const { data, closed } of [client, other]) expect([data, closed?.code]).toEqual([['last words'], 1012]);
  });

  test('what a hook is being asked about', async () => {
    const { clock, gateway, connect } = setUp((fake) => ({ authorize: () => waitOn(fake, 100)().then(() => true) }));
    const client = connect();
    client.send(identify('g'));
    await clock.advance(100);
    client.send(say('is it allowed?'));
    await clock.settle();
    const closing = gateway.close();
    await clock.advance(99);
    expect(client.closed).toBeUndefined();
    await clock.advance(1);
    expect([client.data, client.closed?.code]).toEqual([['is it allowed?'], 1012]);
    expect(await settled(closing)).toBe(true);
  });

  test('what several hooks are being asked about, to the last of them', async () => {
    const { clock, gateway, connect } = setUp((fake) => ({
      authorize: ({ action, member }) =>
        action === 'join' || waitOn(fake, member.role === 'dashboard' ? 200 : 100)().then(() => true),
    }));
    const [quick, slow] = [connect(), connect()];
    quick.send(identify('g'));
    slow.send(identify('g', { clientType: 'dashboard' }));
    await clock.settle();
    for (const client of [quick, slow]) client.send(say('is it allowed?'));
    const closing = gateway.close();
    await clock.advance(199);
    expect([quick.data.length, quick.closed]).toEqual([1, undefined]);
    await clock.advance(1);
    for (const { data, closed } of [quick, slow]) expect([data.length, closed?.code]).toEqual([2, 1012]);
    await closing;
  });

  test('what a slow broker has not answered yet', async () => {
    const { clock, gateway, connect } = setUp((fake) => ({
      broker: asynchronous(new MemoryBroker(), [...BROKER_METHODS], waitOn(fake, 50)),
    }));
    const client = connect();
    client.send(identify('g'));
    await clock.advance(1_000);
    client.send(say('on its way'));
    const closing = gateway.close();
    await clock.advance(200);
    expect([client.data, client.closed?.code]).toEqual([['on its way'], 1012]);
    expect(await settled(closing)).toBe(true);
  });

  test('what the server has published, answered or not', async () => {
    const { clock, gateway, connect } = setUp((fake) => ({
      broker: asynchronous(new MemoryBroker(), [...BROKER_METHODS], waitOn(fake, 50)),
      sessions: asynchronous(new MemorySessionStore({ clock: fake }), [...SESSION_METHODS], waitOn(fake, 50)),
    }));
    const client = connect();
    client.send(identify('g'));
    await clock.advance(1_000);
    const publishing = gateway.publish('g', 'good night', { sessionId: 's', meta: {} });
    const closing = gateway.close();
    await clock.advance(300);
    expect([client.data, client.closed?.code]).toEqual([['good night'], 1012]);
    expect(await publishing).toMatchObject({ seq: 1 });
    await closing;
  });

  test('to a slow member too, which gets its rest within the grace', async () => {
    const { clock, gateway, join } = setUp({ limits: { socketHighWaterMarkBytes: 2_000 } });
    const [slow, healthy] = [await join('g'), await join('g')];
    slow.stopReading();
    for (let n = 0; n < 10; n += 1) {
      healthy.send(say(`${n}${long(1_000)}`));
      await clock.settle();
    }
    const closing = gateway.close({ graceMs: 5_000 });
    await clock.advance(3_000);
    expect(healthy.closed?.code).toBe(1012);
    expect(slow.closed).toBeUndefined();
    slow.startReading();
    await clock.settle();
    expect(slow.data).toHaveLength(10);
    expect(slow.closed?.code).toBe(1012);
    expect(await settled(closing)).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('at the deadline', () => {
  test('who has not gone is cut', async () => {
    const { clock, gateway, join } = setUp();
    const [halfOpen, healthy] = [await join('g'), await join('g')];
    halfOpen.vanish();
    const closing = gateway.close({ graceMs: 3_000 });
    await clock.advance(2_999);
    expect(healthy.closed?.code).toBe(1012);
    expect(halfOpen.closed).toBeUndefined();
    expect(await settled(closing)).toBe(false);
    await clock.advance(1);
    expect(halfOpen.closed?.code).toBe(1006);
    expect(await settled(closing)).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  test('who was too slow is told and cut', async () => {
    const { clock, gateway, join } = setUp({ limits: { socketHighWaterMarkBytes: 2_000 } });
    const other = await join('g');
    const slow = new RecordingSocket(gateway);
    slow.send(identify('g'));
    await clock.settle();
    slow.stuck = true;
    for (let n = 0; n < 10; n += 1) {
      other.send(say(long(1_000)));
      await clock.settle();
    }
    const closing = gateway.close({ graceMs: 3_000 });
    await clock.advance(2_999);
    expect(slow.closes).toEqual([]);
    await clock.advance(1);
    expect(slow.closes).toMatchObject([{ code: 1012 }]);
    expect(slow.terminations).toBe(1);
    expect(await settled(closing)).toBe(true);
  });

  test('a hook that never answers holds nothing up', async () => {
    const { clock, gateway, join } = setUp({ authorize: ({ action }) => action === 'join' || new Promise(() => {}) });
    const client = await join('g');
    client.send(say('for ever'));
    const closing = gateway.close({ graceMs: 3_000 });
    await clock.advance(2_999);
    expect(client.closed).toBeUndefined();
    await clock.advance(1);
    expect(client.closed).toBeDefined();
    expect(await settled(closing)).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  test('is after closeTimeoutMs by default', async () => {
    const { clock, gateway, join } = setUp({ timings: { closeTimeoutMs: 7_000 } });
    (await join('g')).vanish();
    const closing = gateway.close();
    await clock.advance(6_999);
    expect(await settled(closing)).toBe(false);
    await clock.advance(1);
    expect(await settled(closing)).toBe(true);
  });

  test('of 0 everybody is told and cut at once', async () => {
    const { clock, gateway, join } = setUp();
    const client = await join('g');
    const closing = gateway.close({ graceMs: 0 });
    await clock.advance(0);
    expect(client.closed).toBeDefined();
    expect(await settled(closing)).toBe(true);
  });
});

test('nothing that a client says after the close frame is answered', async () => {
  const { clock, gateway, join } = setUp();
  const client = await join('g');
  client.vanish();
  const closing = gateway.close({ graceMs: 1_000 });
  await clock.settle();
  const before = typesOf(client);
  client.send(say('too late'));
  await clock.advance(1_000);
  await closing;
  client.startReading();
  expect(typesOf(client)).toEqual(before);
});
