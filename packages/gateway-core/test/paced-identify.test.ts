import { expect, test } from 'vitest';
import { codesOf, identify, presencesOf, readiesOf, say, typesOf } from './support/messages.js';
import { forEachPace } from './support/paces.js';

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

forEachPace((setUp) => {
  test('an identify is answered by `ready` with the new member counted in, and its own arrival follows', async () => {
    const { clock, join } = setUp();
    await join('g');
    await clock.advance(1_000);
    const client = await join('g', { clientType: 'dashboard', metadata: { n: 1 } });
    await clock.advance(1_000);
    expect(typesOf(client)).toEqual(['ready', 'ready', 'presence_update']);
    const details = { role: 'dashboard', metadata: { n: 1 }, members: 2 };
    expect(readiesOf(client)[1]).toMatchObject({ presence: { status: 'UP', details } });
  });

  test('what a client sends behind its identify is handled after it, in order', async () => {
    const { connect, settle, events } = setUp();
    const client = connect();
    client.send(identify('g'));
    for (const n of upTo(5)) client.send(say(n));
    client.send(identify('h'));
    for (const n of upTo(5)) client.send(say(n + 5));
    await settle();
    expect(codesOf(client)).toEqual([]);
    expect(client.updates.map(({ groupId, seq, payload }) => [groupId, seq, payload.data])).toEqual([
      ...upTo(5).map((n) => ['g', n + 1, n]),
      ...upTo(5).map((n) => ['h', n + 1, n + 5]),
    ]);
    expect(events('data').map(({ data }) => data)).toEqual(upTo(10));
  });

  test('a client joins at the head: nothing from before, everything from then on', async () => {
    const { join, settle } = setUp();
    const early = await join('g');
    early.send(say('before'));
    await settle();
    const late = await join('g');
    early.send(say('after'));
    await settle();
    expect(late.updates).toMatchObject([{ seq: 2, payload: { data: 'after' } }]);
  });

  test('a move leaves one group and enters the other, once, and is told as that', async () => {
    const { clock, gateway, join, answer, settle, recorded } = setUp();
    const client = await join('old');
    const { connectionId, memberId } = gateway.connections()[0]!;
    recorded.length = 0;
    client.send(identify('new'));
    await settle();
    await clock.advance(1_000);
    const told = recorded.filter(({ name }) => ['leave', 'identify', 'join'].includes(name));
    expect(told).toMatchObject([
      { name: 'leave', event: { memberId, groupId: 'old' } },
      { name: 'identify', event: { connectionId, memberId, groupId: 'new' } },
      { name: 'join', event: { connectionId, memberId, groupId: 'new' } },
    ]);
    expect(await answer(gateway.presence('old'))).toMatchObject({ status: 'DOWN' });
    expect(await answer(gateway.presence('new'))).toMatchObject({ status: 'UP', details: { members: 1 } });
  });

  test('a second identify for the same group replaces role and metadata, and misses nothing', async () => {
    const { clock, gateway, join, settle } = setUp();
    const [client, other] = [await join('g'), await join('g')];
    other.send(say(1));
    client.send(identify('g', { clientType: 'service-node', metadata: { n: 2 } }));
    other.send(say(2));
    await settle();
    await clock.advance(1_000);
    expect(client.data).toEqual([1, 2]);
    expect(gateway.connections()[0]).toMatchObject({ role: 'service-node', metadata: { n: 2 }, groups: ['g'] });
    expect(presencesOf(other).at(-1)).toMatchObject({ details: { role: 'service-node', metadata: { n: 2 }, members: 2 } });
  });

  test('a token that is refused is answered, and ends the connection; the client was nowhere', async () => {
    const { gateway, connect, settle, events } = setUp({ authenticate: ({ token }) => token === 'good' });
    const client = connect();
    client.send(identify('g', { token: 'bad' }));
    client.send(say('not handled'));
    await settle();
    expect(codesOf(client)).toEqual(['UNAUTHORIZED']);
    expect(client.closed?.code).toBe(4001);
    expect(events('join')).toEqual([]);
    expect(gateway.stats()).toMatchObject({ connections: 0, publishedTotal: 0 });
  });

  test('a group that is refused is answered, and who the client was stays', async () => {
    const { gateway, join, settle } = setUp({ authorize: ({ groupId }) => groupId !== 'forbidden' });
    const client = await join('g');
    client.send(identify('forbidden', { clientType: 'dashboard' }));
    client.send(say('still in g'));
    await settle();
    expect(codesOf(client)).toEqual(['FORBIDDEN']);
    expect(gateway.connections()[0]).toMatchObject({ role: 'app-client', groups: ['g'] });
    expect(client.updates).toMatchObject([{ groupId: 'g', payload: { data: 'still in g' } }]);
  });

  test.each(['close', 'cut'] as const)(
    'a client that ends by %s at any moment of its identify leaves nothing',
    async (ending) => {
      const { clock, gateway, connect, settle, answer, events } = setUp({
        authenticate: () => true,
        authorize: () => true,
        timings: { resumeTtlMs: 2_000 },
      });
      for (const ms of upTo(16)) {
        const client = connect();
        client.send(identify(`g${ms}`));
        if (ms > 0) await clock.advance(ms * 5);
        client[ending]();
      }
      await settle();
      await clock.advance(10_000);
      expect(gateway.stats()).toMatchObject({ connections: 0, closing: 0, droppedMembers: 0 });
      for (const ms of upTo(16)) expect(['DOWN', 'UNKNOWN']).toContain((await answer(gateway.presence(`g${ms}`))).status);
      const stays = (name: 'join' | 'leave') => events(name).map(({ memberId, groupId }) => `${memberId} ${groupId}`);
      expect(stays('leave').sort()).toEqual(stays('join').sort());
    },
  );
});
