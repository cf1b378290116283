import { type BrokerReceiver, MemoryBroker } from 'gateway-core';
import { brokerContract, FakeClock } from 'gateway-core/testing';
import type { LogPosition } from 'gateway-protocol';
import { describe, expect, test } from 'vitest';

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
    expect(broker.history('g', { ...position, seq: 0 }, 10).lost).toBe('trimmed');
    expect(broker.history('g', { ...position, seq: 1 }, 10).entries).toHaveLength(2);
    broker.publish('g', { body: 'longer than all of it' });
    expect(broker.history('g', { ...position, seq: 3 }, 10).lost).toBe('trimmed');
    expect(broker.history('g', { ...position, seq: 4 }, 10).entries).toEqual([]);
  });

  test('by historyMessagesMax', () => {
    const broker = new MemoryBroker({ historyMessagesMax: 3 });
    const { position } = broker.subscribe('g', receiver);
    for (let n = 0; n < 4; n += 1) broker.publish('g', { body: `${n}` });
    expect(broker.history('g', position, 10).lost).toBe('trimmed');
    expect(broker.history('g', { ...position, seq: 1 }, 10).entries).toHaveLength(3);
  });

  test('by historyMessagesMax, where 0 keeps nothing', () => {
    const broker = new MemoryBroker({ historyMessagesMax: 0 });
    const { position } = broker.subscribe('g', receiver);
    const head = broker.publish('g', { body: '1' });
    expect(broker.history('g', position, 10).lost).toBe('trimmed');
    expect(broker.history('g', head, 10).entries).toEqual([]);
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

describe('the histories of all groups together', () => {
  const fill = (broker: MemoryBroker, groupId: string, messages: number, length = 1_000) => {
    for (let n = 0; n < messages; n += 1) broker.publish(groupId, { body: `${n} ${'x'.repeat(length)}` });
  };
  /** Entries that `history` still gives of each group. */
  const kept = (broker: MemoryBroker, positions: { groupId: string; epoch: string; seq: number }[]) =>
    positions.map(({ groupId, epoch, seq }) => {
      for (let since = 0; since <= seq; since += 1) {
        const entries = broker.history(groupId, { epoch, seq: since }, 10_000).entries;
        if (entries !== undefined) return entries.length;
      }
      return 'another log';
    });
  const busy = (broker: MemoryBroker, groupId: string, messages: number) => {
    broker.subscribe(groupId, receiver);
    fill(broker, groupId, messages);
    return { groupId, ...broker.publish(groupId, { body: 'head' }) };
  };
  const idle = (broker: MemoryBroker, groupId: string, messages: number) => {
    fill(broker, groupId, messages);
    return { groupId, ...broker.publish(groupId, { body: 'head' }) };
  };

  test('are bounded by historyBytesTotalMax: idle groups are forgotten first, the one idle for longest before the others', () => {
    const broker = new MemoryBroker({ historyBytesTotalMax: 200_000 });
    const positions = [busy(broker, 'quiet', 20), idle(broker, 'old', 50), idle(broker, 'new', 50)];
    expect(kept(broker, positions)).toEqual([21, 51, 51]);
    positions.push(busy(broker, 'loud', 60));
    expect(kept(broker, positions)).toEqual([21, 'another log', 51, 61]);
  });

  test('then the largest gives, and a quiet one keeps what it has', () => {
    const broker = new MemoryBroker({ historyBytesTotalMax: 200_000 });
    const positions = [busy(broker, 'quiet', 20), busy(broker, 'large', 100), busy(broker, 'loud', 500)];
    const [quiet, large, loud] = kept(broker, positions);
    expect(quiet).toBe(21);
    expect(Number(large) + Number(loud)).toBeGreaterThan(140);
    expect(Number(large)).toBeGreaterThan(40);
    expect(Number(loud)).toBeGreaterThan(40);
    // In seq order and without a hole, still.
    const since = { ...(positions[2] as { epoch: string; seq: number }), seq: 501 - Number(loud) };
    const seqs = broker.history('loud', since, 10_000).entries?.map(({ seq }) => seq);
    expect(seqs).toEqual(Array.from({ length: Number(loud) }, (_, n) => since.seq + 1 + n));
  });

  test('leave what is published to an idle group readable, though there is room for nothing else', () => {
    const broker = new MemoryBroker({ historyBytesTotalMax: 5_000 });
    const first = broker.publish('g', { body: 'x'.repeat(4_000) });
    const second = broker.publish('g', { body: 'y'.repeat(4_000) });
    expect(second).toEqual({ epoch: first.epoch, seq: 2 });
    expect(broker.history('g', first, 10).entries).toMatchObject([{ seq: 2 }]);
    expect(broker.publish('g', { body: 'z'.repeat(100_000) })).toEqual({ epoch: first.epoch, seq: 3 });
    expect(broker.history('g', second, 10).lost).toBe('trimmed');
    expect(broker.publish('g', { body: 'small' })).toEqual({ epoch: first.epoch, seq: 4 });
    expect(broker.history('g', { ...first, seq: 3 }, 10).entries).toMatchObject([{ body: 'small' }]);
  });

  test('count what they take: many small messages are no free ones, and text beyond ASCII counts twice', () => {
    const room = (body: string) => {
      const broker = new MemoryBroker({ historyBytesTotalMax: 100_000 });
      const { position } = broker.subscribe('g', receiver);
      for (let n = 0; n < 2_000; n += 1) broker.publish('g', { body });
      for (let seq = 0; ; seq += 1) {
        const entries = broker.history('g', { ...position, seq }, 10_000).entries;
        if (entries !== undefined) return entries.length;
      }
    };
    expect(room('1')).toBeLessThan(1_000);
    expect(room('x'.repeat(5_000)) / room('ж'.repeat(5_000))).toBeGreaterThan(1.7);
  });
});

describe('historyAgeMaxMs', () => {
  const setUpBroker = () => {
    const clock = new FakeClock();
    return { clock, broker: new MemoryBroker({ clock, historyAgeMaxMs: 1_000 }) };
  };

  test('is the age of the oldest entry that history gives', async () => {
    const { clock, broker } = setUpBroker();
    const { position } = broker.subscribe('g', receiver);
    broker.subscribe('h', receiver);
    for (let n = 1; n <= 4; n += 1) {
      broker.publish('g', { body: `${n}` });
      await clock.advance(300);
    }
    expect(broker.history('g', position, 10).lost).toBe('trimmed');
    expect(broker.history('g', { ...position, seq: 1 }, 10).entries).toHaveLength(3);
    await clock.advance(300);
    expect(broker.history('g', { ...position, seq: 1 }, 10).lost).toBe('trimmed');
    expect(broker.history('g', { ...position, seq: 2 }, 10).entries).toHaveLength(2);
    await clock.advance(10_000);
    expect(broker.history('g', { ...position, seq: 3 }, 10).lost).toBe('trimmed');
    expect(broker.history('g', { ...position, seq: 4 }, 10).entries).toEqual([]);
    // Somebody is subscribed: the log is the same one.
    expect(broker.publish('g', { body: '5' })).toEqual({ epoch: position.epoch, seq: 5 });
    expect(broker.history('g', { ...position, seq: 4 }, 10).entries).toMatchObject([{ seq: 5 }]);
  });

  test('is how long a group without a subscriber is remembered, from its last message or subscriber', async () => {
    const { clock, broker } = setUpBroker();
    const epochOf = (groupId: string) => broker.publish(groupId, { body: '1' }).epoch;
    const left = broker.subscribe('left', receiver);
    broker.subscribe('busy', receiver);
    const [left1, busy1, used1] = ['left', 'busy', 'used'].map(epochOf);
    await clock.advance(600);
    left.unsubscribe();
    expect(epochOf('used')).toBe(used1);
    await clock.advance(999);
    expect(epochOf('used')).toBe(used1);
    await clock.advance(1);
    expect([epochOf('left') === left1, epochOf('used') === used1, epochOf('busy') === busy1]).toEqual([false, true, true]);
    await clock.advance(1_000);
    expect([epochOf('used') === used1, epochOf('busy') === busy1]).toEqual([false, true]);
  });
});

test('a receiver that leaves while it is delivered to leaves no second log behind', () => {
  const broker = new MemoryBroker({ idleGroupsMax: 0 });
  const positions: LogPosition[] = [];
  const { unsubscribe } = broker.subscribe('g', {
    ...receiver,
    deliver: () => {
      // Nobody is left, so the log is forgotten, and what comes back is another one.
      unsubscribe();
      positions.push(broker.subscribe('g', receiver).position);
    },
  });
  const { epoch } = broker.publish('g', { body: '1' });
  const [again] = positions;
  expect(again?.epoch).not.toBe(epoch);
  broker.publish('h', { body: '1' });
  expect(broker.publish('g', { body: '2' })).toEqual({ epoch: again?.epoch, seq: 1 });
});

test('a broker says whether it keeps a history', () => {
  expect(new MemoryBroker().retainsHistory).toBe(true);
  expect(new MemoryBroker({ historyMessagesMax: 0 }).retainsHistory).toBe(false);
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

test('a group is not idle while one of several subscribers is left: its log goes on, however little is remembered', () => {
  const broker = new MemoryBroker({ idleGroupsMax: 0, historyBytesTotalMax: 100 });
  const got: number[] = [];
  const receiver = (): BrokerReceiver => ({ deliver: ({ seq }) => got.push(seq), reset: () => {} });
  const [first, second] = [broker.subscribe('g', receiver()), broker.subscribe('g', receiver())];
  first.unsubscribe();
  const { epoch } = broker.publish('g', { body: '1' });
  expect(epoch).toBe(second.position.epoch);
  broker.publish('other', { body: '1' });
  expect(broker.publish('g', { body: '2' })).toEqual({ epoch, seq: 2 });
  expect(got).toEqual([1, 2]);
  second.unsubscribe();
  expect(broker.publish('g', { body: '1' }).epoch).not.toBe(epoch);
});

describe('idempotency keys of the broker in memory', () => {
  const publish = (broker: MemoryBroker, idempotencyKey: string, groupId = 'g') =>
    broker.publish(groupId, { body: '1', idempotencyKey });
  const isKnown = (broker: MemoryBroker, key: string, groupId = 'g') => publish(broker, key, groupId).duplicate === true;

  test('are remembered without a history too', () => {
    const broker = new MemoryBroker({ historyMessagesMax: 0 });
    broker.subscribe('g', receiver);
    const first = publish(broker, 'a');
    expect(publish(broker, 'a')).toEqual({ ...first, duplicate: true });
    expect(broker.publish('g', { body: '2' })).toEqual({ epoch: first.epoch, seq: 2 });
  });

  test('are bounded by idempotencyKeysMax in each group: the oldest is forgotten, and a repeat does not make one newer', () => {
    const broker = new MemoryBroker({ historyMessagesMax: 0, idempotencyKeysMax: 2 });
    for (const groupId of ['g', 'h']) broker.subscribe(groupId, receiver);
    for (const key of ['a', 'b', 'a', 'c']) publish(broker, key);
    publish(broker, 'a', 'h');
    expect(['b', 'c'].map((key) => isKnown(broker, key))).toEqual([true, true]);
    expect(isKnown(broker, 'a')).toBe(false);
    expect(isKnown(broker, 'a', 'h')).toBe(true);
  });

  test('are by default 1,024, and as many as a longer history has messages', () => {
    for (const [historyMessagesMax, keysMax] of [
      [0, 1_024],
      [2_000, 2_000],
    ] as const) {
      const broker = new MemoryBroker({ historyMessagesMax });
      broker.subscribe('g', receiver);
      for (let n = 0; n <= keysMax; n += 1) publish(broker, `${n}`);
      expect([isKnown(broker, '1'), isKnown(broker, '0')]).toEqual([true, false]);
    }
  });

  test.each([0, 10])('are as old as historyAgeMaxMs at most, with historyMessagesMax %d', async (historyMessagesMax) => {
    const clock = new FakeClock();
    const broker = new MemoryBroker({ clock, historyMessagesMax, historyAgeMaxMs: 1_000 });
    broker.subscribe('g', receiver);
    publish(broker, 'a');
    await clock.advance(500);
    publish(broker, 'b');
    await clock.advance(499);
    expect(isKnown(broker, 'a')).toBe(true);
    await clock.advance(1);
    expect([isKnown(broker, 'b'), isKnown(broker, 'a')]).toEqual([true, false]);
  });

  test('are forgotten with the group, which is idle by the same rules', async () => {
    const clock = new FakeClock();
    const broker = new MemoryBroker({ clock, historyMessagesMax: 0, historyAgeMaxMs: 1_000, idleGroupsMax: 1 });
    const { epoch } = publish(broker, 'a');
    expect(isKnown(broker, 'a')).toBe(true);
    publish(broker, 'a', 'h');
    const again = publish(broker, 'a');
    expect(again.duplicate).toBeUndefined();
    expect(again.epoch).not.toBe(epoch);
  });

  test('are known to a receiver that publishes again while it is delivered to', () => {
    const broker = new MemoryBroker();
    const answers: unknown[] = [];
    broker.subscribe('g', { ...receiver, deliver: () => answers.push(publish(broker, 'a')) });
    const first = publish(broker, 'a');
    expect(answers).toEqual([{ ...first, duplicate: true }]);
  });

  test('count under historyBytesTotalMax: the largest gives its oldest, and a quiet group keeps what it has', () => {
    const broker = new MemoryBroker({ historyMessagesMax: 0, idempotencyKeysMax: 100_000, historyBytesTotalMax: 100_000 });
    for (const groupId of ['quiet', 'g']) broker.subscribe(groupId, receiver);
    for (let n = 0; n < 20; n += 1) publish(broker, `${n}`, 'quiet');
    for (let n = 0; n < 2_000; n += 1) publish(broker, `${n}`);
    expect(isKnown(broker, '0', 'quiet')).toBe(true);
    expect(isKnown(broker, '1999')).toBe(true);
    expect(isKnown(broker, '1800')).toBe(true);
    expect(isKnown(broker, '0')).toBe(false);
    // One that is larger than all of the room is not remembered, and takes nobody's place for long.
    publish(broker, 'x'.repeat(100_000));
    expect(isKnown(broker, 'x'.repeat(100_000))).toBe(false);
  });

  test('go with their messages where the history gives way', () => {
    const broker = new MemoryBroker({ historyBytesTotalMax: 20_000 });
    const { position } = broker.subscribe('g', receiver);
    for (let n = 0; n < 30; n += 1) broker.publish('g', { body: 'x'.repeat(1_000), idempotencyKey: `${n}` });
    const oldest =
      Array.from({ length: 31 }, (_, seq) => seq).find((seq) => broker.history('g', { ...position, seq }, 100).entries) ?? 0;
    expect(oldest).toBeGreaterThan(5);
    // The message with seq n has the key n - 1.
    expect(isKnown(broker, `${oldest}`)).toBe(true);
    expect(isKnown(broker, `${oldest - 1}`)).toBe(false);
  });
});
