import assert from 'node:assert/strict';
import type { SessionMeta } from 'gateway-protocol';
import type { MaybePromise } from '../../maybe-promise.js';
import type { SessionStore, SessionUpsert } from '../../sessions/session-store.js';
import { assertSame, vandalise } from './contract.js';

/** Claims by name. `other` is the same store as another gateway sees it. */
export type SessionClaims = Record<
  string,
  (store: SessionStore, other: SessionStore, advance: (ms: number) => MaybePromise<void>) => Promise<void>
>;

export const TTL_MS = 1_000;

/** An upsert as most claims need one. */
export const call = (sessionId: string, rest: Partial<SessionUpsert> = {}): SessionUpsert => ({
  groupId: 'g',
  sessionId,
  meta: {},
  ttlMs: TTL_MS,
  sessionsMax: 0,
  ...rest,
});

/** Upserts a session that there must be room for. */
export async function opened(store: SessionStore, session: SessionUpsert) {
  const answer = await store.upsert(session);
  assert.ok(answer, `there is room for ${session.sessionId}`);
  return answer;
}

export async function idsOf(store: SessionStore, groupId = 'g'): Promise<string[]> {
  return (await store.list(groupId)).map(({ sessionId }) => sessionId);
}

/** What a session is while it lives. */
export const sessionClaims: SessionClaims = {
  'a session is created with what is said of it': async (store) => {
    const meta: SessionMeta = { label: 'stand-up', createdBy: 'ada', tags: ['daily', 'video'] };
    const { session, created } = await opened(store, call('s', { meta }));
    assert.equal(created, true);
    assertSame(session, { groupId: 'g', sessionId: 's', meta, openedAt: session.openedAt, updatedAt: session.openedAt });
    assert.ok(Number.isInteger(session.openedAt) && session.openedAt > 0, 'openedAt is in Unix milliseconds');
    assertSame(await store.list('g'), [session]);
  },
  'an update is laid over what is known: fields that it does not name stay': async (store, _other, advance) => {
    const first = await opened(store, call('s', { meta: { label: 'old', createdBy: 'ada', tags: ['a', 'b'] } }));
    await advance(TTL_MS / 2);
    const { session, created } = await opened(store, call('s', { meta: { label: 'new', createdBy: undefined, tags: ['c'] } }));
    assert.equal(created, false);
    assertSame(session.meta, { label: 'new', createdBy: 'ada', tags: ['c'] });
    assert.equal(session.openedAt, first.session.openedAt);
    assert.ok(session.updatedAt > first.session.updatedAt, 'updatedAt says when meta changed');
    assertSame(await store.list('g'), [session]);
  },
  'an update lets a session live for its ttlMs from then on': async (store, _other, advance) => {
    await store.upsert(call('s'));
    await advance(TTL_MS * 0.75);
    await store.upsert(call('s'));
    await advance(TTL_MS * 0.75);
    assertSame(await idsOf(store), ['s']);
    await advance(TTL_MS / 2);
    assertSame(await idsOf(store), []);
  },
  'a touch lets a live session live for its ttlMs from then on, and changes nothing else': async (store, _other, advance) => {
    const { session } = await opened(store, call('s', { meta: { label: 'x' } }));
    await advance(TTL_MS * 0.75);
    assert.equal(await store.touch('g', 's', TTL_MS), true);
    await advance(TTL_MS * 0.75);
    assertSame(await store.list('g'), [session]);
    await advance(TTL_MS / 2);
    assertSame(await store.list('g'), []);
  },
  'the ttlMs of the last call counts, where it is the shorter one too': async (store, _other, advance) => {
    for (const sessionId of ['touched', 'updated']) await store.upsert(call(sessionId, { ttlMs: TTL_MS * 10 }));
    await store.touch('g', 'touched', TTL_MS);
    await store.upsert(call('updated'));
    await advance(TTL_MS * 1.5);
    assertSame(await idsOf(store), []);
  },
  'a touch of nothing answers false and creates nothing': async (store) => {
    assert.equal(await store.touch('g', 's', TTL_MS), false);
    assertSame(await store.list('g'), []);
    assertSame(await store.expire(), []);
    assert.equal((await opened(store, call('s'))).created, true);
    assert.equal(await store.touch('h', 's', TTL_MS), false);
    assertSame(await store.list('h'), []);
  },
  'live sessions are listed oldest first, updated or not': async (store, _other, advance) => {
    for (const sessionId of ['c', 'a', 'b']) {
      await store.upsert(call(sessionId));
      await advance(1);
    }
    await store.upsert(call('c', { meta: { label: 'again' } }));
    await store.touch('g', 'a', TTL_MS);
    assertSame(await idsOf(store), ['c', 'a', 'b']);
  },
  'each group has its own sessions': async (store) => {
    await store.upsert(call('s', { meta: { label: 'of g' } }));
    const { created } = await opened(store, call('s', { groupId: 'h', meta: { label: 'of h' } }));
    assert.equal(created, true);
    assertSame(
      (await store.list('g')).map(({ meta }) => meta.label),
      ['of g'],
    );
    assertSame(
      (await store.list('h')).map(({ meta }) => meta.label),
      ['of h'],
    );
  },
  'a group has room for sessionsMax sessions; one more is refused and nothing comes of it': async (store) => {
    for (const sessionId of ['a', 'b']) await opened(store, call(sessionId, { sessionsMax: 2 }));
    assert.equal(await store.upsert(call('c', { sessionsMax: 2 })), undefined);
    assertSame(await idsOf(store), ['a', 'b']);
    assert.equal(await store.touch('g', 'c', TTL_MS), false);
    await opened(store, call('c', { groupId: 'h', sessionsMax: 2 }));
  },
  'a full group takes updates of the sessions it has': async (store) => {
    await opened(store, call('a', { sessionsMax: 1 }));
    const { session, created } = await opened(store, call('a', { sessionsMax: 1, meta: { label: 'x' } }));
    assertSame({ created, label: session.meta.label }, { created: false, label: 'x' });
  },
  'sessionsMax 0 is no bound': async (store) => {
    for (let n = 0; n < 50; n += 1) await opened(store, call(`s${n}`));
    assert.equal((await store.list('g')).length, 50);
  },
  'calls take effect in the order in which they were made, awaited or not': async (store) => {
    const answers = [];
    for (let n = 0; n < 20; n += 1) {
      answers.push(store.upsert(call('s', { meta: { label: `${n}` } })));
      answers.push(store.upsert(call(`s${n}`, { sessionsMax: 11 })));
    }
    const known = await Promise.all(answers);
    assertSame(
      known.filter((_, index) => index % 2 === 0).map((answer) => answer?.session.meta.label),
      Array.from({ length: 20 }, (_, n) => `${n}`),
    );
    assertSame(await idsOf(store), ['s', ...Array.from({ length: 10 }, (_, n) => `s${n}`)]);
  },
  'what one gateway opens, all that share the store see and keep alive': async (store, other, advance) => {
    const { session } = await opened(store, call('s', { meta: { label: 'x' } }));
    assertSame(await other.list('g'), [session]);
    await advance(TTL_MS * 0.75);
    assert.equal(await other.touch('g', 's', TTL_MS), true);
    assert.equal((await opened(other, call('s', { meta: { createdBy: 'bob' } }))).created, false);
    await advance(TTL_MS * 0.75);
    assertSame(
      (await store.list('g')).map(({ meta }) => meta),
      [{ label: 'x', createdBy: 'bob' }],
    );
  },
  'ids that objects have a meaning for are ids like any other': async (store) => {
    for (const id of ['__proto__', 'constructor', 'toString', 'a:b', 'ключ 🗝', '*']) {
      assert.equal(await store.touch(id, id, TTL_MS), false);
      assert.equal((await opened(store, call(id, { groupId: id }))).created, true);
      assertSame(await idsOf(store, id), [id]);
    }
  },
  'changing what was given to the store, or what it gave, changes nothing in it': async (store) => {
    const meta = (): SessionMeta => ({ label: 'x', tags: ['a'] });
    const upsert = call('s', { meta: meta() });
    const { session } = await opened(store, upsert);
    const known = structuredClone(session);
    vandalise(upsert);
    vandalise(session);
    vandalise(await store.list('g'));
    assertSame(await store.list('g'), [known]);
    vandalise((await opened(store, call('s', { meta: meta() }))).session);
    assertSame(
      (await store.list('g')).map(({ meta: kept }) => kept),
      [meta()],
    );
  },
};
