import { MemoryBroker } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { twice } from './support/asynchronous.js';
import { codesOf, errorsOf, say } from './support/messages.js';
import { forEachPace } from './support/paces.js';
import { ResettableBroker } from './support/resettable-broker.js';

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

forEachPace((setUp) => {
  test('a message reaches every member, the sender included, with its place and its sender', async () => {
    const { gateway, join, settle } = setUp();
    const clients = [await join('g'), await join('g'), await join('g')];
    const elsewhere = await join('h');
    clients[1]?.send(say({ n: 1 }, { id: 'm-1', ts: 7 }, { meta: { label: 'x' } }));
    await settle();
    const from = gateway.connections()[1]?.memberId;
    const payload = { data: { n: 1 }, meta: { label: 'x' } };
    for (const client of clients) {
      expect(client.updates).toEqual([{ type: 'data_update', seq: 1, ts: 7, groupId: 'g', from, id: 'm-1', payload }]);
    }
    expect(elsewhere.data).toEqual([]);
  });

  test("each sender's messages keep their order, and all members see one order, without holes", async () => {
    const { clock, join, settle } = setUp();
    const clients = [await join('g'), await join('g'), await join('g')];
    for (const n of upTo(30)) {
      for (const [index, client] of clients.entries()) client.send(say([index, n]));
      if (n % 7 === 0) await clock.advance(3);
    }
    await settle();
    const [first, ...others] = clients.map(({ updates }) => updates.map(({ seq, payload }) => [seq, payload.data]));
    for (const other of others) expect(other).toEqual(first);
    expect(first?.map(([seq]) => seq)).toEqual(upTo(90).map((n) => n + 1));
    for (const index of [0, 1, 2]) {
      const own = first?.map(([, data]) => data as [number, number]).filter(([sender]) => sender === index);
      expect(own?.map(([, n]) => n)).toEqual(upTo(30));
    }
  });

  test('a message that is refused is answered in its place, and the others are published', async () => {
    const { join, settle, events } = setUp({
      authorize: ({ action, member }) => action === 'join' || member.role !== 'dashboard',
    });
    const [client, reader] = [await join('g'), await join('g', { clientType: 'dashboard' })];
    for (const n of upTo(3)) {
      client.send(say(n));
      reader.send(say(`refused ${n}`, { id: `m-${n}` }));
    }
    await settle();
    expect(client.data).toEqual(upTo(3));
    expect(reader.data).toEqual(upTo(3));
    expect(errorsOf(reader)).toMatchObject(upTo(3).map((n) => ({ code: 'FORBIDDEN', inReplyTo: `m-${n}` })));
    expect(events('data').map(({ data }) => data)).toEqual(upTo(3));
  });

  test('what the server publishes takes its places in the order of the calls', async () => {
    const { gateway, join, answer } = setUp();
    const client = await join('g');
    const positions = await answer(Promise.all(upTo(5).map((n) => gateway.publish('g', n))));
    expect(positions.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    expect(client.data).toEqual(upTo(5));
    expect(client.updates.every((update) => !('from' in update))).toBe(true);
  });

  test('what was accepted is delivered before the gateway closes', async () => {
    const { clock, gateway, join } = setUp();
    const client = await join('g');
    for (const n of upTo(5)) client.send(say(n));
    const closing = gateway.close({ graceMs: 10_000 });
    await clock.advance(11_000);
    await closing;
    // Those that were handed to a handler by then: the first, where it has to wait.
    expect(client.data).toEqual(upTo(client.data.length));
    expect(client.data.length).toBeGreaterThanOrEqual(1);
    expect(client.closed?.code).toBe(1012);
  });

  describe('with a broker that calls back twice', () => {
    test('each message is delivered once', async () => {
      const { join, settle, gateway } = setUp({ broker: twice(new MemoryBroker(), 'subscribe') });
      const clients = [await join('g'), await join('g')];
      for (const n of upTo(5)) clients[0]?.send(say(n));
      await settle();
      for (const client of clients) expect(client.updates.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
      expect(gateway.groups()).toMatchObject([{ logMessages: 5 }]);
      expect(codesOf(clients[0]!)).toEqual([]);
    });

    test('a lost log closes each member once, and the group goes on', async () => {
      const broker = new ResettableBroker();
      const { join, settle, events } = setUp({ broker: twice(broker, 'subscribe') });
      const clients = [await join('g'), await join('g')];
      broker.lose('g');
      await settle();
      expect(clients.map(({ closed }) => closed?.code)).toEqual([1013, 1013]);
      expect(events('disconnect')).toHaveLength(2);
      const again = await join('g');
      again.send(say('in the new log'));
      await settle();
      expect(again.updates).toMatchObject([{ seq: 1 }]);
    });
  });
});
