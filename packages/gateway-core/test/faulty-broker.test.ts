import { type BrokerReceiver, MemoryBroker } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { say } from './support/messages.js';
import { setUp } from './support/set-up.js';

/** Delivers what a test says instead of what is right. */
class FaultyBroker extends MemoryBroker {
  receiver: BrokerReceiver | undefined;

  override subscribe(groupId: string, receiver: BrokerReceiver) {
    this.receiver = receiver;
    return super.subscribe(groupId, receiver);
  }

  deliver(seq: number): void {
    this.receiver?.deliver({ seq, body: `"ts":1,"groupId":"g","payload":{"data":"number ${seq}"}}` });
  }
}

async function withMember() {
  const broker = new FaultyBroker();
  const { clock, gateway, join } = setUp({ broker });
  const client = await join('g');
  client.send(say('number 1'));
  client.send(say('number 2'));
  await clock.settle();
  return { broker, clock, gateway, client, join };
}

describe('a broker that breaks its contract', () => {
  test('by a hole: who misses something is closed with 1013, and is sent nothing but messages', async () => {
    const { broker, clock, gateway, client, join } = await withMember();
    broker.deliver(5);
    broker.deliver(6);
    await clock.settle();
    expect([client.data, client.closed?.code]).toEqual([['number 1', 'number 2'], 1013]);
    expect(gateway.groups()).toMatchObject([{ logMessages: 2, position: { seq: 6 } }]);
    const later = await join('g');
    broker.deliver(7);
    await clock.settle();
    expect(later.data).toEqual(['number 7']);
  });

  test('by an entry that was delivered before: it is not delivered twice', async () => {
    const { broker, clock, client } = await withMember();
    broker.deliver(1);
    broker.deliver(2);
    broker.deliver(3);
    await clock.settle();
    expect(client.data).toEqual(['number 1', 'number 2', 'number 3']);
  });
});
