import { createGateway, type Gateway } from 'gateway-core';
import { connectClient, FakeClock, MemoryLink } from 'gateway-core/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { heartbeat, identify, long, say } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { closeAndFindNothing, setUp } from './support/set-up.js';

describe('disconnect', () => {
  test('closes one connection with code and reason, and ends its member: it does not stay for the resume window [R236]', async () => {
    const { clock, gateway, join, events } = setUp();
    const [client, other] = [await join('g'), await join('g')];
    const { connectionId, memberId } = gateway.connections()[0]!;
    expect(gateway.disconnect(connectionId, 4321, 'tired of you')).toBe(true);
    await clock.settle();
    expect(client.closed).toEqual({ code: 4321, reason: 'tired of you' });
    expect(other.closed).toBeUndefined();
    expect(events('disconnect')).toMatchObject([{ by: 'host', connectionId, memberId, code: 4321, reason: 'tired of you' }]);
    expect(await gateway.presence('g')).toMatchObject({ details: { members: 1 } });
    expect(gateway.stats().droppedMembers).toBe(0);
  });

  test('is with 4003 and no reason by default [R221]', async () => {
    const { clock, gateway, join } = setUp();
    const client = await join();
    gateway.disconnect(gateway.connections()[0]!.connectionId);
    await clock.settle();
    expect(client.closed).toEqual({ code: 4003, reason: '' });
  });

  test('writes what its group has for the client first', async () => {
    const { clock, gateway, join } = setUp();
    const [client, other] = [await join('g'), await join('g')];
    other.send(say('last words'));
    gateway.disconnect(gateway.connections()[0]!.connectionId);
    await clock.settle();
    expect(client.data).toEqual(['last words']);
  });

  test('answers false for a connection that is not there, or is ending already', async () => {
    const { clock, gateway, join } = setUp();
    expect(gateway.disconnect('nobody')).toBe(false);
    const client = await join();
    const { connectionId } = gateway.connections()[0]!;
    client.vanish();
    expect(gateway.disconnect(connectionId)).toBe(true);
    expect(gateway.disconnect(connectionId)).toBe(false);
    await clock.advance(10_000);
    expect(gateway.disconnect(connectionId)).toBe(false);
  });

  test('lets nothing in any more that the client says', async () => {
    const { clock, gateway, join, events } = setUp();
    const other = await join('g');
    const socket = new RecordingSocket(gateway);
    socket.send(identify('g'));
    await clock.settle();
    gateway.disconnect(gateway.connections()[1]!.connectionId);
    socket.send(say('too late'));
    socket.listener.ping();
    socket.listener.drain();
    await clock.settle();
    expect(other.data).toEqual([]);
    expect(events('data')).toEqual([]);
    expect(socket.closes).toHaveLength(1);
  });

  test.each([999, 1001, 1006, 1012, 3000, 3999, 5000, 4000.5, '4000', Number.NaN, null])('refuses the code %s', async (code) => {
    const { gateway, join } = setUp();
    await join();
    const { connectionId } = gateway.connections()[0]!;
    expect(() => gateway.disconnect(connectionId, code as number)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('code') }),
    );
    expect(gateway.connections()).toHaveLength(1);
  });

  test.each([7, null, long(124), 'é'.repeat(62)])('refuses the reason %s', async (reason) => {
    const { gateway } = setUp();
    expect(() => gateway.disconnect('nobody', 4000, reason as string)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('reason') }),
    );
  });

  test.each([1000, 4000, 4999])('takes the code %i [R220]', async (code) => {
    const { clock, gateway, join } = setUp();
    const client = await join();
    gateway.disconnect(gateway.connections()[0]!.connectionId, code, long(123));
    await clock.settle();
    expect(client.closed).toEqual({ code, reason: long(123) });
  });
});

describe('connections', () => {
  test('are listed with all that is known of each', async () => {
    const { clock, gateway } = setUp();
    const createdAt = clock.now();
    const client = connectClient(gateway, { remoteAddress: '10.0.0.7' });
    const { connectionId } = gateway.connections()[0]!;
    const still = { dialect: '1', lag: 0, unsentBytes: 0 };
    const bare = { connectionId, createdAt, lastSeenAt: createdAt, remoteAddress: '10.0.0.7', ...still };
    expect(gateway.connections()).toEqual([{ ...bare, state: 'open', groups: [] }]);
    await clock.advance(1_000);
    client.send(identify('g', { clientType: 'dashboard', metadata: { n: 1 } }));
    await clock.settle();
    const { memberId } = gateway.connections()[0]!;
    expect(memberId).toEqual(expect.any(String));
    const known = { ...bare, memberId, state: 'identified', role: 'dashboard', metadata: { n: 1 }, groups: ['g'] };
    expect(gateway.connections()).toEqual([{ ...known, lastSeenAt: createdAt + 1_000 }]);
    await clock.advance(5_000);
    client.send(heartbeat());
    expect(gateway.connections()).toEqual([{ ...known, lastSeenAt: createdAt + 6_000 }]);
  });

  test('say which dialect they speak, how far behind they are at most, and what is unsent', async () => {
    const clock = new FakeClock();
    const gateway = createGateway({ clock, limits: { socketHighWaterMarkBytes: 2_000 } });
    const link = new MemoryLink({ clock });
    const client = connectClient(gateway, { link });
    client.send({ ...identify('g'), version: '2' });
    await clock.settle();
    await gateway.join(gateway.connections()[0]!.connectionId, 'h');
    await clock.settle();
    expect(gateway.connections()).toMatchObject([{ dialect: '2', lag: 0, unsentBytes: 0, groups: ['g', 'h'] }]);
    link.stall();
    await gateway.publish('h', 'one');
    for (let n = 0; n < 20; n += 1) {
      await gateway.publish('g', 'x'.repeat(60_000));
      await clock.settle();
    }
    const [slow] = gateway.connections();
    expect(slow?.lag).toBeGreaterThan(5);
    expect(slow?.lag).toBe(gateway.ledger('g')[0]?.pending);
    expect(slow?.unsentBytes).toBeGreaterThan(2_000);
  });

  test('leave the list when they begin to close', async () => {
    const { gateway, join } = setUp();
    const client = await join('g');
    client.vanish();
    gateway.disconnect(gateway.connections()[0]!.connectionId);
    expect(gateway.connections()).toEqual([]);
    expect(gateway.stats()).toMatchObject({ connections: 0, closing: 1 });
  });

  test('have ids that nobody can guess', () => {
    const gateway = createGateway({ clock: new FakeClock() });
    for (let n = 0; n < 100; n += 1) connectClient(gateway);
    const ids = gateway.connections().map(({ connectionId }) => connectionId);
    expect(new Set(ids).size).toBe(100);
    for (const id of ids) expect(id).toMatch(/^[\w-]{22}$/);
  });
});

describe('groups', () => {
  test('are listed with members and log', async () => {
    const { clock, gateway, join } = setUp();
    const client = await join('g');
    await join('g');
    client.send(say('hello'));
    await clock.settle();
    await gateway.publish('h', 1);
    const epochs = gateway.groups().map(({ position }) => position.epoch);
    const bytes = client.texts.find((text) => text.includes('hello'))!.length;
    expect(gateway.groups()).toEqual([
      {
        groupId: 'g',
        connections: 2,
        position: { epoch: epochs[0], seq: 1 },
        logMessages: 1,
        logBytes: expect.closeTo(bytes, -1),
      },
      { groupId: 'h', connections: 0, position: { epoch: epochs[1], seq: 1 }, logMessages: 1, logBytes: expect.any(Number) },
    ]);
    expect(epochs[0]).not.toBe(epochs[1]);
    // Two groups with a log of one small slab each; what they cost is compared with the heap in group-memory.test.ts.
    expect(gateway.stats().logBytes).toBeGreaterThan(2 * 2_500);
    expect(gateway.stats().logBytes).toBeLessThan(2 * 3_500);
  });
});

describe('stats', () => {
  test('count what is there and what has been', async () => {
    const { clock, gateway, join, connect } = setUp();
    expect(new Set(Object.values(gateway.stats()))).toEqual(new Set([0]));
    const [client, other, dropped] = [await join('g'), await join('g'), await join('g')];
    connect().close();
    dropped.cut();
    const before = gateway.stats();
    expect(before).toMatchObject({ connections: 2, closing: 0, droppedMembers: 1, groups: 1, connectionsTotal: 4 });
    expect(before.messagesInTotal).toBe(3);
    for (const n of [1, 2, 3]) client.send(say(n));
    other.sendText('{é');
    await gateway.publish('g', 4);
    await clock.settle();
    const sent = [1, 2, 3].reduce((sum, n) => sum + JSON.stringify(say(n)).length, 3);
    expect(gateway.stats()).toMatchObject({
      messagesInTotal: before.messagesInTotal + 4,
      bytesInTotal: before.bytesInTotal + sent,
      publishedTotal: 4,
      deliveredTotal: 8,
      errorsSentTotal: 1,
      slowConsumersTotal: 0,
      refusedTotal: 0,
    });
  });

  test('count what is not fanned out to nobody', async () => {
    const { clock, gateway, connect } = setUp();
    connect().send(say(1));
    await gateway.publish('nobody', 1);
    await clock.settle();
    expect(gateway.stats()).toMatchObject({ messagesInTotal: 1, publishedTotal: 1, deliveredTotal: 0, errorsSentTotal: 1 });
  });
});

test('health is ok until close is called', async () => {
  const clock = new FakeClock();
  const gateway: Gateway = createGateway({ clock });
  onTestFinished(() => closeAndFindNothing(gateway, clock));
  expect(gateway.health()).toEqual({ ok: true, data: { status: 'ok' } });
  const closing = gateway.close();
  const draining = { ok: false, error: { code: 'DRAINING', message: 'the gateway is closing or closed', retryable: true } };
  expect(gateway.health()).toEqual(draining);
  await closing;
  expect(gateway.health()).toEqual(draining);
});

test('sessions and presence of a group that was never there are empty', async () => {
  const { gateway } = setUp();
  expect(await gateway.sessions('g')).toEqual([]);
  expect(await gateway.presence('g')).toEqual({ status: 'UNKNOWN' });
  expect(gateway.groups()).toEqual([]);
});

describe('what is wrong is said when it is said', () => {
  test.each([undefined, null, {}, 'log'] as never[])(
    'a listener %j is refused, and not found out with the first event',
    (listener) => {
      const { gateway } = setUp();
      expect(() => gateway.on('data', listener)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT', message: 'listener: must be a function' }),
      );
    },
  );

  test.each([1n, Symbol('data'), null, 'toString'] as never[])('there is no event of the name %s', (name) => {
    const { gateway } = setUp();
    expect(() => gateway.on(name, () => {})).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  test.each([null, 7, 'id'] as never[])('options %j of publish are refused', async (options) => {
    const { gateway } = setUp();
    await expect(gateway.publish('g', 1, options)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'options: must be an object',
    });
  });

  test('close takes null for no options, and does not throw', async () => {
    const { gateway } = setUp();
    await expect(gateway.close(null as never)).resolves.toBeUndefined();
  });
});
