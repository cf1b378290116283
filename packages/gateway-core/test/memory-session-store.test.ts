import { MemorySessionStore } from 'gateway-core';
import { FakeClock, sessionStoreContract } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';

const clock = new FakeClock();

describe('the session store in memory keeps the contract', () => {
  const claims = sessionStoreContract({
    create: () => new MemorySessionStore({ clock }),
    advance: (ms) => clock.advance(ms),
  });
  for (const { name, run } of claims) test(name, run);
});

test('a session lives for exactly its ttlMs', async () => {
  const store = new MemorySessionStore({ clock });
  store.upsert({ groupId: 'g', sessionId: 's', meta: {}, ttlMs: 1_000, sessionsMax: 0 });
  await clock.advance(999);
  expect(store.list('g')).toHaveLength(1);
  expect(store.expire()).toEqual([]);
  await clock.advance(1);
  expect(store.list('g')).toEqual([]);
  expect(store.expire()).toHaveLength(1);
});

test('of sessions with different ttlMs each ends at its own time, touched or not', async () => {
  const store = new MemorySessionStore({ clock });
  const upsert = (sessionId: string, ttlMs: number) => store.upsert({ groupId: 'g', sessionId, meta: {}, ttlMs, sessionsMax: 0 });
  upsert('long', 5_000);
  upsert('short', 1_000);
  upsert('longer', 2_000);
  upsert('shorter', 2_000);
  store.touch('g', 'longer', 4_000);
  store.touch('g', 'shorter', 500);
  const ended: string[][] = [];
  for (let at = 500; at <= 5_000; at += 500) {
    await clock.advance(500);
    ended.push(store.expire().map(({ sessionId }) => sessionId));
  }
  expect(ended).toEqual([['shorter'], ['short'], [], [], [], [], [], ['longer'], [], ['long']]);
});

test('expire gives up countMax at most, the rest with the next calls', async () => {
  const store = new MemorySessionStore({ clock });
  for (let n = 0; n < 5; n += 1)
    store.upsert({ groupId: `g${n % 2}`, sessionId: `s${n}`, meta: {}, ttlMs: 1_000, sessionsMax: 0 });
  await clock.advance(1_000);
  const ended = [0, 2, 2, 2, 2].map((countMax) => store.expire(countMax).map(({ sessionId }) => sessionId));
  expect(ended).toEqual([[], ['s0', 's1'], ['s2', 's3'], ['s4'], []]);
});

describe('the memory of all sessions is bounded by sessionBytesTotalMax', () => {
  const upsert = (store: MemorySessionStore, groupId: string, sessionId: string, label = 'x'.repeat(200)) =>
    store.upsert({ groupId, sessionId, meta: { label }, ttlMs: 1_000, sessionsMax: 0 });

  /** How many sessions there is room for, each in a group of its own. */
  function fill(store: MemorySessionStore, label?: string): number {
    let n = 0;
    while (upsert(store, `g${n}`, 's', label) !== undefined) n += 1;
    return n;
  }

  test('over all groups: one that is too many is refused, and nothing comes of it', () => {
    const store = new MemorySessionStore({ clock, sessionBytesTotalMax: 100_000 });
    const room = fill(store);
    expect(room).toBeGreaterThan(50);
    expect(room).toBeLessThan(150);
    expect(store.list(`g${room}`)).toEqual([]);
    expect(store.touch(`g${room}`, 's', 1_000)).toBe(false);
    expect(fill(new MemorySessionStore({ clock, sessionBytesTotalMax: 200_000 }))).toBeGreaterThan(room * 1.9);
  });

  test('where text beyond Latin-1 counts twice', () => {
    const room = (label: string) =>
      fill(new MemorySessionStore({ clock, sessionBytesTotalMax: 1_000_000 }), label.repeat(10_000));
    expect(room('x') / room('ж')).toBeGreaterThan(1.8);
  });

  test('for updates too: one that makes a session larger is refused, one that does not is taken', () => {
    const store = new MemorySessionStore({ clock, sessionBytesTotalMax: 100_000 });
    fill(store);
    const before = store.list('g0');
    expect(upsert(store, 'g0', 's', 'y'.repeat(2_000))).toBeUndefined();
    expect(store.list('g0')).toEqual(before);
    expect(upsert(store, 'g0', 's', 'y'.repeat(200))).toMatchObject({ created: false });
    expect(upsert(store, 'g1', 's', '')).toMatchObject({ created: false });
    // What the second one gave back is there for others.
    expect(upsert(store, 'g0', 's', 'z'.repeat(300))).toMatchObject({ created: false });
  });

  test('again and again: what has expired gives its room back, all of it', async () => {
    const store = new MemorySessionStore({ clock, sessionBytesTotalMax: 100_000 });
    const room = fill(store);
    for (let n = 0; n < 5; n += 1) {
      await clock.advance(1_000);
      expect(upsert(store, 'another', 's')).toBeUndefined();
      expect(store.expire()).toHaveLength(room);
      expect(fill(store)).toBe(room);
    }
  });

  test('with those that came to life again, both lives of which count until the first one’s end is told', async () => {
    const store = new MemorySessionStore({ clock, sessionBytesTotalMax: 100_000 });
    let lives = 0;
    for (; upsert(store, 'g', 's') !== undefined; lives += 1) await clock.advance(1_000);
    expect(lives).toBeGreaterThan(50);
    expect(lives).toBeLessThan(250);
    expect(store.expire()).toHaveLength(lives);
    expect(upsert(store, 'g', 's')).toMatchObject({ created: true });
  });
});

test('a session that comes to life again after each of its ends gives the room of every life back', async () => {
  const store = new MemorySessionStore({ clock, sessionBytesTotalMax: 2_000 });
  const upsert = () => store.upsert({ groupId: 'g', sessionId: 's', meta: {}, ttlMs: 1_000, sessionsMax: 0 });
  let ended = 0;
  for (let n = 0; n < 50; n += 1) {
    for (let life = 0; life < 2; life += 1) {
      expect(upsert()?.created).toBe(true);
      await clock.advance(1_000);
    }
    ended += store.expire().length;
  }
  expect(ended).toBe(100);
});
