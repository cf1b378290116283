import { expect, test } from 'vitest';
import { codesOf, errorsOf, heartbeat, say } from './support/messages.js';
import { forEachPace } from './support/paces.js';

const timings = { orphanSessionTtlMs: 5_000, heartbeatTimeoutMs: 100_000 };

forEachPace((setUp) => {
  test('a session is there when the message that opened it is delivered', async () => {
    const { gateway, join, answer, settle, recorded } = setUp();
    const client = await join('g');
    client.send(say(1, { sessionId: 's' }, { meta: { label: 'old', createdBy: 'ada' } }));
    client.send(say(2, { sessionId: 's' }, { meta: { label: 'new' } }));
    await settle();
    expect(await answer(gateway.sessions('g'))).toMatchObject([{ sessionId: 's', meta: { label: 'new', createdBy: 'ada' } }]);
    const told = recorded.map(({ name }) => name).filter((name) => name === 'data' || name.startsWith('session'));
    expect(told).toEqual(['sessionOpened', 'data', 'sessionUpdated', 'data']);
    expect(client.data).toEqual([1, 2]);
  });

  test('a session lives for as long as somebody names it, and ends once', async () => {
    const { clock, gateway, join, answer, settle, events } = setUp({ timings });
    const [a, b] = [await join('g'), await join('g')];
    a.send(say(1, { sessionId: 's' }, { meta: {} }));
    for (let n = 0; n < 4; n += 1) {
      await clock.advance(4_000);
      b.send(n % 2 === 0 ? heartbeat({ sessionId: 's' }) : say(n, { sessionId: 's' }));
      await settle();
    }
    expect(await answer(gateway.sessions('g'))).toHaveLength(1);
    await clock.advance(7_000);
    expect(await answer(gateway.sessions('g'))).toEqual([]);
    await clock.advance(10_000);
    expect(events('sessionExpired')).toMatchObject([{ session: { sessionId: 's' } }]);
  });

  test('one session too many is refused with its message, and the others are not', async () => {
    const { gateway, join, answer, settle } = setUp({ limits: { sessionsPerGroupMax: 2 } });
    const client = await join('g');
    for (const sessionId of ['a', 'b', 'c', 'a']) client.send(say(sessionId, { sessionId, id: `id ${sessionId}` }, { meta: {} }));
    await settle();
    expect(errorsOf(client)).toMatchObject([{ code: 'TOO_MANY_GROUPS', inReplyTo: 'id c' }]);
    expect(client.data).toEqual(['a', 'b', 'a']);
    expect((await answer(gateway.sessions('g'))).map(({ sessionId }) => sessionId)).toEqual(['a', 'b']);
  });

  test('a message that names no session, or one that is not there, is published all the same', async () => {
    const { gateway, join, answer, settle } = setUp();
    const client = await join('g');
    client.send(say(1, { sessionId: 'unknown' }));
    client.send(heartbeat({ sessionId: 'unknown' }));
    client.send(say(2, {}, { meta: { label: 'x' } }));
    await settle();
    expect(client.data).toEqual([1, 2]);
    expect(codesOf(client)).toEqual([]);
    expect(await answer(gateway.sessions('g'))).toEqual([]);
  });
});
