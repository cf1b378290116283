import { MemoryPresenceStore, type PresenceMember } from 'gateway-core';
import { FakeClock, presenceStoreContract } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';

const clock = new FakeClock();

describe('the presence store in memory keeps the contract', () => {
  const claims = presenceStoreContract({
    create: () => new MemoryPresenceStore({ clock }),
    advance: (ms) => clock.advance(ms),
  });
  for (const { name, run } of claims) test(name, run);
});

describe('the memory of groups that are DOWN is bounded', () => {
  const member: PresenceMember = { memberId: 'a', nodeId: 'n', role: 'app-client', state: 'connected' };

  function comeAndGo(store: MemoryPresenceStore, groupId: string): void {
    store.enter(groupId, member);
    store.leave(groupId, 'a');
  }

  test('in time, by downTtlMs', async () => {
    const store = new MemoryPresenceStore({ clock, downTtlMs: 1_000 });
    comeAndGo(store, 'g');
    await clock.advance(999);
    expect(store.info('g').status).toBe('DOWN');
    await clock.advance(1);
    expect(store.info('g').status).toBe('UNKNOWN');
  });

  test('in number, by downGroupsMax: the one that is DOWN for longest is forgotten [R141]', () => {
    const store = new MemoryPresenceStore({ clock, downGroupsMax: 2 });
    for (const groupId of ['g', 'h', 'i']) comeAndGo(store, groupId);
    expect(['g', 'h', 'i'].map((groupId) => store.info(groupId).status)).toEqual(['UNKNOWN', 'DOWN', 'DOWN']);
  });

  test('a group that came back and went down again is the newest of them', () => {
    const store = new MemoryPresenceStore({ clock, downGroupsMax: 2 });
    for (const groupId of ['g', 'h', 'g', 'i']) comeAndGo(store, groupId);
    expect(['g', 'h', 'i'].map((groupId) => store.info(groupId).status)).toEqual(['DOWN', 'UNKNOWN', 'DOWN']);
  });

  test('in bytes, by downBytesMax, where text beyond Latin-1 counts twice', () => {
    const down = (store: MemoryPresenceStore) => {
      let groups = 0;
      for (let n = 0; n < 100; n += 1) if (store.info(`g${n}`).status === 'DOWN') groups += 1;
      return groups;
    };
    const left = (text: string) => {
      const store = new MemoryPresenceStore({ clock, downBytesMax: 100_000 });
      for (let n = 0; n < 100; n += 1) {
        store.enter(`g${n}`, { ...member, metadataText: JSON.stringify({ text: text.repeat(3_000) }) });
        store.leave(`g${n}`, 'a');
      }
      expect(store.info('g99').status).toBe('DOWN');
      return down(store);
    };
    const [narrow, wide] = [left('x'), left('ж')];
    expect(narrow).toBeGreaterThan(20);
    expect(narrow).toBeLessThan(34);
    expect(wide).toBeGreaterThan(10);
    expect(wide).toBeLessThan(17);
  });

  test('and what came back, or was DOWN for too long, takes nothing of it', async () => {
    const store = new MemoryPresenceStore({ clock, downBytesMax: 1_000, downTtlMs: 1_000 });
    for (let n = 0; n < 50; n += 1) {
      comeAndGo(store, 'g');
      store.enter('g', member);
      comeAndGo(store, `old ${n}`);
      await clock.advance(1_000);
      store.touch('n', 10_000);
      store.leave('g', 'a');
    }
    for (const groupId of ['a', 'b', 'c']) comeAndGo(store, groupId);
    expect(['g', 'a', 'b', 'c'].map((groupId) => store.info(groupId).status)).toEqual(['DOWN', 'DOWN', 'DOWN', 'DOWN']);
    comeAndGo(store, 'd');
    expect(store.info('g').status).toBe('UNKNOWN');
  });
});

test('a node whose lease ran out, and nobody noticed, begins another with the next member that it enters', async () => {
  const store = new MemoryPresenceStore({ clock, untouchedLeaseMs: 30_000 });
  const enter = (memberId: string) =>
    store.enter('g', { memberId, nodeId: 'late', role: 'app-client', state: 'connected' } satisfies PresenceMember);
  enter('a');
  await clock.advance(31_000);
  enter('b');
  await clock.advance(29_999);
  store.touch('other', 10_000);
  expect(store.info('g').details?.members).toBe(2);
  await clock.advance(1);
  store.touch('other', 10_000);
  expect(store.info('g')).toMatchObject({ status: 'DOWN' });
});

describe('a node that is known to be gone', () => {
  const member: PresenceMember = { memberId: 'a', nodeId: 'n', role: 'app-client', state: 'connected', generation: 1 };

  test('has its members dropped at once, who leave in time unless another node has them', async () => {
    const store = new MemoryPresenceStore({ clock });
    store.touch('n', 60_000);
    store.touch('m', 60_000);
    for (const memberId of ['a', 'b']) store.enter('g', { ...member, memberId });
    store.enter('g', { ...member, memberId: 'c', nodeId: 'm' });
    const changes: string[] = [];
    store.watch((groupId) => changes.push(groupId));
    store.dropNode('n', 5_000);
    expect(store.list('g').map(({ state }) => state)).toEqual(['dropped', 'dropped', 'connected']);
    expect(changes).toEqual(['g', 'g']);
    store.enter('g', { ...member, nodeId: 'm', generation: 2 });
    await clock.advance(4_999);
    store.touch('m', 60_000);
    expect(store.list('g')).toHaveLength(3);
    await clock.advance(1);
    store.touch('m', 60_000);
    expect(store.list('g').map(({ memberId }) => memberId)).toEqual(['a', 'c']);
  });

  test('and is not, is told so by its next touch', () => {
    const store = new MemoryPresenceStore({ clock });
    store.touch('n', 60_000);
    expect(store.touch('n', 60_000)).toBe('alive');
    store.dropNode('n', 5_000);
    expect(store.touch('n', 60_000)).toBe('lapsed');
  });

  test('and was never heard of, changes nothing', () => {
    const store = new MemoryPresenceStore({ clock });
    store.dropNode('n', 5_000);
    expect(store.touch('n', 60_000)).toBe('lapsed');
  });
});
