import assert from 'node:assert/strict';
import { Arrivals, assertSame } from './contract.js';
import { by, type MemberClaims, someone, WINDOW_MS } from './member-claims.js';

const LEASE_MS = 10_000;
const MINUTE_MS = 60_000;

/** When a member's time to come back is over. */
export const windowClaims: MemberClaims = {
  'a dropped member can be found for its resumeTtlMs, and expires then': async (store, other, advance) => {
    await store.touch('node-1', LEASE_MS);
    await store.put(someone('a', { state: 'dropped' }));
    await advance(WINDOW_MS * 0.8);
    assert.equal((await other.find('a', 'a-1', 0))?.state, 'dropped');
    assert.equal(await store.expire('a', 1), 'open');
    await advance(WINDOW_MS * 0.4);
    assertSame(await other.find('a', 'a-1', 0), undefined);
    assert.equal(await store.expire('a', 1), 'expired');
    assertSame(await other.takeOver('a', 'a-1', by('a')), undefined);
  },
  'a connected member stays for as long as its gateway is alive': async (store, other, advance) => {
    await store.touch('node-1', LEASE_MS);
    await store.put(someone('a'));
    await advance(WINDOW_MS * 5);
    assert.equal(await store.expire('a', 1), 'open');
    assert.equal((await other.find('a', 'a-1', 0))?.state, 'connected');
  },
  'a find keeps a member from expiring for its holdMs, and who has found it takes it over': async (store, other, advance) => {
    await store.touch('node-1', LEASE_MS);
    await store.put(someone('a', { state: 'dropped' }));
    await advance(WINDOW_MS * 0.8);
    assert.notEqual(await other.find('a', 'a-1', WINDOW_MS), undefined);
    await advance(WINDOW_MS * 0.8);
    assert.equal(await store.expire('a', 1), 'open');
    assert.equal((await other.takeOver('a', 'a-1', by('a')))?.generation, 2);
    await advance(WINDOW_MS * 2);
    assert.equal(await store.expire('a', 1), 'replaced');
  },
  'the holdMs of the last find counts: 0 lets the member go': async (store, other, advance) => {
    await store.touch('node-1', LEASE_MS);
    await store.put(someone('a', { state: 'dropped' }));
    await other.find('a', 'a-1', WINDOW_MS * 5);
    await other.find('a', 'a-1', 0);
    await advance(WINDOW_MS * 1.2);
    assert.equal(await store.expire('a', 1), 'expired');
  },
  'a put that names other tokens lets the member go, any other one does not': async (store, other, advance) => {
    await store.touch('node-1', LEASE_MS);
    await store.put(someone('a', { usedTokenHash: 'a-0' }));
    await other.find('a', 'a-0', WINDOW_MS * 5);
    await store.put(someone('a', { usedTokenHash: 'a-0', state: 'dropped' }));
    await advance(WINDOW_MS * 1.2);
    assert.equal(await store.expire('a', 1), 'open');
    await store.put(someone('a', { state: 'dropped' }));
    await advance(WINDOW_MS * 1.2);
    assert.equal(await store.expire('a', 1), 'expired');
  },
  'a hold ends by itself': async (store, other, advance) => {
    await store.touch('node-1', LEASE_MS);
    await store.put(someone('a', { state: 'dropped' }));
    await other.find('a', 'a-1', WINDOW_MS * 2);
    await advance(WINDOW_MS * 2.2);
    assert.equal(await store.expire('a', 1), 'expired');
  },
  'a member that is connected again has its whole time when it drops again': async (store, other, advance) => {
    await store.touch('node-1', LEASE_MS);
    await store.put(someone('a', { state: 'dropped' }));
    await advance(WINDOW_MS * 0.8);
    await store.put(someone('a'));
    await advance(WINDOW_MS * 2);
    await store.put(someone('a', { state: 'dropped' }));
    await advance(WINDOW_MS * 0.8);
    assert.notEqual(await other.find('a', 'a-1', 0), undefined);
  },
};

/** What a gateway hears of its members, and what becomes of those of one that is gone. */
export const nodeClaims: MemberClaims = {
  'the gateway that had a member is told that another one has it, and of no other member': async (store, other) => {
    const told: [string, number][] = [];
    const arrivals = new Arrivals();
    store.onReplaced('node-1', (memberId, generation) => {
      told.push([memberId, generation]);
      arrivals.arrived();
    });
    for (const member of [someone('a'), someone('b', { nodeId: 'node-3' }), someone('c')]) await store.put(member);
    await other.takeOver('b', 'b-1', by('b'));
    await store.takeOver('a', 'a-1', by('a', 1, { nodeId: 'node-1' }));
    await other.takeOver('a', 'a-2', by('a', 2));
    await other.takeOver('a', 'a-3', by('a', 3));
    await other.takeOver('c', 'c-1', by('c'));
    await arrivals.until(() => told.length >= 2, 'word of a and c');
    assertSame(told, [
      ['a', 3],
      ['c', 2],
    ]);
  },
  'a listener that was ended is told nothing more, and one function that listens twice is ended one by one': async (
    store,
    other,
  ) => {
    const arrivals = new Arrivals();
    let calls = 0;
    const listener = () => {
      calls += 1;
      arrivals.arrived();
    };
    const ends = [store.onReplaced('node-1', listener), store.onReplaced('node-1', listener)];
    ends[0]?.();
    ends[0]?.();
    await store.put(someone('a'));
    await other.takeOver('a', 'a-1', by('a'));
    await arrivals.until(() => calls > 0, 'word of a');
    assert.equal(calls, 1);
    ends[1]?.();
    const last = new Arrivals();
    let isTold = false;
    store.onReplaced('node-1', () => {
      isTold = true;
      last.arrived();
    });
    await store.put(someone('b'));
    await other.takeOver('b', 'b-1', by('b'));
    await last.until(() => isTold, 'word of b');
    assert.equal(calls, 1);
  },
  'a touch says whether the lease of the last one was still running': async (store, other, advance) => {
    assert.equal(await store.touch('node-1', LEASE_MS), 'lapsed');
    await advance(LEASE_MS / 2);
    assert.equal(await store.touch('node-1', LEASE_MS), 'alive');
    await advance(LEASE_MS * 0.75);
    assert.equal(await other.touch('node-2', LEASE_MS), 'lapsed');
    assert.equal(await store.touch('node-1', LEASE_MS), 'alive');
    await advance(LEASE_MS * 1.5);
    await other.touch('node-2', LEASE_MS);
    assert.equal(await store.touch('node-1', LEASE_MS), 'lapsed');
    assert.equal(await store.touch('node-1', LEASE_MS), 'alive');
    await advance(LEASE_MS * 1.5);
    await store.put(someone('a'));
    assert.equal(await store.touch('node-1', LEASE_MS), 'lapsed', 'a put makes no lease of it');
  },
  'the members of a gateway that is not touched have dropped when its lease ran out, and can be taken over for their time':
    async (store, other, advance) => {
      await store.touch('node-1', LEASE_MS);
      await store.put(someone('a'));
      await store.put(someone('b'));
      await advance(LEASE_MS + WINDOW_MS * 0.5);
      await other.touch('node-2', LEASE_MS);
      assert.equal((await other.takeOver('a', 'a-1', by('a')))?.generation, 2);
      assert.equal((await other.find('b', 'b-1', 0))?.state, 'dropped');
      await advance(WINDOW_MS * 0.6);
      await other.touch('node-2', LEASE_MS);
      assertSame(await other.find('b', 'b-1', 0), undefined);
      assertSame(await other.takeOver('b', 'b-1', by('b')), undefined, 'nobody else would end it');
      assert.notEqual(await other.find('a', 'a-2', 0), undefined);
    },
  'a member that dropped before its gateway died has no more time for that': async (store, other, advance) => {
    await store.touch('node-1', WINDOW_MS / 2);
    await store.put(someone('a', { state: 'dropped' }));
    await advance(WINDOW_MS * 0.75);
    await other.touch('node-2', LEASE_MS);
    assert.notEqual(await other.find('a', 'a-1', 0), undefined);
    await advance(WINDOW_MS * 0.4);
    assertSame(await other.find('a', 'a-1', 0), undefined);
  },
  'a gateway that was taken for dead puts its members again, but for those that another one has': async (
    store,
    other,
    advance,
  ) => {
    await store.touch('node-1', LEASE_MS);
    for (const memberId of ['a', 'b', 'c']) await store.put(someone(memberId));
    await advance(LEASE_MS + WINDOW_MS * 0.5);
    await other.touch('node-2', LEASE_MS);
    await other.takeOver('a', 'a-1', by('a'));
    await advance(WINDOW_MS);
    await other.touch('node-2', LEASE_MS);
    assert.equal(await store.touch('node-1', LEASE_MS), 'lapsed');
    assert.equal(await store.put(someone('a')), false);
    for (const memberId of ['b', 'c']) {
      assert.equal(await store.put(someone(memberId)), true);
      assertSame(await other.find(memberId, `${memberId}-1`, 0), someone(memberId));
    }
  },
  'a gateway that is not touched before it puts a member is alive, for a minute at most': async (store, other, advance) => {
    await other.touch('node-2', MINUTE_MS * 10);
    await store.put(someone('a'));
    await other.touch('node-2', MINUTE_MS * 10);
    assert.equal((await other.find('a', 'a-1', 0))?.state, 'connected');
    await advance(MINUTE_MS);
    await other.touch('node-2', MINUTE_MS * 10);
    await advance(WINDOW_MS * 1.1);
    await other.touch('node-2', MINUTE_MS * 10);
    assertSame(await other.find('a', 'a-1', 0), undefined);
  },
};
