import { type BrokerEntry, type BrokerReceiver, type Limits, MemoryBroker } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { long, say } from './support/messages.js';
import { setUp } from './support/set-up.js';

/** Delivers what a test says instead of what is right. */
class FaultyBroker extends MemoryBroker {
  receiver: BrokerReceiver | undefined;
  /** What it has delivered as it should. */
  readonly delivered: BrokerEntry[] = [];

  override subscribe(groupId: string, receiver: BrokerReceiver) {
    this.receiver = receiver;
    const deliver = (entry: BrokerEntry) => {
      this.delivered.push(entry);
      receiver.deliver(entry);
    };
    return super.subscribe(groupId, { deliver, reset: (position) => receiver.reset(position) });
  }

  deliver(seq: number): void {
    this.receiver?.deliver({ seq, body: `"ts":1,"groupId":"g","payload":{"data":"number ${seq}"}}` });
  }
}

async function withMember(limits: Partial<Limits> = {}) {
  const broker = new FaultyBroker();
  const { clock, gateway, join, events } = setUp({ broker, limits });
  const client = await join('g');
  client.send(say('number 1'));
  client.send(say('number 2'));
  await clock.settle();
  return { broker, clock, gateway, client, join, events };
}

describe('a broker that breaks its contract', () => {
  test('by a hole: who misses something is closed with 1013, and is sent nothing but messages', async () => {
    const { broker, clock, gateway, client, join, events } = await withMember();
    broker.deliver(5);
    broker.deliver(6);
    await clock.settle();
    expect([client.data, client.closed?.code]).toEqual([['number 1', 'number 2'], 1013]);
    expect(gateway.groups()).toMatchObject([{ logMessages: 2, position: { seq: 6 } }]);
    expect(events('error')).toMatchObject([{ where: 'broker', error: { message: expect.stringContaining('seq 5 of g') } }]);
    expect(gateway.stats()).toMatchObject({ resetsTotal: 1, slowConsumersTotal: 0 });
    const later = await join('g');
    broker.deliver(7);
    await clock.settle();
    expect(later.data).toEqual(['number 7']);
  });

  test('by an entry that was delivered before: it is not delivered twice, and nothing comes of it', async () => {
    const { broker, clock, client, gateway, events } = await withMember();
    for (const entry of [...broker.delivered]) broker.receiver?.deliver(entry);
    broker.deliver(3);
    broker.receiver?.deliver(broker.delivered[1] as BrokerEntry);
    await clock.settle();
    expect(client.data).toEqual(['number 1', 'number 2', 'number 3']);
    expect(client.closed).toBeUndefined();
    expect(events('error')).toEqual([]);
    expect(gateway.stats().resetsTotal).toBe(0);
  });

  test.each([
    ['the last', 2],
    ['the first', 1],
  ])(
    'by a tail that it has lost: %s that is another one ends who was in the group, and what it brings goes on',
    async (_, seq) => {
      const { broker, clock, gateway, client, join, events } = await withMember();
      const { epoch } = gateway.groups()[0]!.position;
      broker.deliver(seq);
      broker.deliver(seq + 1);
      await clock.settle();
      expect([client.data, client.closed?.code]).toEqual([['number 1', 'number 2'], 1013]);
      expect(events('error')).toMatchObject([{ where: 'broker' }]);
      expect(gateway.groups()).toMatchObject([{ logMessages: 2, position: { epoch, seq: seq + 1 } }]);
      expect(gateway.stats()).toMatchObject({ resetsTotal: 1, slowConsumersTotal: 0 });
      const later = await join('g');
      broker.deliver(seq + 2);
      await clock.settle();
      expect(later.data).toEqual([`number ${seq + 2}`]);
    },
  );

  test('by an entry that the log no longer holds: nobody can say whether it is the same, so who is there is told', async () => {
    const { broker, clock, client, events } = await withMember({ logMessagesMax: 1 });
    broker.receiver?.deliver(broker.delivered[0] as BrokerEntry);
    await clock.settle();
    expect(client.closed?.code).toBe(1013);
    expect(events('error')).toMatchObject([{ where: 'broker' }]);
  });

  test('in the turn of other messages: what was accepted before is written first', async () => {
    const { broker, clock, client } = await withMember();
    client.send(say('number 3'));
    broker.deliver(3);
    await clock.settle();
    expect([client.data, client.closed?.code]).toEqual([['number 1', 'number 2', 'number 3'], 1013]);
  });
});

describe('a log that the broker lost', () => {
  test('begins anew after what was accepted is written; who kept up is closed with 1013 and is not counted as slow [R222]', async () => {
    const { broker, clock, gateway, client, events } = await withMember();
    client.send(say('accepted'));
    broker.receiver?.reset({ epoch: 'new', seq: 7 });
    await clock.settle();
    expect(client.data).toEqual(['number 1', 'number 2', 'accepted']);
    expect(client.closed).toMatchObject({ code: 1013, reason: expect.stringContaining('began anew') });
    expect(gateway.stats()).toMatchObject({ resetsTotal: 1, slowConsumersTotal: 0 });
    expect(gateway.groups()).toMatchObject([{ logMessages: 0, logBytes: 0, position: { epoch: 'new', seq: 7 } }]);
    expect(events('reset')).toEqual([{ groupId: 'g', epoch: 'new', seq: 7 }]);
    expect(events('error')).toEqual([]);
  });

  test('is forgotten with its keys: none of the new log is passed over for one of the old', async () => {
    const { broker, clock, join } = await withMember({ socketHighWaterMarkBytes: 1_000 });
    const latest = (seq: number, data: string) =>
      broker.receiver?.deliver({
        seq,
        body: `"ts":1,"groupId":"g","delivery":"latest","key":"k","payload":{"data":"${data}"}}`,
        delivery: 'latest',
        key: 'k',
      });
    latest(3, 'old');
    broker.receiver?.reset({ epoch: 'new', seq: 0 });
    const late = await join('g');
    await clock.advance(1_000);
    late.stopReading();
    broker.receiver?.deliver({ seq: 1, body: `"ts":1,"groupId":"g","payload":{"data":"${long(2_000)}"}}` });
    await clock.settle();
    latest(2, 'first');
    latest(3, 'second');
    await clock.settle();
    late.startReading();
    await clock.settle();
    expect(late.updates.map(({ seq }) => seq)).toEqual([1, 3]);
  });
});
