import v8 from 'node:v8';
import vm from 'node:vm';
import { MemoryBroker } from 'gateway-core';
import { brokerContract } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';
import { setUp } from './support/set-up.js';

const receiver = { deliver: () => {}, reset: () => {} };

describe('the broker in memory keeps the contract', () => {
  const claims = brokerContract({
    create: () => new MemoryBroker({ historyMessagesMax: 60, idleGroupsMax: 1 }),
    outgrowHistory: (broker, groupId) => {
      for (let n = 0; n < 60; n += 1) broker.publish(groupId, { body: `${n}` });
    },
    forgetLog: (broker) => {
      broker.publish('another idle group', { body: '0' });
    },
  });
  for (const { name, run } of claims) test(name, run);
});

describe('what the broker in memory keeps is bounded', () => {
  test('by historyLengthMax, in characters', () => {
    const broker = new MemoryBroker({ historyLengthMax: 10 });
    const { position } = broker.subscribe('g', receiver);
    for (let n = 0; n < 3; n += 1) broker.publish('g', { body: '12345' });
    expect(broker.history('g', { ...position, seq: 0 }, 10)).toBeUndefined();
    expect(broker.history('g', { ...position, seq: 1 }, 10)).toHaveLength(2);
    broker.publish('g', { body: 'longer than all of it' });
    expect(broker.history('g', { ...position, seq: 3 }, 10)).toBeUndefined();
    expect(broker.history('g', { ...position, seq: 4 }, 10)).toEqual([]);
  });

  test('by historyMessagesMax', () => {
    const broker = new MemoryBroker({ historyMessagesMax: 3 });
    const { position } = broker.subscribe('g', receiver);
    for (let n = 0; n < 4; n += 1) broker.publish('g', { body: `${n}` });
    expect(broker.history('g', position, 10)).toBeUndefined();
    expect(broker.history('g', { ...position, seq: 1 }, 10)).toHaveLength(3);
  });

  test('by historyMessagesMax, where 0 keeps nothing', () => {
    const broker = new MemoryBroker({ historyMessagesMax: 0 });
    const { position } = broker.subscribe('g', receiver);
    const head = broker.publish('g', { body: '1' });
    expect(broker.history('g', position, 10)).toBeUndefined();
    expect(broker.history('g', head, 10)).toEqual([]);
  });

  test('by idleGroupsMax: beyond it the log that is idle for longest is forgotten, and none that has a subscriber', () => {
    const broker = new MemoryBroker({ idleGroupsMax: 2 });
    const epochs = () => ['busy', 'g', 'h', 'i'].map((groupId) => broker.publish(groupId, { body: '1' }).epoch);
    // It was idle before, and is not for long.
    broker.publish('busy', { body: '0' });
    broker.subscribe('busy', receiver);
    const [busy, g, h, i] = epochs();
    const [busyAgain, gAgain, hAgain, iAgain] = epochs();
    expect(busyAgain).toBe(busy);
    // One after the other pushes out the one that comes next.
    expect([gAgain, hAgain, iAgain]).not.toContain(g);
    expect(new Set([g, h, i, gAgain, hAgain, iAgain]).size).toBe(6);
    expect(broker.publish('h', { body: '1' }).epoch).toBe(hAgain);
    expect(broker.publish('i', { body: '1' }).epoch).toBe(iAgain);
  });
});

test('what the history keeps is the bodies, not the messages that they were sent in', async () => {
  v8.setFlagsFromString('--expose-gc');
  const gc: () => void = vm.runInNewContext('gc');
  const heapUsed = () => {
    gc();
    return process.memoryUsage().heapUsed;
  };
  const { clock, join } = setUp({ broker: new MemoryBroker(), limits: { messagesPerSecondMax: 0, bytesPerSecondMax: 0 } });
  const client = await join('g');
  const before = heapUsed();
  for (let n = 0; n < 200; n += 1) {
    const junk = `${n},`.repeat(50_000);
    client.sendText(`{"type":"data_update","junk":"${junk}","payload":{"data":"more than V8 copies"}}`);
  }
  await clock.settle();
  expect(client.data).toHaveLength(200);
  // They were sent in 30 MB.
  expect(heapUsed() - before).toBeLessThan(3_000_000);
});

describe('a receiver that calls back while it is delivered to', () => {
  test('publishes after what is being delivered, for those behind it too', () => {
    const broker = new MemoryBroker();
    const seqs: number[] = [];
    broker.subscribe('g', { ...receiver, deliver: ({ seq }) => seq < 3 && broker.publish('g', { body: `${seq}` }) });
    broker.subscribe('g', { ...receiver, deliver: ({ seq }) => seqs.push(seq) });
    broker.publish('g', { body: '0' });
    expect(seqs).toEqual([1, 2, 3]);
  });

  test('brings in another one after everything that was published before', () => {
    const broker = new MemoryBroker();
    const seqs: number[] = [];
    const positions: number[] = [];
    const { unsubscribe } = broker.subscribe('g', {
      ...receiver,
      deliver: () => {
        unsubscribe();
        broker.publish('g', { body: '2' });
        const { position } = broker.subscribe('g', { ...receiver, deliver: ({ seq }) => seqs.push(seq) });
        positions.push(position.seq);
      },
    });
    broker.publish('g', { body: '1' });
    broker.publish('g', { body: '3' });
    expect(positions).toEqual([2]);
    expect(seqs).toEqual([3]);
  });
});
