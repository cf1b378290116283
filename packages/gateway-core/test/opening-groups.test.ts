import { type BrokerReceiver, type BrokerSubscription, createGateway, MemoryBroker } from 'gateway-core';
import { connectClient, FakeClock } from 'gateway-core/testing';
import type { LogPosition } from 'gateway-protocol';
import { describe, expect, test } from 'vitest';
import { asynchronous, waitOn } from './support/asynchronous.js';
import { codesOf, heartbeat, identify, say, typesOf } from './support/messages.js';
import { setUp } from './support/set-up.js';

/** A broker whose subscriptions are answered when a test says so. */
class HeldBroker extends MemoryBroker {
  readonly held: { groupId: string; receiver: BrokerReceiver; answer: () => BrokerSubscription; fail: (error: Error) => void }[] =
    [];
  readonly ended: string[] = [];
  holds = true;

  override subscribe(groupId: string, receiver: BrokerReceiver): BrokerSubscription {
    const subscribe = () => {
      const { position, unsubscribe } = super.subscribe(groupId, receiver);
      const end = () => {
        this.ended.push(groupId);
        unsubscribe();
      };
      return { position, unsubscribe: end };
    };
    if (!this.holds) return subscribe();
    return new Promise<BrokerSubscription>((resolve, reject) => {
      const answer = () => {
        const subscription = subscribe();
        resolve(subscription);
        return subscription;
      };
      this.held.push({ groupId, receiver, answer, fail: reject });
    }) as never;
  }
}

const entry = (seq: number, data: unknown = seq) => ({
  seq,
  body: `"ts":1,"groupId":"g","payload":{"data":${JSON.stringify(data)}}}`,
});

describe('a subscribe that does not answer', () => {
  test('fails who waits for the group after partTimeoutMs, and the next one opens it anew', async () => {
    const broker = new HeldBroker();
    const { clock, gateway, connect, join, events } = setUp({ broker, timings: { partTimeoutMs: 3_000 } });
    const waiting = [connect(), connect()];
    for (const client of waiting) client.send(identify('g'));
    await clock.advance(2_999);
    expect(waiting.map(codesOf)).toEqual([[], []]);
    await clock.advance(1);
    expect(waiting.map(codesOf)).toEqual([['INTERNAL'], ['INTERNAL']]);
    expect(events('error')[0]?.error).toMatchObject({ message: expect.stringContaining('timings.partTimeoutMs (3000)') });
    broker.holds = false;
    const next = await join('g');
    next.send(say('fine'));
    await clock.settle();
    expect(next.data).toEqual(['fine']);
    expect(gateway.groups()).toHaveLength(1);
  });

  test('and does so late is unsubscribed from, and disturbs nobody who is in the group by then', async () => {
    const broker = new HeldBroker();
    const { clock, gateway, connect, join, events } = setUp({ broker, timings: { partTimeoutMs: 3_000 } });
    connect().send(identify('g'));
    await clock.advance(3_000);
    broker.holds = false;
    const next = await join('g');
    broker.held[0]?.receiver.deliver(entry(7));
    broker.held[0]?.answer();
    await clock.settle();
    expect(broker.ended).toEqual(['g']);
    broker.held[0]?.receiver.deliver(entry(8));
    broker.held[0]?.receiver.reset({ epoch: 'late', seq: 0 });
    next.send(say('fine'));
    await clock.settle();
    expect(next.data).toEqual(['fine']);
    expect(gateway.groups()).toMatchObject([{ connections: 1, logMessages: 1 }]);
    expect(events('error')).toHaveLength(1);
  });

  test('and fails late is reported', async () => {
    const broker = new HeldBroker();
    const { clock, connect, events } = setUp({ broker, timings: { partTimeoutMs: 3_000 } });
    connect().send(identify('g'));
    await clock.advance(3_000);
    broker.held[0]?.fail(new Error('too late'));
    await clock.settle();
    expect(events('error').at(-1)).toMatchObject({ where: 'broker.subscribe', error: new Error('too late') });
  });

  test('while the gateway closes is ended when it does, and leaves no timer', async () => {
    const broker = new HeldBroker();
    const clock = new FakeClock();
    const gateway = createGateway({ broker, clock, timings: { partTimeoutMs: 100_000 } });
    connectClient(gateway).send(identify('g'));
    await clock.settle();
    const closing = gateway.close({ graceMs: 10 });
    await clock.advance(1_000);
    await closing;
    expect(clock.pendingTimers).toBe(0);
    broker.held[0]?.answer();
    await clock.settle();
    expect(broker.ended).toEqual(['g']);
    expect(gateway.stats()).toMatchObject({ groups: 0, logBytes: 0 });
  });
});

describe('a subscribe that fails', () => {
  test.each(['throws', 'rejects'])('because it %s fails one identify, and not the next', async (how) => {
    let fails = true;
    class Failing extends MemoryBroker {
      override subscribe(...args: Parameters<MemoryBroker['subscribe']>) {
        if (!fails) return super.subscribe(...args);
        if (how === 'throws') throw new Error('no');
        return Promise.reject(new Error('no')) as never;
      }
    }
    const { clock, gateway, connect } = setUp({ broker: new Failing() });
    const client = connect();
    client.send(identify('g'));
    await clock.settle();
    expect(codesOf(client)).toEqual(['INTERNAL']);
    fails = false;
    client.send(identify('g'));
    await clock.settle();
    expect(gateway.groups()).toMatchObject([{ connections: 1 }]);
  });
});

describe('what a broker delivers before its subscribe has answered', () => {
  async function opening(limits: { logMessagesMax?: number; logBytesMax?: number } = {}) {
    const broker = new HeldBroker();
    const set = setUp({ broker, limits });
    const client = set.connect();
    client.send(identify('g'));
    await set.clock.settle();
    const [held] = broker.held;
    if (held === undefined) throw new Error('it was not asked');
    const position = () => set.gateway.groups()[0];
    return { ...set, broker, client, held, position };
  }

  test('is in the log when it has', async () => {
    const { clock, client, held, position, events } = await opening();
    for (const seq of [1, 2, 3]) held.receiver.deliver(entry(seq));
    held.answer();
    await clock.settle();
    held.receiver.deliver(entry(4));
    await clock.settle();
    expect(position()).toMatchObject({ logMessages: 4, position: { seq: 4 } });
    expect(client.updates.map(({ seq }) => seq)).toEqual([4]);
    expect(events('error')).toEqual([]);
  });

  test('by a reset is where the log begins, and what came before that is not in it', async () => {
    const { clock, client, held, position, events } = await opening();
    held.receiver.deliver(entry(1));
    held.receiver.reset({ epoch: 'new', seq: 40 });
    held.receiver.deliver(entry(41));
    held.answer();
    await clock.settle();
    expect(position()).toMatchObject({ logMessages: 1, position: { epoch: 'new', seq: 41 } });
    held.receiver.deliver(entry(42, 'after'));
    await clock.settle();
    expect(client.data).toEqual(['after']);
    expect(events('error')).toEqual([]);
  });

  test.each([
    ['messages', { logMessagesMax: 5 }],
    ['bytes', { logBytesMax: 520 }],
  ])('and over what the log holds, in %s, counts for nothing after a reset', async (_, limits) => {
    const { clock, held, position, events } = await opening(limits);
    for (let seq = 1; seq <= 100; seq += 1) held.receiver.deliver(entry(seq));
    held.receiver.reset({ epoch: 'new', seq: 40 });
    for (const seq of [41, 42, 43]) held.receiver.deliver(entry(seq));
    held.answer();
    await clock.settle();
    expect(position()).toMatchObject({ logMessages: 3, position: { epoch: 'new', seq: 43 } });
    expect(events('error')).toEqual([]);
  });

  test('is all kept where it is just what the log would hold', async () => {
    const { clock, held, position } = await opening({ logMessagesMax: 5 });
    for (let seq = 1; seq <= 5; seq += 1) held.receiver.deliver(entry(seq));
    held.answer();
    await clock.settle();
    expect(position()).toMatchObject({ logMessages: 5, position: { seq: 5 } });
  });

  test.each([
    ['messages', { logMessagesMax: 5 }, 5],
    ['bytes', { logBytesMax: 520 }, 10],
  ])('is kept only as far as the log would hold it, in %s', async (_, limits, most) => {
    const { clock, client, held, position, events } = await opening(limits);
    for (let seq = 1; seq <= 100; seq += 1) held.receiver.deliver(entry(seq));
    held.answer();
    await clock.settle();
    expect(position()).toMatchObject({ position: { seq: 100 } });
    expect(position()?.logMessages).toBeLessThanOrEqual(most);
    held.receiver.deliver(entry(101));
    await clock.settle();
    expect(client.data).toEqual([101]);
    expect(events('error')).toEqual([]);
  });
});

describe('a subscription that has ended', () => {
  test.each([
    [
      'throws',
      () => {
        throw new Error('not now');
      },
    ],
    ['rejects', () => Promise.reject(new Error('not now'))],
  ])('by an unsubscribe that %s is reported, and what is still delivered is nowhere', async (_, unsubscribe) => {
    const receivers: BrokerReceiver[] = [];
    class Clinging extends MemoryBroker {
      override subscribe(groupId: string, receiver: BrokerReceiver): BrokerSubscription {
        receivers.push(receiver);
        return { ...super.subscribe(groupId, receiver), unsubscribe: unsubscribe as () => void };
      }
    }
    const { clock, gateway, join, events } = setUp({ broker: new Clinging(), limits: { logAgeMaxMs: 1_000 } });
    (await join('g')).close();
    await clock.advance(3_000);
    expect(gateway.groups()).toEqual([]);
    expect(events('error')).toMatchObject([{ where: 'broker.unsubscribe', error: new Error('not now') }]);
    receivers[0]?.deliver(entry(1));
    receivers[0]?.reset({ epoch: 'x', seq: 0 });
    await clock.settle();
    expect(gateway.stats()).toMatchObject({ groups: 0, logBytes: 0, resetsTotal: 0 });
  });
});

describe('groupsMax', () => {
  test('counts the groups that are being opened', async () => {
    const broker = new HeldBroker();
    const { clock, connect } = setUp({ broker, limits: { groupsMax: 2 } });
    const clients = ['a', 'b', 'c'].map((groupId) => {
      const client = connect();
      client.send(identify(groupId));
      return client;
    });
    await clock.settle();
    expect(clients.map(codesOf)).toEqual([[], [], ['TOO_MANY_GROUPS']]);
    expect(broker.held.map(({ groupId }) => groupId)).toEqual(['a', 'b']);
    for (const { answer } of broker.held) answer();
    await clock.settle();
    expect(clients.map((client) => typesOf(client).filter((type) => type === 'ready').length)).toEqual([2, 2, 1]);
  });

  test('counts those whose opening was given up no more', async () => {
    const broker = new HeldBroker();
    const { clock, connect, join } = setUp({ broker, limits: { groupsMax: 1 }, timings: { partTimeoutMs: 1_000 } });
    const client = connect();
    client.send(identify('a'));
    await clock.advance(1_000);
    broker.holds = false;
    expect(codesOf(await join('b'))).toEqual([]);
  });

  test('makes room with a group only when its last member has left it', async () => {
    const { clock, gateway, join } = setUp({ limits: { groupsMax: 1, logAgeMaxMs: 5_000 } });
    const [first, second] = [await join('g'), await join('g')];
    first.close();
    await clock.settle();
    expect(codesOf(await join('h'))).toEqual(['TOO_MANY_GROUPS']);
    await clock.advance(10_000);
    second.send(heartbeat());
    second.send(say('still here'));
    await clock.settle();
    expect(second.data).toEqual(['still here']);
    expect(gateway.groups()).toMatchObject([{ groupId: 'g', connections: 1 }]);
    second.close();
    await clock.settle();
    expect(codesOf(await join('h'))).toEqual([]);
    expect(gateway.groups()).toMatchObject([{ groupId: 'h' }]);
  });
});

describe('a publish of the server', () => {
  /** What a broker is asked to do. */
  class CountingBroker extends MemoryBroker {
    readonly calls: string[] = [];
    override publish(...args: Parameters<MemoryBroker['publish']>) {
      this.calls.push(`publish ${args[0]}`);
      return super.publish(...args);
    }
    override subscribe(...args: Parameters<MemoryBroker['subscribe']>) {
      this.calls.push(`subscribe ${args[0]}`);
      return super.subscribe(...args);
    }
  }

  test('to a group that nobody is in costs a publish, where the broker has history', async () => {
    const broker = new CountingBroker();
    const { gateway } = setUp({ broker, limits: { groupsMax: 10 } });
    for (let n = 0; n < 100; n += 1) expect(await gateway.publish(`user-${n}`, 1)).toMatchObject({ seq: 1 });
    expect(broker.calls).toEqual(Array.from({ length: 100 }, (_, n) => `publish user-${n}`));
    expect(gateway.stats()).toMatchObject({ groups: 0, publishedTotal: 100 });
  });

  test('opens the group first where the broker has none, so that the log holds the message', async () => {
    const broker = new CountingBroker({ historyMessagesMax: 0 });
    const { gateway } = setUp({ broker });
    await gateway.publish('g', 1);
    await gateway.publish('g', 2);
    expect(broker.calls).toEqual(['subscribe g', 'publish g', 'publish g']);
    expect(gateway.groups()).toMatchObject([{ groupId: 'g', logMessages: 2 }]);
  });

  test('is in the log of a gateway that is alone, though nobody is there', async () => {
    const { gateway } = setUp();
    await gateway.publish('g', 1);
    expect(gateway.groups()).toMatchObject([{ groupId: 'g', logMessages: 1, connections: 0 }]);
  });

  test.each([
    ['with history', undefined],
    ['without', 0],
  ])('takes its place in the order of the calls, also while the group opens: a broker %s', async (_, historyMessagesMax) => {
    const clock = new FakeClock();
    const shared = new MemoryBroker({ historyMessagesMax });
    const broker = asynchronous(shared, ['subscribe'], waitOn(clock, 10));
    const { gateway, connect } = setUp({ broker }, clock);
    const client = connect();
    client.send(identify('g'));
    const positions: Promise<LogPosition>[] = [];
    for (let n = 0; n < 6; n += 1) {
      positions.push(gateway.publish('g', n));
      await clock.advance(5);
    }
    await clock.advance(100);
    expect((await Promise.all(positions)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('is answered though the group it opens is not, which is reported', async () => {
    const broker = new HeldBroker({ historyMessagesMax: 0 });
    const { clock, gateway, events } = setUp({ broker, timings: { partTimeoutMs: 1_000 } });
    expect(await gateway.publish('g', 1)).toMatchObject({ seq: 1 });
    await clock.advance(1_000);
    expect(events('error')).toMatchObject([{ where: 'broker.subscribe' }]);
  });
});
