import assert from 'node:assert/strict';
import type { Session } from '../../sessions/session-store.js';
import { assertSame } from './contract.js';
import { call, idsOf, opened, type SessionClaims, TTL_MS } from './session-claims.js';

const idsIn = (sessions: Session[]) => sessions.map(({ sessionId }) => sessionId).sort();

/** How a session ends. */
export const sessionEndClaims: SessionClaims = {
  'a session whose time is over is not listed and not touched, before it is expired': async (store, _other, advance) => {
    await store.upsert(call('s'));
    await store.upsert(call('longer', { ttlMs: TTL_MS * 10 }));
    await advance(TTL_MS * 1.5);
    assertSame(await idsOf(store), ['longer']);
    assert.equal(await store.touch('g', 's', TTL_MS), false);
    assertSame(await idsOf(store), ['longer']);
  },
  'expire removes the sessions whose time is over, of all groups, and returns them whole': async (store, _other, advance) => {
    const over = [
      (await opened(store, call('a', { meta: { label: 'x', tags: ['t'] } }))).session,
      (await opened(store, call('b', { groupId: 'h' }))).session,
    ];
    await store.upsert(call('live', { ttlMs: TTL_MS * 10 }));
    assertSame(await store.expire(), []);
    await advance(TTL_MS * 1.5);
    const expired = await store.expire();
    assertSame(
      expired.sort((one, other) => one.sessionId.localeCompare(other.sessionId)),
      over,
    );
    assertSame(await idsOf(store), ['live']);
  },
  'an ended session is returned once': async (store, _other, advance) => {
    await store.upsert(call('s'));
    await advance(TTL_MS * 1.5);
    assertSame(idsIn(await store.expire()), ['s']);
    assertSame(await store.expire(), []);
  },
  'of several callers at once, each ended session is returned to one': async (store, other, advance) => {
    const ids = Array.from({ length: 20 }, (_, n) => `s${n}`);
    for (const id of ids) await store.upsert(call(id));
    await advance(TTL_MS * 1.5);
    const answers = await Promise.all([store.expire(), other.expire(), store.expire(), other.expire()]);
    assertSame(idsIn(answers.flat()), [...ids].sort());
  },
  'a session that comes to life again after its time is a new one': async (store, _other, advance) => {
    const first = (await opened(store, call('s', { meta: { label: 'old' } }))).session;
    await advance(TTL_MS * 1.5);
    const { session, created } = await opened(store, call('s', { meta: { createdBy: 'ada' } }));
    assert.equal(created, true);
    assertSame(session.meta, { createdBy: 'ada' });
    assert.ok(session.openedAt > first.openedAt, 'it was opened now');
    assertSame(await store.list('g'), [session]);
  },
  'the end of a session that came to life again is returned once for each life': async (store, _other, advance) => {
    const first = (await opened(store, call('s', { meta: { label: 'first' } }))).session;
    await advance(TTL_MS * 1.5);
    const second = (await opened(store, call('s', { meta: { label: 'second' } }))).session;
    assertSame(await store.expire(), [first]);
    assertSame(await store.expire(), []);
    assertSame(await store.list('g'), [second]);
    await advance(TTL_MS * 1.5);
    assertSame(await store.expire(), [second]);
    assertSame(await store.expire(), []);
  },
  'a session that came to life again is the youngest of its group': async (store, _other, advance) => {
    await store.upsert(call('again'));
    await advance(1);
    await store.upsert(call('older', { ttlMs: TTL_MS * 10 }));
    await advance(TTL_MS * 1.5);
    await store.upsert(call('again'));
    assertSame(await idsOf(store), ['older', 'again']);
  },
  'a session whose time is over takes no room, expired or not': async (store, _other, advance) => {
    await opened(store, call('a', { sessionsMax: 1 }));
    await advance(TTL_MS * 1.5);
    await opened(store, call('b', { sessionsMax: 1 }));
    await store.expire();
    assertSame(await idsOf(store), ['b']);
  },
  'a session that finds no room to come to life again has ended, and is returned once': async (store, _other, advance) => {
    await opened(store, call('a'));
    await advance(TTL_MS * 1.5);
    await opened(store, call('b', { sessionsMax: 1 }));
    assert.equal(await store.upsert(call('a', { sessionsMax: 1 })), undefined);
    assertSame(await idsOf(store), ['b']);
    assertSame(idsIn(await store.expire()), ['a']);
    assertSame(await store.expire(), []);
  },
};
