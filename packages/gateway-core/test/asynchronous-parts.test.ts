import { createGateway, MemoryBroker, MemoryPresenceStore, MemorySessionStore } from 'gateway-core';
import { connectClient, FakeClock } from 'gateway-core/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { asynchronous, BROKER_METHODS, PRESENCE_METHODS, SESSION_METHODS, waitOn } from './support/asynchronous.js';
import { codesOf, heartbeat, identify, presencesOf, readiesOf, say, typesOf } from './support/messages.js';
import { ResettableBroker } from './support/resettable-broker.js';
import { closeAndFindNothing, setUp } from './support/set-up.js';

/** Every store and the broker take effect after 10 ms and answer after 20. */
const slowParts = (clock: FakeClock) => ({
  presence: asynchronous(new MemoryPresenceStore({ clock }), [...PRESENCE_METHODS], waitOn(clock, 10)),
  sessions: asynchronous(new MemorySessionStore({ clock }), [...SESSION_METHODS], waitOn(clock, 10)),
  broker: asynchronous(new MemoryBroker(), [...BROKER_METHODS], waitOn(clock, 10)),
});

describe('with stores and a broker that need time', () => {
  test('a client identifies, and its messages follow in order', async () => {
    const { clock, connect, events } = setUp(slowParts);
    const [a, b] = [connect(), connect()];
    for (const client of [a, b]) client.send(identify('g'));
    for (let n = 0; n < 3; n += 1) a.send(say(n, { sessionId: 's' }, { meta: {} }));
    await clock.advance(1_000);
    for (const client of [a, b]) {
      expect(client.updates.map(({ seq, payload }) => [seq, payload.data])).toEqual([
        [1, 0],
        [2, 1],
        [3, 2],
      ]);
      expect(readiesOf(client)).toMatchObject([{}, { presence: { status: 'UP' } }]);
      expect(presencesOf(client).at(-1)).toMatchObject({ details: { members: 2 } });
      expect(codesOf(client)).toEqual([]);
    }
    expect(events('data').map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(events('sessionOpened')).toHaveLength(1);
  });

  test('a client that is alone is told of its own arrival', async () => {
    const { clock, connect } = setUp(slowParts);
    const client = connect();
    client.send(identify('g'));
    await clock.advance(1_000);
    expect(typesOf(client)).toEqual(['ready', 'ready', 'presence_update']);
    expect(presencesOf(client)).toMatchObject([{ status: 'UP', details: { members: 1 } }]);
  });

  test('a message is delivered as soon as the broker delivers it, and reported when publish has answered', async () => {
    const { clock, connect, events } = setUp(slowParts);
    const client = connect();
    client.send(identify('g'));
    await clock.advance(1_000);
    client.send(say('early'));
    await clock.advance(10);
    expect(client.data).toEqual(['early']);
    expect(events('data')).toEqual([]);
    await clock.advance(10);
    expect(events('data')).toMatchObject([{ seq: 1, data: 'early' }]);
  });

  test('a move takes everything of the old group along, and nothing of the new one from before', async () => {
    const { clock, connect } = setUp(slowParts);
    const [mover, old, other] = [connect(), connect(), connect()];
    mover.send(identify('old'));
    old.send(identify('old'));
    other.send(identify('new'));
    await clock.advance(1_000);
    mover.send(identify('new'));
    for (let n = 0; n < 12; n += 1) {
      old.send(say(n));
      other.send(say(n));
      await clock.advance(7);
    }
    await clock.advance(1_000);
    const seqs = (groupId: string) => mover.updates.flatMap((update) => (update.groupId === groupId ? [update.seq] : []));
    const [inOld, inNew] = [seqs('old'), seqs('new')];
    expect(inOld).toEqual(inOld.map((_, n) => n + 1));
    expect(inNew).toEqual(inNew.map((_, n) => (inNew[0] as number) + n));
    expect(inNew.at(-1)).toBe(12);
    const groups = mover.updates.map(({ groupId }) => groupId);
    expect(groups.lastIndexOf('old')).toBeLessThan(groups.indexOf('new'));
  });

  test('a client that goes while it is being entered leaves nothing behind, and no leave without a join', async () => {
    const { clock, gateway, connect, events } = setUp(slowParts);
    for (let ms = 0; ms < 100; ms += 5) {
      const client = connect();
      client.send(identify(`g${ms}`));
      await clock.advance(ms);
      if (ms % 2 === 0) client.close();
      else client.cut();
    }
    await clock.advance(30_000);
    expect(gateway.stats()).toMatchObject({ connections: 0, droppedMembers: 0 });
    for (let ms = 0; ms < 100; ms += 5) {
      const asked = gateway.presence(`g${ms}`);
      await clock.advance(20);
      expect(['DOWN', 'UNKNOWN']).toContain((await asked).status);
    }
    const ids = (name: 'join' | 'leave') => events(name).map(({ memberId, groupId }) => `${memberId} ${groupId}`);
    expect(ids('join').length).toBeGreaterThan(0);
    expect(ids('leave').sort()).toEqual(ids('join').sort());
  });

  test('a mover that goes while it is being entered leaves its old group, and was never in the new one', async () => {
    const { clock, gateway, connect, events } = setUp(slowParts);
    for (const ms of [5, 15, 25, 35]) {
      const client = connect();
      client.send(identify('old'));
      await clock.advance(1_000);
      client.send(identify(`new ${ms}`));
      await clock.advance(20 + ms);
      client.close();
      await clock.advance(1_000);
      const asked = gateway.presence(`new ${ms}`);
      await clock.advance(20);
      expect(['DOWN', 'UNKNOWN']).toContain((await asked).status);
    }
    expect(events('join').map(({ groupId }) => groupId)).toEqual(['old', 'old', 'old', 'old']);
    expect(events('leave')).toEqual(events('join').map(({ memberId, groupId }) => ({ memberId, groupId })));
  });

  test('who left a group is not told of its presence by an answer that comes late', async () => {
    const { clock, join } = setUp((fake) => {
      const presence = new MemoryPresenceStore({ clock: fake });
      const info = async (groupId: string) => {
        if (groupId === 'old') await waitOn(fake, 100)();
        return MemoryPresenceStore.prototype.info.call(presence, groupId);
      };
      return { presence: Object.assign(presence, { info }), limits: { socketHighWaterMarkBytes: 1_000 } };
    });
    const [client, other] = [await join('old'), await join('old')];
    await clock.advance(1_000);
    client.stopReading();
    for (let n = 0; n < 2; n += 1) {
      other.send(say('x'.repeat(2_000)));
      await clock.settle();
    }
    await join('old');
    await clock.advance(1_000);
    client.send(identify('new'));
    await clock.settle();
    client.startReading();
    await clock.advance(1_000);
    const lastReady = client.received.findLastIndex(({ type }) => type === 'ready');
    const after = client.received.slice(lastReady).map(({ type, groupId }) => `${type} ${groupId ?? ''}`);
    expect(after).toEqual(['ready ', 'presence_update new']);
  });

  test('an answer for a group that everybody has left meanwhile is no event', async () => {
    const { clock, gateway, join, events } = setUp((fake) => ({
      presence: asynchronous(new MemoryPresenceStore({ clock: fake }), ['info'], waitOn(fake, 50)),
    }));
    const joining = join('g');
    await clock.advance(1_000);
    const client = await joining;
    const told = events('presence').length;
    expect(told).toBeGreaterThan(0);
    await gateway.setMetadata(gateway.connections()[0]!.connectionId, { n: 1 });
    await clock.advance(20);
    client.close();
    await clock.advance(5_000);
    expect(events('presence')).toHaveLength(told);
  });

  test('entries that come before the subscription has answered are in the log', async () => {
    const clock = new FakeClock();
    const shared = new MemoryBroker();
    const nearClock = new FakeClock();
    const near = createGateway({ clock: nearClock, broker: shared });
    onTestFinished(() => closeAndFindNothing(near, nearClock));
    const { gateway: far, connect } = setUp({ broker: asynchronous(shared, [...BROKER_METHODS], waitOn(clock, 10)) }, clock);
    const client = connect();
    client.send(identify('g'));
    await clock.advance(15);
    await near.publish('g', 'early');
    await clock.advance(100);
    const position = await near.publish('g', 'late');
    await clock.settle();
    expect(far.groups()).toMatchObject([{ logMessages: 2, position }]);
    expect(client.updates).toMatchObject([{ seq: 2, payload: { data: 'late' } }]);
  });

  test('two clients that open one group at once share it', async () => {
    const { clock, gateway, connect } = setUp(slowParts);
    const clients = [connect(), connect(), connect()];
    for (const client of clients) client.send(identify('g'));
    await clock.advance(1_000);
    await Promise.all([gateway.publish('g', 1), clock.advance(100)]);
    expect(gateway.groups()).toMatchObject([{ connections: 3 }]);
    expect(clients.map(({ data }) => data)).toEqual([[1], [1], [1]]);
  });
});

describe('a broker that loses its log', () => {
  test('closes the members with 1013, dialect 1 cannot be told of a gap, and the group goes on in a new log', async () => {
    const broker = new ResettableBroker();
    const { clock, gateway, join } = setUp({ broker });
    const clients = [await join('g'), await join('g')];
    const elsewhere = await join('h');
    clients[0]?.send(say(1));
    await clock.settle();
    const before = gateway.groups()[0]!.position;
    broker.lose('g');
    await clock.settle();
    expect(clients.map(({ closed }) => closed?.code)).toEqual([1013, 1013]);
    expect(elsewhere.closed).toBeUndefined();
    expect(gateway.groups()[0]).toMatchObject({ logMessages: 0, logBytes: 0, position: { seq: 0 } });
    const again = await join('g');
    again.send(say('in the new log'));
    await clock.settle();
    expect(again.updates).toMatchObject([{ seq: 1, payload: { data: 'in the new log' } }]);
    expect(gateway.groups()[0]!.position.epoch).not.toBe(before.epoch);
    expect(gateway.groups()[0]!.logMessages).toBe(1);
  });
});

describe('gateways that share their stores', () => {
  test('see and tell of the members of each other, and of those of one that has died after presenceLeaseMs', async () => {
    const clock = new FakeClock();
    const deadClock = new FakeClock();
    const shared = { presence: new MemoryPresenceStore({ clock }), broker: new MemoryBroker() };
    const alive = setUp({ ...shared, timings: { heartbeatTimeoutMs: 100_000, presenceLeaseMs: 30_000 } }, clock);
    const dying = createGateway({ ...shared, clock: deadClock, timings: { presenceLeaseMs: 9_000 } });
    const here = await alive.join('g');
    connectClient(dying).send(identify('g', { clientType: 'dashboard' }));
    await deadClock.advance(1_000);
    await clock.advance(1_000);
    expect(presencesOf(here).at(-1)).toMatchObject({ details: { role: 'dashboard', members: 2 } });
    // From here on its clock stands still: it is dead.
    await clock.advance(8_000);
    expect(await alive.gateway.presence('g')).toMatchObject({ details: { members: 2 } });
    here.send(heartbeat());
    await clock.advance(11_000);
    expect(presencesOf(here).at(-1)).toMatchObject({ status: 'UP', details: { role: 'dashboard', members: 1 } });
  });
});
