import { MemoryPresenceStore } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { waitOn } from './support/asynchronous.js';
import { identify, presencesOf, say } from './support/messages.js';
import { setUp } from './support/set-up.js';

const app = (members: number) => ({ role: 'app-client', metadata: undefined, members });

describe('the presence of a group', () => {
  test('is UNKNOWN where nobody has ever been [R134]', async () => {
    const { gateway } = setUp();
    expect(await gateway.presence('g')).toEqual({ status: 'UNKNOWN' });
  });

  test('is UP while a member is connected [R131]', async () => {
    const { gateway, join } = setUp();
    await join('g', { clientType: 'service-node', metadata: { host: 'a' } });
    const details = { role: 'service-node', metadata: { host: 'a' }, members: 1 };
    expect(await gateway.presence('g')).toEqual({ status: 'UP', details });
  });

  test('is DEGRADED while all members are dropped and inside the resume window [R132]', async () => {
    const { clock, gateway, join } = setUp({ timings: { resumeTtlMs: 10_000 } });
    const clients = [await join('g'), await join('g')];
    clients[0]?.cut();
    expect(await gateway.presence('g')).toEqual({ status: 'UP', details: app(2) });
    clients[1]?.cut();
    await clock.advance(9_999);
    expect(await gateway.presence('g')).toEqual({ status: 'DEGRADED', details: app(2) });
  });

  test('is DOWN when the last resume window is over [R133]', async () => {
    const { clock, gateway, join, events } = setUp({ timings: { resumeTtlMs: 10_000 } });
    const client = await join('g');
    const { memberId } = gateway.connections()[0]!;
    client.cut();
    await clock.advance(9_999);
    expect(events('leave')).toEqual([]);
    await clock.advance(1_000);
    expect(await gateway.presence('g')).toEqual({ status: 'DOWN', details: app(0) });
    expect(events('leave')).toEqual([{ memberId, groupId: 'g' }]);
  });

  test.each([1000, 1001, 1005])('is DOWN at once after a clean close (%i) [R174] [R175] [R176]', async (code) => {
    const { gateway, join } = setUp();
    (await join('g')).close(code);
    expect(await gateway.presence('g')).toEqual({ status: 'DOWN', details: app(0) });
  });

  test.each([1006, 4999])('is kept for the resume window after a close with %i [R173] [R177]', async (code) => {
    const { gateway, join } = setUp();
    (await join('g')).close(code);
    expect(await gateway.presence('g')).toEqual({ status: 'DEGRADED', details: app(1) });
    expect(gateway.stats().droppedMembers).toBe(1);
  });

  test('goes DOWN at once where resumeTtlMs is 0', async () => {
    const { gateway, join } = setUp({ timings: { resumeTtlMs: 0 } });
    (await join('g')).cut();
    expect(await gateway.presence('g')).toMatchObject({ status: 'DOWN' });
  });

  test('is DOWN in the group that was moved out of, at once', async () => {
    const { clock, gateway, join } = setUp();
    const client = await join('old');
    client.send(identify('new'));
    await clock.settle();
    expect(await gateway.presence('old')).toMatchObject({ status: 'DOWN' });
    expect(await gateway.presence('new')).toMatchObject({ status: 'UP' });
  });

  test('is UNKNOWN again where nobody has been for long [R134] [R141]', async () => {
    const { clock, gateway, join } = setUp({ limits: { logAgeMaxMs: 20_000 } });
    (await join('g')).close();
    await clock.advance(19_999);
    expect(await gateway.presence('g')).toMatchObject({ status: 'DOWN' });
    await clock.advance(1);
    expect(await gateway.presence('g')).toEqual({ status: 'UNKNOWN' });
  });
});

describe('presence_update', () => {
  test('tells who stays of every change: the group, the status, who changed, how many there are [R45] [R135]', async () => {
    const { clock, join, events } = setUp({ timings: { resumeTtlMs: 2_000 } });
    const watching = await join('g');
    await clock.advance(1_000);
    const client = await join('g', { clientType: 'dashboard', metadata: { n: 1 } });
    await clock.advance(1_000);
    client.cut();
    await clock.advance(3_000);
    const dashboard = (members: number) => ({ role: 'dashboard', metadata: { n: 1 }, members });
    const infos = [app(1), dashboard(2), dashboard(2), dashboard(1)].map((details) => ({ status: 'UP', details }));
    expect(presencesOf(watching)).toEqual(infos.map((info) => expect.objectContaining(JSON.parse(JSON.stringify(info)))));
    expect(watching.received.find(({ type }) => type === 'presence_update')).toMatchObject({
      groupId: 'g',
      ts: expect.any(Number),
      payload: { groupId: 'g' },
    });
    expect(events('presence')).toEqual(infos.map((info) => ({ groupId: 'g', info })));
  });

  test('goes out at the end of the turn of the first change, then at most once per presenceIntervalMs, with the newest [R138] [R139]', async () => {
    const { clock, join } = setUp({ timings: { presenceIntervalMs: 500 } });
    const watching = await join('g');
    await clock.advance(1_000);
    const seen = () => presencesOf(watching).map(({ details }) => details?.members);
    await join('g');
    expect(seen()).toEqual([1, 2]);
    for (let n = 0; n < 5; n += 1) await join('g');
    await clock.advance(499);
    expect(seen()).toEqual([1, 2]);
    await clock.advance(1);
    expect(seen()).toEqual([1, 2, 7]);
    await clock.advance(499);
    await join('g');
    expect(seen()).toEqual([1, 2, 7]);
    await clock.advance(1);
    expect(seen()).toEqual([1, 2, 7, 8]);
  });

  test('of one group does not hold up another', async () => {
    const { clock, join } = setUp();
    const [g, h] = [await join('g'), await join('h')];
    await clock.settle();
    expect([g, h].map((client) => presencesOf(client).length)).toEqual([1, 1]);
  });

  test.each([0, 1, 200])(
    'with presenceIntervalMs %i goes to 1,000 clients that join at once at most 20 times each',
    async (interval) => {
      const { clock, gateway, connect } = setUp({ timings: { presenceIntervalMs: interval } });
      const clients = Array.from({ length: 1_000 }, connect);
      for (const client of clients) client.send(identify('g'));
      await clock.advance(1_000);
      for (const client of clients) {
        const told = presencesOf(client);
        expect(told.length).toBeGreaterThan(0);
        expect(told.length).toBeLessThanOrEqual(20);
        expect(told.at(-1)).toMatchObject({ status: 'UP', details: { members: 1_000 } });
      }
      expect(await gateway.presence('g')).toMatchObject({ details: { members: 1_000 } });
    },
  );

  test('goes to 1,000 clients that join over a second, and all leave over another, at most 8 times each', async () => {
    const { clock, connect } = setUp();
    const clients = Array.from({ length: 1_000 }, connect);
    for (const [n, client] of clients.entries()) {
      client.send(identify('g'));
      if (n % 50 === 49) await clock.advance(50);
    }
    for (const [n, client] of clients.slice(1).entries()) {
      client.close();
      if (n % 50 === 49) await clock.advance(50);
    }
    await clock.advance(4_000);
    const most = Math.max(...clients.map((client) => presencesOf(client).length));
    expect(most).toBeGreaterThan(2);
    expect(most).toBeLessThanOrEqual(8);
    expect(presencesOf(clients[0]!).at(-1)).toMatchObject({ details: { members: 1 } });
  });
});

describe('presence is state, not a message', () => {
  test('it takes no seq [R136]', async () => {
    const { clock, join } = setUp();
    const client = await join('g');
    for (let n = 0; n < 3; n += 1) {
      await join('g');
      await clock.advance(1_000);
    }
    client.send(say('first'));
    await clock.settle();
    expect(client.updates).toMatchObject([{ seq: 1 }]);
  });

  test('a member that is behind is owed only the newest, and gets it when it has drained [R137]', async () => {
    const { clock, join } = setUp({ limits: { socketHighWaterMarkBytes: 1_000 } });
    const [client, other] = [await join('g'), await join('g')];
    await clock.advance(1_000);
    client.stopReading();
    other.send(say('x'.repeat(2_000)));
    await clock.settle();
    const before = presencesOf(client).length;
    for (let n = 0; n < 5; n += 1) {
      await join('g');
      await clock.advance(1_000);
    }
    client.startReading();
    await clock.settle();
    expect(presencesOf(client).slice(before)).toMatchObject([{ details: { members: 7 } }]);
    expect(client.data).toHaveLength(1);
  });

  test('a member that was owed one and has left is not told', async () => {
    const { clock, join } = setUp({ limits: { socketHighWaterMarkBytes: 1_000 } });
    const [client, other] = [await join('old'), await join('old')];
    await clock.advance(1_000);
    client.stopReading();
    other.send(say('x'.repeat(2_000)));
    await clock.settle();
    await join('old');
    await clock.advance(1_000);
    client.send(identify('new'));
    await clock.settle();
    const before = client.received.length;
    client.startReading();
    await clock.advance(1_000);
    const groups = client.received.slice(before).map(({ type, groupId }) => `${type} ${groupId ?? ''}`);
    expect(groups.indexOf('presence_update old')).toBeLessThan(groups.indexOf('ready '));
    expect(groups.at(-1)).toBe('presence_update new');
  });
});

test('an answer of the store that comes late does not take the place of a newer one', async () => {
  let waitMs = 0;
  const { clock, join } = setUp((fake) => {
    class SlowStore extends MemoryPresenceStore {
      override info = (groupId: string) => {
        const now = super.info(groupId);
        return waitOn(fake, waitMs)().then(() => now) as never;
      };
    }
    return { presence: new SlowStore({ clock: fake }) };
  });
  const client = await join('g');
  await clock.advance(1_000);
  waitMs = 900;
  await join('g');
  waitMs = 0;
  await join('g');
  await clock.advance(10_000);
  const counts = presencesOf(client).map(({ details }) => details?.members ?? 0);
  expect(counts).toEqual(counts.toSorted());
  expect(counts.at(-1)).toBe(3);
});
