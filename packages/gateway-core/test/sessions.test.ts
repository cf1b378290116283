import { MemorySessionStore } from 'gateway-core';
import { FakeClock } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';
import { asynchronous, SESSION_METHODS, waitOn } from './support/asynchronous.js';
import { codesOf, errorsOf, heartbeat, identify, say } from './support/messages.js';
import { setUp } from './support/set-up.js';

const timings = { orphanSessionTtlMs: 5_000, heartbeatTimeoutMs: 100_000 };

describe('a session', () => {
  test('is opened by a data_update that names it and has meta [R160]', async () => {
    const { clock, gateway, join, events } = setUp();
    const client = await join('g');
    const meta = { label: 'stand-up', createdBy: 'ada', tags: ['daily'] };
    client.send(say('hello', { sessionId: 's' }, { meta }));
    await clock.settle();
    const session = { groupId: 'g', sessionId: 's', meta, openedAt: clock.now(), updatedAt: clock.now() };
    expect(await gateway.sessions('g')).toEqual([session]);
    expect(events('sessionOpened')).toEqual([{ session }]);
    expect(client.updates).toMatchObject([{ sessionId: 's', payload: { data: 'hello', meta } }]);
  });

  test('is updated by the next, where fields that it does not name stay [R161]', async () => {
    const { clock, gateway, join, events } = setUp();
    const [a, b] = [await join('g'), await join('g')];
    a.send(say(1, { sessionId: 's' }, { meta: { label: 'old', createdBy: 'ada' } }));
    await clock.settle();
    const openedAt = clock.now();
    await clock.advance(1_000);
    b.send(say(2, { sessionId: 's' }, { meta: { label: 'new' } }));
    await clock.settle();
    const meta = { label: 'new', createdBy: 'ada' };
    const session = { groupId: 'g', sessionId: 's', meta, openedAt, updatedAt: openedAt + 1_000 };
    expect(await gateway.sessions('g')).toEqual([session]);
    expect(events('sessionUpdated')).toEqual([{ session }]);
    expect(events('sessionOpened')).toHaveLength(1);
  });

  test('is not opened by a data_update without meta, nor by a heartbeat', async () => {
    const { clock, gateway, join, recorded } = setUp();
    const client = await join('g');
    client.send(say('hello', { sessionId: 's' }));
    client.send(heartbeat({ sessionId: 's' }));
    await clock.settle();
    expect(await gateway.sessions('g')).toEqual([]);
    expect(client.updates).toMatchObject([{ sessionId: 's', payload: { data: 'hello' } }]);
    expect(recorded.some(({ name }) => name.startsWith('session'))).toBe(false);
  });

  test('needs an id: meta alone opens none, and is relayed', async () => {
    const { clock, gateway, join } = setUp();
    const client = await join('g');
    client.send(say('hello', {}, { meta: { label: 'x' } }));
    await clock.settle();
    expect(await gateway.sessions('g')).toEqual([]);
    expect(client.updates).toMatchObject([{ payload: { meta: { label: 'x' } } }]);
  });

  test('expires orphanSessionTtlMs after anybody named it last [R163]', async () => {
    const { clock, gateway, join, events } = setUp({ timings });
    const client = await join('g');
    client.send(say(1, { sessionId: 's' }, { meta: { label: 'call' } }));
    await clock.advance(4_999);
    expect(events('sessionExpired')).toEqual([]);
    expect(await gateway.sessions('g')).toHaveLength(1);
    await clock.advance(1);
    expect(await gateway.sessions('g')).toEqual([]);
    await clock.advance(1_000);
    expect(events('sessionExpired')).toMatchObject([{ session: { sessionId: 's', meta: { label: 'call' } } }]);
    await clock.advance(20_000);
    expect(events('sessionExpired')).toHaveLength(1);
  });

  test.each([
    ['a heartbeat', heartbeat({ sessionId: 's' })],
    ['a heartbeat that names the group', heartbeat({ sessionId: 's', groupId: 'g' })],
    ['a data_update', say('still here', { sessionId: 's' })],
    ['a data_update with meta', say('still here', { sessionId: 's' }, { meta: {} })],
  ])('is kept alive by %s that names it, of any member [R162]', async (_name, envelope) => {
    const { clock, gateway, join } = setUp({ timings });
    const [a, b] = [await join('g'), await join('g')];
    a.send(say(1, { sessionId: 's' }, { meta: {} }));
    a.close();
    for (let n = 0; n < 5; n += 1) {
      await clock.advance(4_000);
      b.send(envelope);
      await clock.settle();
    }
    expect(await gateway.sessions('g')).toHaveLength(1);
    await clock.advance(5_000);
    expect(await gateway.sessions('g')).toEqual([]);
  });

  test('is what a heartbeat needs a group for: one without is taken whatever group it names', async () => {
    const { clock, join } = setUp();
    const client = await join('g');
    client.send(heartbeat({ groupId: 'elsewhere' }));
    await clock.settle();
    expect(errorsOf(client)).toEqual([]);
  });

  test('is not kept alive by who does not name it', async () => {
    const { clock, gateway, join } = setUp({ timings });
    const client = await join('g');
    client.send(say(1, { sessionId: 's' }, { meta: {} }));
    for (let n = 0; n < 5; n += 1) {
      await clock.advance(1_000);
      client.send(say(1));
      client.send(heartbeat());
      client.send(heartbeat({ sessionId: 'other' }));
    }
    await clock.settle();
    expect(await gateway.sessions('g')).toEqual([]);
  });

  test('that was named again after its end is a new one', async () => {
    const { clock, join, recorded } = setUp({ timings });
    const client = await join('g');
    client.send(say(1, { sessionId: 's' }, { meta: { label: 'first' } }));
    await clock.advance(7_000);
    client.send(say(1, { sessionId: 's' }, { meta: { createdBy: 'ada' } }));
    await clock.settle();
    const sessions = recorded.flatMap(({ name, event }) => ('session' in event ? [[name, event.session.meta]] : []));
    expect(sessions).toEqual([
      ['sessionOpened', { label: 'first' }],
      ['sessionExpired', { label: 'first' }],
      ['sessionOpened', { createdBy: 'ada' }],
    ]);
  });
});

describe('sessionsPerGroupMax', () => {
  test('refuses the message that would open one more: it is not fanned out [R164] [R214]', async () => {
    const { clock, gateway, join } = setUp({ limits: { sessionsPerGroupMax: 2 } });
    const [client, elsewhere] = [await join('g'), await join('h')];
    for (const sessionId of ['a', 'b', 'c']) client.send(say(sessionId, { sessionId, id: `id ${sessionId}` }, { meta: {} }));
    elsewhere.send(say('c', { sessionId: 'c' }, { meta: {} }));
    client.send(say('a again', { sessionId: 'a' }, { meta: { label: 'x' } }));
    await clock.settle();
    expect(errorsOf(client)).toMatchObject([{ code: 'TOO_MANY_GROUPS', retryable: true, inReplyTo: 'id c' }]);
    expect(client.data).toEqual(['a', 'b', 'a again']);
    expect((await gateway.sessions('g')).map(({ sessionId }) => sessionId)).toEqual(['a', 'b']);
    expect(await gateway.sessions('h')).toHaveLength(1);
  });

  test('has room again when one has expired', async () => {
    const { clock, join } = setUp({ timings, limits: { sessionsPerGroupMax: 1 } });
    const client = await join('g');
    client.send(say('a', { sessionId: 'a' }, { meta: {} }));
    await clock.advance(5_000);
    client.send(say('b', { sessionId: 'b' }, { meta: {} }));
    await clock.settle();
    expect(client.data).toEqual(['a', 'b']);
  });

  test('0 is no bound', async () => {
    const { clock, gateway, join } = setUp({
      limits: { sessionsPerGroupMax: 0, sessionsPerConnectionMax: 0, sessionBytesTotalMax: 0, messagesPerSecondMax: 0 },
    });
    const client = await join('g');
    for (let n = 0; n < 1_100; n += 1) client.send(say(n, { sessionId: `s${n}` }, { meta: {} }));
    await clock.settle();
    expect(await gateway.sessions('g')).toHaveLength(1_100);
  });
});

describe('sessionsPerConnectionMax', () => {
  const limits = { sessionsPerConnectionMax: 2 };
  const open = (sessionId: string) => say(sessionId, { sessionId, id: `id ${sessionId}` }, { meta: {} });

  test('is over all groups: a connection that moves on does not start anew [R165]', async () => {
    const { clock, join } = setUp({ timings, limits });
    const client = await join('g');
    client.send(open('a'));
    client.send(identify('h'));
    client.send(open('b'));
    client.send(identify('i'));
    client.send(open('c'));
    await clock.settle();
    expect(errorsOf(client)).toMatchObject([{ code: 'TOO_MANY_GROUPS', retryable: true, inReplyTo: 'id c' }]);
    expect(client.data).toEqual(['a', 'b']);
  });

  test('is of each connection by itself, and not of sessions that others have opened', async () => {
    const { clock, gateway, join } = setUp({ timings, limits });
    const [one, other] = [await join('g'), await join('g')];
    for (const id of ['a', 'b']) one.send(open(id));
    for (const id of ['a', 'b', 'c', 'd']) other.send(open(id));
    for (const id of ['c', 'd', 'e']) one.send(open(id));
    await clock.settle();
    expect(errorsOf(one)).toMatchObject([{ inReplyTo: 'id e' }]);
    expect(errorsOf(other)).toEqual([]);
    await gateway.publish('g', 'of the server', { sessionId: 'f', meta: {} });
    expect(await gateway.sessions('g')).toHaveLength(5);
  });

  test('has room again orphanSessionTtlMs after one was named last, by anybody', async () => {
    const { clock, join } = setUp({ timings, limits });
    const [client, other] = [await join('g'), await join('g')];
    for (const id of ['a', 'b']) client.send(open(id));
    await clock.advance(4_000);
    other.send(heartbeat({ sessionId: 'a' }));
    client.send(open('c'));
    await clock.advance(1_000);
    client.send(open('d'));
    client.send(open('e'));
    await clock.settle();
    expect(errorsOf(client).map(({ inReplyTo }) => inReplyTo)).toEqual(['id c', 'id e']);
    await clock.advance(4_000);
    client.send(open('f'));
    await clock.settle();
    expect(errorsOf(client)).toHaveLength(2);
  });

  test.each(['at once', 'later'])(
    'lets one update what was opened at another gateway, with a store that answers %s',
    async (when) => {
      const clock = new FakeClock();
      const store = new MemorySessionStore({ clock });
      const sessions = when === 'later' ? asynchronous(store, [...SESSION_METHODS], waitOn(clock, 10)) : store;
      const { connect } = setUp({ timings, limits, sessions }, clock);
      const client = connect();
      client.send(identify('g'));
      for (const id of ['a', 'b']) client.send(open(id));
      await clock.advance(1_000);
      store.upsert({ groupId: 'g', sessionId: 'elsewhere', meta: {}, ttlMs: 60_000, sessionsMax: 0 });
      client.send(say('mine', { sessionId: 'elsewhere' }, { meta: { label: 'updated' } }));
      client.send(open('c'));
      await clock.advance(1_000);
      expect(errorsOf(client)).toMatchObject([{ inReplyTo: 'id c' }]);
      expect(store.list('g').map(({ meta }) => meta.label)).toEqual([undefined, undefined, 'updated']);
    },
  );

  test('0 is no bound', async () => {
    const { clock, join } = setUp({ limits: { sessionsPerConnectionMax: 0, sessionsPerGroupMax: 0, messagesPerSecondMax: 0 } });
    const client = await join('g');
    for (let n = 0; n < 1_100; n += 1) client.send(open(`${n}`));
    await clock.settle();
    expect(errorsOf(client)).toEqual([]);
  });
});

describe('sessionBytesTotalMax', () => {
  const limits = { sessionBytesTotalMax: 20_000, sessionsPerConnectionMax: 0 };
  const open = (n: number) => say(n, { sessionId: `s${n}` }, { meta: { label: 'x'.repeat(200) } });

  test('refuses sessions of all groups and connections, until some have expired [R166]', async () => {
    const { clock, join } = setUp({ timings, limits });
    const [one, other] = [await join('g'), await join('h')];
    for (let n = 0; n < 40; n += 1) {
      one.send(open(n));
      other.send(open(n));
    }
    await clock.settle();
    const refused = [...codesOf(one), ...codesOf(other)];
    expect(new Set(refused)).toEqual(new Set(['TOO_MANY_GROUPS']));
    expect(refused.length).toBeGreaterThan(20);
    await clock.advance(6_000);
    one.send(open(0));
    await clock.settle();
    expect(codesOf(one).length + codesOf(other).length).toBe(refused.length);
  });

  test('refuses those that the server publishes to', async () => {
    const { gateway } = setUp({ limits: { sessionBytesTotalMax: 100 } });
    await expect(gateway.publish('g', 1, { sessionId: 's', meta: {} })).rejects.toMatchObject({ code: 'TOO_MANY_SESSIONS' });
  });

  test('bounds what a gateway remembers of who opened what, in a store that has no bound', async () => {
    const { clock, join } = setUp((fake) => ({
      timings,
      limits: { sessionBytesTotalMax: 20_000 },
      sessions: new MemorySessionStore({ clock: fake, sessionBytesTotalMax: Number.POSITIVE_INFINITY }),
    }));
    const client = await join('g');
    for (let n = 0; n < 100; n += 1) client.send(open(n));
    await clock.settle();
    expect(client.data.length).toBeGreaterThan(30);
    expect(client.data.length).toBeLessThan(80);
    expect(codesOf(client)).toHaveLength(100 - client.data.length);
  });
});

test('a store that answers later may refuse a session too: its message is not fanned out, and the next one is', async () => {
  const { clock, connect, events } = setUp((fake) => ({
    sessions: asynchronous(new MemorySessionStore({ clock: fake }), [...SESSION_METHODS], waitOn(fake, 10)),
    limits: { sessionsPerGroupMax: 1 },
  }));
  const client = connect();
  client.send(identify('g'));
  for (const sessionId of ['a', 'b', 'a']) client.send(say(sessionId, { sessionId, id: sessionId }, { meta: {} }));
  await clock.advance(1_000);
  expect(errorsOf(client)).toMatchObject([{ code: 'TOO_MANY_GROUPS', inReplyTo: 'b' }]);
  expect(client.data).toEqual(['a', 'a']);
  expect(events('sessionOpened')).toHaveLength(1);
  expect(events('sessionUpdated')).toHaveLength(1);
});

/** A promise as other libraries make them: no instance of ours. */
class ForeignPromise<T> {
  constructor(private readonly promise: Promise<T>) {}

  // biome-ignore lint/suspicious/noThenProperty: that is what it is for.
  then(...callbacks: Parameters<Promise<T>['then']>): ForeignPromise<unknown> {
    return new ForeignPromise(this.promise.then(...callbacks));
  }
}

test('a store may answer with promises of another library: their failure is that of the heartbeat', async () => {
  const { clock, join } = setUp((fake) => ({
    sessions: Object.assign(new MemorySessionStore({ clock: fake }), {
      touch: () => new ForeignPromise(Promise.reject(new Error('touch failed'))) as unknown as Promise<boolean>,
    }),
  }));
  const client = await join('g');
  client.send(heartbeat({ id: 'h', sessionId: 's' }));
  await clock.settle();
  expect(errorsOf(client)).toMatchObject([{ code: 'INTERNAL', inReplyTo: 'h' }]);
});

test('a store beyond a network that gives up ended sessions piece by piece is asked until it has no more', async () => {
  const { clock, gateway, events } = setUp((time) => ({
    sessions: asynchronous(new MemorySessionStore({ clock: time }), ['expire'], waitOn(time, 10)),
    timings: { orphanSessionTtlMs: 10_500 },
  }));
  for (let n = 0; n < 200; n += 1) await gateway.publish('g', n, { sessionId: `s${n}`, meta: {} });
  await clock.advance(10_999);
  expect(events('sessionExpired')).toEqual([]);
  await clock.advance(200);
  expect(events('sessionExpired').map(({ session }) => session.sessionId)).toEqual(
    Array.from({ length: 200 }, (_, n) => `s${n}`),
  );
});
