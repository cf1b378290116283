import assert from 'node:assert/strict';
import { Arrivals, assertSame } from './contract.js';
import { type PresenceClaims, someone, Watcher } from './presence-claims.js';

const TTL_MS = 1_000;
const MINUTE_MS = 60_000;

/** What holds between gateways that share a store. */
export const sharingClaims: PresenceClaims = {
  'what one gateway enters, all that share the store see': async (store, other) => {
    await store.enter('g', someone('a'));
    await other.enter('g', someone('b', { nodeId: 'node-2' }));
    for (const side of [store, other]) {
      assertSame(await side.list('g'), [someone('a'), someone('b', { nodeId: 'node-2' })]);
      assertSame(await side.info('g'), { status: 'UP', details: { role: 'app-client', members: 2 } });
    }
  },
  'what is said of an earlier generation of a member, which was resumed elsewhere since, changes nothing': async (
    store,
    other,
  ) => {
    const resumed = someone('a', { nodeId: 'node-2', generation: 2 });
    await store.enter('g', someone('a', { generation: 1 }));
    await other.enter('g', resumed);
    await store.enter('g', someone('a', { generation: 1, state: 'dropped' }));
    await store.leave('g', 'a', 1);
    for (const side of [store, other]) assertSame(await side.list('g'), [resumed]);
    assertSame(await store.info('g'), { status: 'UP', details: { role: 'app-client', members: 1 } });
    await other.enter('g', { ...resumed, state: 'dropped' });
    assertSame(await store.list('g'), [{ ...resumed, state: 'dropped' }]);
    await other.leave('g', 'a', 2);
    assertSame(await store.list('g'), []);
  },
  'who names no generation speaks of whichever there is': async (store) => {
    await store.enter('g', someone('a', { generation: 2 }));
    await store.enter('g', someone('a', { role: 'dashboard' }));
    assertSame(await store.list('g'), [someone('a', { role: 'dashboard' })]);
    await store.enter('g', someone('b', { generation: 2 }));
    await store.leave('g', 'b');
    assertSame(await store.list('g'), [someone('a', { role: 'dashboard' })]);
  },
  'a watcher is told of every kind of change by another gateway, when it can be read': async (store, other) => {
    // A store beyond a network hears of others from when it is connected.
    await store.info('g');
    const statuses: string[] = [];
    const arrivals = new Arrivals();
    const unwatch = store.watch(async (groupId) => {
      statuses.push((await store.info(groupId)).status);
      arrivals.arrived();
    });
    const comes = (status: string) => arrivals.until(() => statuses.at(-1) === status, `word of ${status}`);
    await other.enter('g', someone('a'));
    await comes('UP');
    await other.enter('g', someone('a', { state: 'dropped' }));
    await comes('DEGRADED');
    await other.leave('g', 'a');
    await comes('DOWN');
    unwatch();
  },
  'a watcher that was ended is told nothing more, and ending it twice is no error': async (store) => {
    const ended = new Watcher(store);
    const going = new Watcher(store);
    ended.unwatch();
    ended.unwatch();
    await store.enter('g', someone('a'));
    await going.toldOf('g');
    assertSame(ended.told, []);
  },
  'one function that watches twice is ended one by one': async (store) => {
    const arrivals = new Arrivals();
    let calls = 0;
    const listener = () => {
      calls += 1;
      arrivals.arrived();
    };
    const unwatchFirst = store.watch(listener);
    store.watch(listener);
    unwatchFirst();
    await store.enter('g', someone('a'));
    await arrivals.until(() => calls > 0, 'word of g');
    assert.equal(calls, 1);
  },
};

/** What becomes of the members of a gateway that is gone. */
export const leaseClaims: PresenceClaims = {
  'the members of a node that was not touched in time have left, once another node is': async (store, other, advance) => {
    const watcher = new Watcher(other);
    await store.touch('node-1', TTL_MS);
    await other.touch('node-2', TTL_MS * 10);
    await store.enter('shared', someone('a'));
    await store.enter('lonely', someone('a'));
    await other.enter('shared', someone('b', { nodeId: 'node-2' }));
    await watcher.toldOf('shared');
    watcher.told.length = 0;
    await advance(TTL_MS * 1.5);
    await other.touch('node-2', TTL_MS * 10);
    assertSame(await other.list('shared'), [someone('b', { nodeId: 'node-2' })]);
    assertSame(await other.info('lonely'), { status: 'DOWN', details: { role: 'app-client', members: 0 } });
    for (const groupId of ['shared', 'lonely']) await watcher.toldOf(groupId);
  },
  'a touch lets a node live for its ttlMs from then on': async (store, other, advance) => {
    await store.touch('node-1', TTL_MS);
    await store.enter('g', someone('a'));
    for (let n = 0; n < 3; n += 1) {
      await advance(TTL_MS / 2);
      await store.touch('node-1', TTL_MS);
    }
    await other.touch('node-2', TTL_MS);
    assertSame(await other.list('g'), [someone('a')]);
  },
  'the ttlMs of the last touch counts, where it is the shorter one too': async (store, other, advance) => {
    await store.touch('node-1', TTL_MS * 10);
    await store.touch('node-1', TTL_MS);
    await store.enter('g', someone('a'));
    await advance(TTL_MS * 1.5);
    await other.touch('node-2', TTL_MS);
    assertSame(await other.list('g'), []);
  },
  'a member that came back at another node stays when its first node dies': async (store, other, advance) => {
    await store.touch('node-1', TTL_MS);
    await store.enter('g', someone('a'));
    await other.enter('g', someone('a', { nodeId: 'node-2' }));
    await advance(TTL_MS * 1.5);
    await other.touch('node-2', TTL_MS);
    assertSame(await other.list('g'), [someone('a', { nodeId: 'node-2' })]);
  },
  'a touch says whether the lease of the last one was still running': async (store, other, advance) => {
    assert.equal(await store.touch('node-1', TTL_MS), 'lapsed');
    await advance(TTL_MS / 2);
    assert.equal(await store.touch('node-1', TTL_MS), 'alive');
    await advance(TTL_MS * 0.75);
    assert.equal(await other.touch('node-2', TTL_MS), 'lapsed');
    assert.equal(await store.touch('node-1', TTL_MS), 'alive');
    await advance(TTL_MS * 1.5);
    assert.equal(await store.touch('node-1', TTL_MS), 'lapsed', 'it ran out, and nobody else was there to see it');
    await advance(TTL_MS * 1.5);
    await other.touch('node-2', TTL_MS);
    assert.equal(await store.touch('node-1', TTL_MS), 'lapsed', 'another node saw that it ran out');
    assert.equal(await store.touch('node-1', TTL_MS), 'alive');
  },
  'a node whose lease ran out is told so by its next touch, though it has entered members since': async (
    store,
    other,
    advance,
  ) => {
    await store.touch('node-1', TTL_MS);
    await store.enter('g', someone('a'));
    await advance(TTL_MS * 1.5);
    await other.touch('node-2', TTL_MS);
    await store.enter('g', someone('b'));
    assert.equal(await store.touch('node-1', TTL_MS), 'lapsed');
    assertSame(await store.list('g'), [someone('b')]);
  },
  'a node that is not touched before it enters a member is alive, for a minute at most': async (store, other, advance) => {
    await other.touch('node-2', MINUTE_MS * 10);
    await store.enter('g', someone('a'));
    await other.touch('node-2', MINUTE_MS * 10);
    assertSame(await other.list('g'), [someone('a')]);
    await advance(MINUTE_MS);
    await other.touch('node-2', MINUTE_MS * 10);
    assertSame(await other.list('g'), []);
    assert.equal((await other.info('g')).status, 'DOWN');
  },
  'a first touch after the first member keeps that member, and its ttlMs counts': async (store, other, advance) => {
    await store.enter('g', someone('a'));
    assert.equal(await store.touch('node-1', MINUTE_MS * 3), 'lapsed');
    await advance(MINUTE_MS * 2);
    await other.touch('node-2', TTL_MS);
    assertSame(await other.list('g'), [someone('a')]);
  },
  'a node that was taken for dead may enter its members again': async (store, other, advance) => {
    await store.touch('node-1', TTL_MS);
    await store.enter('g', someone('a'));
    await advance(TTL_MS * 1.5);
    await other.touch('node-2', TTL_MS);
    await store.touch('node-1', TTL_MS);
    await store.enter('g', someone('a'));
    await other.touch('node-2', TTL_MS);
    assertSame(await other.list('g'), [someone('a')]);
  },
};
