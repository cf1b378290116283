import { type Broker, type BrokerHistory, type Limits, MemoryBroker, type ResetReason } from 'gateway-core';
import { FakeClock } from 'gateway-core/testing';
import type { LogPosition, ResumeSince } from 'gateway-protocol';
import { describe, expect, test } from 'vitest';
import type { Group } from '../src/groups/group.js';
import { Groups } from '../src/groups/groups.js';
import { DEFAULT_LIMITS } from '../src/limits.js';
import { PartTimeouts } from '../src/part-timeouts.js';
import { Slices } from '../src/slices.js';

/** A broker of which a test answers each `history`, or which does so at once. */
class AskedBroker extends MemoryBroker {
  readonly asked: { since: LogPosition; limit: number; answer: (early?: BrokerHistory) => void; fail: (error: Error) => void }[] =
    [];
  isLate = false;

  override history(groupId: string, since: LogPosition, limit: number): BrokerHistory {
    const own = () => super.history(groupId, since, limit);
    if (!this.isLate) {
      this.asked.push({ since, limit, answer: () => {}, fail: () => {} });
      return own();
    }
    return new Promise<BrokerHistory>((resolve, reject) => {
      this.asked.push({ since, limit, answer: (early) => resolve(early ?? own()), fail: reject });
    }) as never;
  }
}

async function setUpGroups(broker: Broker, given: Partial<Limits> = {}) {
  const clock = new FakeClock();
  const failures: { where: string; message: string }[] = [];
  const failed = (error: unknown, where: string) => failures.push({ where, message: (error as Error).message });
  const timeouts = new PartTimeouts(clock, 10_000);
  const counters = { delivered: 0, resets: 0, published: 0, gaps: 0, passedOver: 0, lost: 0 };
  const limits = { ...DEFAULT_LIMITS, ...given };
  const groups = new Groups(
    broker,
    clock,
    new Slices(clock, 4, () => {}),
    limits,
    timeouts,
    counters,
    failed,
    () => {},
    () => {},
  );
  return { clock, groups, failures, timeouts };
}

const publish = (broker: MemoryBroker, count: number) => {
  let position: LogPosition = { epoch: '', seq: 0 };
  for (let n = 0; n < count; n += 1) position = broker.publish('g', { body: `"payload":{"data":${n}}}` });
  return position;
};

/** A group that this gateway has opened after `before` messages, and that has got `after` more since. */
async function opened({ before = 5, after = 2, isLate = false, limits = {} as Partial<Limits> } = {}) {
  const broker = new AskedBroker();
  publish(broker, before);
  const set = await setUpGroups(broker, limits);
  const group = (await set.groups.open('g')) as Group;
  const { epoch } = group.position;
  publish(broker, after);
  broker.isLate = isLate;
  const reach = (seq: number) => set.groups.reach(group, { epoch, seq });
  return { ...set, broker, group, epoch, reach };
}

describe('a log that does not reach back to a position', () => {
  test('gets from the broker what closes the hole, at once where the broker answers at once', async () => {
    const { broker, group, epoch, reach, failures } = await opened();
    expect(group.firstSeq).toBe(6);
    expect(reach(2)).toBeUndefined();
    expect([group.firstSeq, group.logSize.messages, group.position.seq]).toEqual([3, 5, 7]);
    expect(broker.asked).toMatchObject([{ since: { epoch, seq: 2 }, limit: 3 }]);
    expect(reach(0)).toBeUndefined();
    expect(group.firstSeq).toBe(1);
    expect(failures).toEqual([]);
  });

  test('shares the broker with the gateway that has what it lacks', async () => {
    const broker = new MemoryBroker();
    const [west, east] = [await setUpGroups(broker), await setUpGroups(broker)];
    const there = (await west.groups.open('g')) as Group;
    const head = publish(broker, 5);
    const here = (await east.groups.open('g')) as Group;
    expect([there.firstSeq, here.firstSeq]).toEqual([1, 6]);
    await east.groups.reach(here, { epoch: head.epoch, seq: 1 });
    expect([here.firstSeq, here.logSize.messages, here.logSize.bytes]).toEqual([2, 4, (there.logSize.bytes * 4) / 5]);
  });

  test('gets it also where the broker needs time, and messages come meanwhile', async () => {
    const { broker, group, reach } = await opened({ isLate: true });
    const reaching = reach(2);
    expect(group.firstSeq).toBe(6);
    publish(broker, 3);
    broker.asked[0]?.answer();
    await reaching;
    expect([group.firstSeq, group.position.seq, group.logSize.messages]).toEqual([3, 10, 8]);
  });

  test.each<[string, (epoch: string) => ResumeSince, number, ...number[]]>([
    ['the last messages are asked for', () => ({ tail: 4 }), 4, 3],
    ['more are asked for than there are', () => ({ tail: 1_000_000 }), 1, 0],
    ['a position is recovered, it is that alone', (epoch) => ({ epoch, seq: 2, tail: 6 }), 3, 2],
    ['a position is of another log, which is asked about first', () => ({ epoch: 'another', seq: 2, tail: 4 }), 4, 2, 3],
    ['a position is ahead, as far as it has them', (epoch) => ({ epoch, seq: 99, tail: 1 }), 6, -1],
  ])('gets from the broker what a tail lacks: where %s', async (_, since, firstSeq, ...askedAfter) => {
    const { broker, groups, group, epoch } = await opened();
    expect(groups.reach(group, since(epoch))).toBeUndefined();
    expect(group.firstSeq).toBe(firstSeq);
    expect(broker.asked.map((asked) => asked.since.seq)).toEqual(askedAfter.filter((seq) => seq >= 0));
  });

  test('gets no more for a tail than it may hold', async () => {
    const { groups, group } = await opened({ before: 50, limits: { logMessagesMax: 10 } });
    groups.reach(group, { tail: 40 });
    expect([group.firstSeq, group.position.seq, group.logSize.messages]).toEqual([43, 52, 10]);
  });

  test.each<[string, (epoch: string) => LogPosition]>([
    ['it reaches back already', (epoch) => ({ epoch, seq: 5 })],
    ['the position is ahead', (epoch) => ({ epoch, seq: 99 })],
  ])('the broker is not asked where %s', async (_, since) => {
    const { broker, groups, group, epoch } = await opened();
    expect(groups.reach(group, since(epoch))).toBeUndefined();
    expect([broker.asked.length, group.firstSeq]).toEqual([0, 6]);
  });

  test('of a position in another log it is asked whether that was this one, and nothing comes of it where it was not', async () => {
    const { broker, groups, group, epoch } = await opened();
    for (const seq of [2, 99]) expect(groups.reach(group, { epoch: 'another', seq })).toBeUndefined();
    expect([broker.asked.map(({ since }) => since.epoch), group.firstSeq]).toEqual([['another', 'another'], 6]);
    expect(group.position.epoch).toBe(epoch);
  });

  test('it is not asked where it has no history', async () => {
    const { broker, group, reach } = await opened();
    Object.assign(broker, { retainsHistory: false });
    expect(reach(2)).toBeUndefined();
    expect([broker.asked.length, group.firstSeq]).toEqual([0, 6]);
  });

  test('nor for more than the log can hold', async () => {
    const { broker, group, reach } = await opened({ limits: { logMessagesMax: 4 } });
    reach(2);
    expect([broker.asked.length, group.firstSeq]).toEqual([0, 6]);
    reach(3);
    expect([broker.asked.length, group.firstSeq]).toEqual([1, 4]);
  });
});

describe('two who ask at once', () => {
  test('share one call where it has all that they need', async () => {
    const { broker, group, reach } = await opened({ isLate: true });
    const reaching = [reach(2), reach(2), reach(4)];
    expect(broker.asked).toHaveLength(1);
    broker.asked[0]?.answer();
    await Promise.all(reaching);
    expect([group.firstSeq, group.logSize.messages]).toEqual([3, 5]);
    // That call is over: the next one asks anew.
    const next = reach(1);
    expect(broker.asked).toHaveLength(2);
    broker.asked[1]?.answer();
    await next;
    expect(group.firstSeq).toBe(2);
  });

  test.each([
    [0, 1],
    [1, 0],
  ])('do not disturb each other where the second needs more, whichever is answered first', async (first, second) => {
    const { broker, group, reach } = await opened({ isLate: true });
    const reaching = [reach(3), reach(1)];
    expect(broker.asked).toHaveLength(2);
    broker.asked[first]?.answer();
    await reaching[first];
    broker.asked[second]?.answer();
    await reaching[second];
    expect([group.firstSeq, group.logSize.messages]).toEqual([2, 6]);
  });
});

describe('an answer that does not help leaves the log as it is', () => {
  test.each<ResetReason>(['epoch', 'trimmed', 'ahead'])('as one that is lost: %s', async (lost) => {
    const { broker, group, epoch, reach, failures } = await opened({ isLate: true });
    const reaching = reach(2);
    broker.asked[0]?.answer({ lost, head: { epoch, seq: 7 } });
    await reaching;
    expect([group.firstSeq, failures]).toEqual([6, []]);
  });

  test('as one that comes when the log has begun anew', async () => {
    const { broker, group, reach } = await opened({ isLate: true });
    const reaching = reach(2);
    group.reset({ epoch: 'new', seq: 5 });
    broker.asked[0]?.answer();
    await reaching;
    expect([group.firstSeq, group.logSize.messages]).toEqual([6, 0]);
  });

  test('as one of another log than was asked about', async () => {
    const { broker, group, reach } = await opened({ isLate: true });
    const reaching = reach(4);
    broker.asked[0]?.answer({ entries: [{ seq: 5, body: '' }], head: { epoch: 'another', seq: 7 } });
    await reaching;
    expect(group.firstSeq).toBe(6);
  });

  test('as one that comes when the group has been forgotten, and opened anew', async () => {
    const { broker, clock, group, groups, reach } = await opened({ isLate: true, limits: { logAgeMaxMs: 1_000 } });
    const reaching = reach(2);
    await clock.advance(1_000);
    for (const _ of groups.sweep(clock.monotonicMs()));
    const again = (await groups.open('g')) as Group;
    expect(again).not.toBe(group);
    broker.asked[0]?.answer();
    await reaching;
    expect([group.logSize.messages, again.logSize.messages, groups.logBytes < 4_096]).toEqual([0, 0, true]);
  });

  test('as one after which the log has lost its own front meanwhile: what would leave a hole is not put there', async () => {
    const { broker, clock, group, reach } = await opened({ isLate: true, limits: { logAgeMaxMs: 1_000 } });
    const reaching = reach(2);
    await clock.advance(1_000);
    publish(broker, 1);
    group.flush();
    group.expire(clock.monotonicMs());
    broker.asked[0]?.answer();
    await reaching;
    expect([group.firstSeq, group.logSize.messages]).toEqual([8, 1]);
  });
});

describe('a broker that fails is reported, and the log stays as it is', () => {
  test('by throwing', async () => {
    const { broker, group, reach, failures } = await opened();
    broker.history = () => {
      throw new Error('broken');
    };
    expect(reach(2)).toBeUndefined();
    expect([group.firstSeq, failures]).toEqual([6, [{ where: 'broker.history', message: 'broken' }]]);
  });

  test('by rejecting, for all who wait, once; and the next one asks anew', async () => {
    const { broker, group, reach, failures } = await opened({ isLate: true });
    const reaching = [reach(2), reach(2)];
    broker.asked[0]?.fail(new Error('broken'));
    await Promise.all(reaching);
    expect([group.firstSeq, failures]).toEqual([6, [{ where: 'broker.history', message: 'broken' }]]);
    const next = reach(2);
    broker.asked[1]?.answer();
    await next;
    expect(group.firstSeq).toBe(3);
  });

  test('by not answering within partTimeoutMs; what it answers later is ignored', async () => {
    const { broker, clock, group, reach, failures } = await opened({ isLate: true });
    const reaching = reach(2);
    await clock.advance(10_000);
    await reaching;
    expect(failures).toMatchObject([{ where: 'broker.history', message: expect.stringContaining('partTimeoutMs') }]);
    broker.asked[0]?.answer();
    await clock.settle();
    expect(group.firstSeq).toBe(6);
  });

  test('but not at the end of the gateway, when nobody waits any more', async () => {
    const { groups, timeouts, reach, failures } = await opened({ isLate: true });
    const reaching = reach(2);
    groups.dispose();
    timeouts.close();
    await reaching;
    expect(failures).toEqual([]);
  });
});
