import { MemoryBroker, MemoryPresenceStore } from 'gateway-core';
import { FakeClock } from 'gateway-core/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Group, Membership } from '../src/groups/group.js';
import { Groups } from '../src/groups/groups.js';
import { PresenceAnnouncer } from '../src/groups/presence-announcer.js';
import { PresenceIntervals, Rhythm } from '../src/groups/presence-intervals.js';
import { DEFAULT_LIMITS } from '../src/limits.js';
import { PartTimeouts } from '../src/part-timeouts.js';
import { Slices } from '../src/slices.js';
import { textsOf } from '../src/testing/texts-of.js';
import { BusyClock, CostlySocket } from './support/busy-clock.js';
import { identify, long, presencesOf, say } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { setUp } from './support/set-up.js';

/** Nobody is taken for silent. */
const timings = { heartbeatTimeoutMs: 10_000_000, identifyTimeoutMs: 10_000_000 };
const limits = { messagesPerSecondMax: 0, bytesPerSecondMax: 0 };

const presencesIn = (socket: RecordingSocket) => socket.received.filter(({ type }) => type === 'presence_update');

/** A gateway whose groups of those many members change every 50 ms; `during` answers how many updates each member of each was written. */
async function restless(sizes: number[], presenceWritesPerSecondMax: number) {
  const set = setUp({ timings, limits: { ...limits, presenceWritesPerSecondMax } });
  const groups = await Promise.all(
    sizes.map(async (size, index) => {
      const clients = Array.from({ length: size }, set.connect);
      for (const client of clients) client.send(identify(`g${index}`));
      return clients;
    }),
  );
  await set.clock.advance(1_000);
  const during = async (ms: number) => {
    const told = () => groups.map((clients) => presencesOf(clients.at(-1)!).length);
    const before = told();
    for (let at = 0; at < ms; at += 50) {
      for (const [index, clients] of groups.entries()) clients[0]?.send(identify(`g${index}`, { metadata: { at } }));
      await set.clock.advance(50);
    }
    return told().map((count, index) => count - (before[index] as number));
  };
  return { ...set, during };
}

describe('the time between two updates of a group', () => {
  test('is presenceIntervalMs for a small group [R139]', async () => {
    const { during } = await restless([10], 5_000);
    expect(await during(10_000)).toEqual([expect.closeTo(50, -0.5)]);
  });

  test('grows with the group, so that presenceWritesPerSecondMax members are written to per second [R140]', async () => {
    const { during } = await restless([300], 300);
    await during(2_000);
    expect(await during(20_000)).toEqual([expect.closeTo(20, -0.5)]);
  });

  test('grows with the number of groups, so that all together keep to it', async () => {
    const sizes = Array.from({ length: 30 }, () => 10);
    const { during } = await restless(sizes, 100);
    await during(10_000);
    const writes = (await during(60_000)).reduce((sum, updates) => sum + updates * 10, 0);
    expect(writes).toBeLessThanOrEqual(60 * 100 * 1.1);
    expect(writes).toBeGreaterThan((60 * 100) / 2);
  });

  test('is as before for who goes on, once others that changed are quiet again', async () => {
    const set = setUp({ timings, limits: { ...limits, presenceWritesPerSecondMax: 100 } });
    const restless = await set.join('restless');
    for (let n = 0; n < 40; n += 1) for (let member = 0; member < 5; member += 1) await set.join(`quiet ${n}`);
    const told = async () => {
      const before = presencesOf(restless).length;
      for (let at = 0; at < 10_000; at += 50) {
        restless.send(identify('restless', { metadata: { at } }));
        await set.clock.advance(50);
      }
      return presencesOf(restless).length - before;
    };
    await told();
    expect(await told()).toBeGreaterThanOrEqual(49);
  });

  test('of a small group hardly grows beside a large one', async () => {
    const { during } = await restless([400, 2], 400);
    await during(5_000);
    const [large, small] = (await during(30_000)) as [number, number];
    expect(small).toBeGreaterThan(100);
    expect(large).toBeGreaterThan(20);
    expect(large * 400 + small * 2).toBeLessThanOrEqual(30 * 400 * 1.1);
  });

  test('is presenceIntervalMs, however large the group, where presenceWritesPerSecondMax is 0', async () => {
    const { during } = await restless([300], 0);
    expect(await during(10_000)).toEqual([expect.closeTo(50, -0.5)]);
  });

  test('does not hold up the first change after a quiet time, which goes at the end of its turn', async () => {
    const { clock, during, join, connect } = await restless([300], 100);
    await during(1_000);
    await clock.advance(20_000);
    const watching = connect();
    watching.send(identify('g0'));
    await clock.settle();
    expect(presencesOf(watching)).toMatchObject([{ details: { members: 301 } }]);
    const later = await join('g0');
    expect(presencesOf(later)).toEqual([]);
    await clock.advance(4_000);
    expect(presencesOf(later)).toMatchObject([{ details: { members: 302 } }]);
  });
});

describe('presence and messages of one turn', () => {
  test('are one write, of one buffer that all share', async () => {
    const { clock, gateway } = setUp({ timings, limits });
    const sockets = Array.from({ length: 3 }, () => new RecordingSocket(gateway));
    for (const socket of sockets) socket.send(identify('g'));
    await clock.advance(1_000);
    for (const socket of sockets) socket.writes.length = 0;
    sockets[1]?.send(identify('g', { metadata: { second: true } }));
    sockets[0]?.send(say('hello'));
    await clock.settle();
    const [first, second, third] = sockets.map(({ writes }) => writes.at(-1));
    expect([...textsOf(first as Buffer)].map((text) => JSON.parse(text).type)).toEqual(['presence_update', 'data_update']);
    expect(second).toBe(first);
    expect(third).toBe(first);
    expect(sockets.map(({ writes }) => writes.length)).toEqual([1, 2, 1]);
  });

  test('are two writes where one would be longer than a write may be', async () => {
    const { clock, gateway } = setUp({ timings, limits: { ...limits, socketHighWaterMarkBytes: 1_200 } });
    const sockets = Array.from({ length: 2 }, () => new RecordingSocket(gateway));
    for (const socket of sockets) socket.send(identify('g'));
    await clock.advance(1_000);
    for (const socket of sockets) socket.writes.length = 0;
    sockets[1]?.send(identify('g', { metadata: { text: long(300) } }));
    sockets[0]?.send(say(long(900)));
    await clock.settle();
    for (const socket of sockets) {
      expect(Math.max(...socket.writes.map(({ length }) => length))).toBeLessThanOrEqual(1_200);
      expect(socket.data).toHaveLength(1);
      expect(presencesIn(socket)).toHaveLength(1);
    }
  });

  test('hold the event loop for 5 ms at most, however many there are to be told, and everybody gets the newest', async () => {
    const clock = new BusyClock();
    const { gateway } = setUp({ timings: { ...timings, slowConsumerTimeoutMs: 0 }, limits }, clock);
    const many = Array.from({ length: 1_000 }, () => new CostlySocket(gateway, clock, 0.05));
    for (const socket of many) socket.send(identify('g'));
    await clock.advance(10_000);
    clock.longestMs = 0;
    for (const socket of many) socket.writes.length = 0;
    many[0]?.send(identify('g', { metadata: { n: 1 } }));
    let slices = 0;
    clock.between = () => {
      slices += 1;
      if (slices === 5) many[1]?.send(say('meanwhile'));
    };
    await clock.advance(10_000);
    expect(slices).toBeGreaterThan(10);
    expect(clock.longestMs).toBeLessThanOrEqual(5);
    for (const socket of many) {
      expect(presencesIn(socket)).toHaveLength(1);
      expect(socket.data).toEqual(['meanwhile']);
    }
  });

  test('of many groups that change in one turn hold it no longer', async () => {
    const clock = new BusyClock();
    const { gateway } = setUp({ timings: { ...timings, slowConsumerTimeoutMs: 0 }, limits }, clock);
    const many = Array.from({ length: 1_000 }, () => new CostlySocket(gateway, clock, 0.05));
    for (const [n, socket] of many.entries()) socket.send(identify(`g${n}`));
    await clock.settle();
    expect(clock.longestMs).toBeLessThanOrEqual(5);
    for (const socket of many) expect(presencesIn(socket)).toHaveLength(1);
  });
});

describe('a member that is behind', () => {
  /** A socket that is over the mark and is owed presence. */
  async function owed() {
    const set = setUp({ timings, limits: { ...limits, socketHighWaterMarkBytes: 3_000 } });
    const talker = await set.join('g');
    const slow = new RecordingSocket(set.gateway);
    slow.send(identify('g'));
    await set.clock.advance(1_000);
    slow.stuck = true;
    for (let n = 0; n < 4; n += 1) {
      talker.send(say(long(1_000)));
      await set.clock.settle();
    }
    slow.writes.length = 0;
    for (let n = 0; n < 3; n += 1) {
      await set.join('g');
      await set.clock.advance(1_000);
    }
    expect(slow.writes).toEqual([]);
    return { ...set, talker, slow };
  }

  test('is written the newest presence as soon as it is found under the mark, though it never drains', async () => {
    const { clock, talker, slow } = await owed();
    for (let n = 0; n < 10; n += 1) {
      slow.bufferedBytes = Math.max(1, slow.bufferedBytes - 1_600);
      talker.send(say(long(1_000)));
      await clock.settle();
    }
    expect(presencesIn(slow)).toMatchObject([{ payload: { info: { details: { members: 5 } } } }]);
  });

  test('is written it once, however often it drains after that', async () => {
    const { clock, slow } = await owed();
    for (let n = 0; n < 5; n += 1) {
      slow.drain();
      await clock.advance(1_000);
    }
    expect(presencesIn(slow)).toHaveLength(1);
  });

  test('is not written the older one, where a newer one comes before it has drained', async () => {
    const { clock, slow, join } = await owed();
    await join('g');
    await clock.advance(1_000);
    slow.drain();
    await clock.settle();
    expect(presencesIn(slow)).toMatchObject([{ payload: { info: { details: { members: 6 } } } }]);
  });

  test('is not written it where it leaves', async () => {
    const { clock, slow } = await owed();
    slow.listener.failed(1002, 'it broke the protocol');
    slow.drain();
    await clock.settle();
    expect(presencesIn(slow)).toEqual([]);
  });
});

describe('tell', () => {
  async function announcing() {
    const clock = new FakeClock();
    const store = new MemoryPresenceStore({ clock });
    const slices = new Slices(clock, 4, () => {});
    const counters = { delivered: 0, resets: 0, gaps: 0, passedOver: 0, lost: 0, published: 0 };
    const timeouts = new PartTimeouts(clock, 10_000);
    const groups = new Groups(
      new MemoryBroker(),
      clock,
      slices,
      DEFAULT_LIMITS,
      timeouts,
      counters,
      () => {},
      () => {},
      () => {},
    );
    const pace = { intervalMs: 200, intervalMaxMs: 10_000, writesPerSecondMax: 5_000 };
    const announcer = new PresenceAnnouncer(store, groups, clock, slices, timeouts, pace, {
      announced: () => {},
      failed: () => {},
    });
    onTestFinished(() => announcer.close());
    const group = (await groups.open('g')) as Group;
    const writes: string[] = [];
    const receiver = {
      blocked: false,
      deflate: false,
      gone: false,
      hearsGaps: false,
      write: (frames: Buffer) => writes.push(...textsOf(frames)),
      lost: () => {},
    };
    const memberships = [groups.add(group, receiver), groups.add(group, { ...receiver, write: () => {} })];
    store.enter('g', { memberId: 'm', nodeId: 'n', role: 'app-client', state: 'connected' });
    return { clock, groups, announcer, receiver, writes, membership: memberships[0] as Membership };
  }

  test('writes the newest presence to one member, again where it has it', async () => {
    const { clock, announcer, writes, membership } = await announcing();
    await clock.settle();
    announcer.tell(membership);
    expect(writes).toHaveLength(2);
    expect(writes[1]).toBe(writes[0]);
    expect(JSON.parse(writes[0] as string)).toMatchObject({ type: 'presence_update', groupId: 'g' });
    await clock.advance(1_000);
    expect(writes).toHaveLength(2);
  });

  test('of one that is over the mark owes it, once', async () => {
    const { clock, announcer, receiver, writes, membership } = await announcing();
    await clock.settle();
    receiver.blocked = true;
    for (let n = 0; n < 3; n += 1) announcer.tell(membership);
    expect(writes).toHaveLength(1);
    receiver.blocked = false;
    for (let n = 0; n < 3; n += 1) membership.group.catchUp(membership);
    expect(writes).toHaveLength(2);
  });

  test('before anything was announced has the group announced', async () => {
    const { clock, announcer, writes, membership } = await announcing();
    announcer.tell(membership);
    expect(writes).toEqual([]);
    await clock.settle();
    expect(writes).toHaveLength(1);
  });

  test('of one that has left writes nothing', async () => {
    const { clock, groups, announcer, writes, membership } = await announcing();
    await clock.settle();
    groups.remove(membership);
    announcer.tell(membership);
    await clock.settle();
    expect(writes).toHaveLength(1);
  });
});

test('no interval is longer than a timer takes, which would end at once', () => {
  const intervals = new PresenceIntervals({ intervalMs: 200, intervalMaxMs: 10_000, writesPerSecondMax: 1 });
  expect(intervals.next(new Rhythm(), 1_000_000)).toBe(1_000_000_000);
  expect(intervals.next(new Rhythm(), 10_000_000)).toBe(2 ** 31 - 1);
});
