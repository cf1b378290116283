import type { AuthenticateContext, AuthorizedMember } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { waitOn } from './support/asynchronous.js';
import { codesOf, errorsOf, identify, long, readiesOf, say, typesOf } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { setUp } from './support/set-up.js';

describe('authenticate', () => {
  test('is given the token, the request and the identify, every time', async () => {
    const asked: AuthenticateContext[] = [];
    const { clock, gateway } = setUp({ authenticate: (context) => asked.push(context) > 0 });
    const request = { url: '/rt?a=1' } as never;
    const socket = new RecordingSocket(gateway, { remoteAddress: 'a', request });
    socket.send(identify('g', { token: 'secret', metadata: { n: 1 } }));
    socket.send(identify('h'));
    await clock.settle();
    const who = { request, connectionId: gateway.connections()[0]?.connectionId, remoteAddress: 'a' };
    expect(asked).toEqual([
      { ...who, token: 'secret', identify: { clientType: 'app-client', groupId: 'g', token: 'secret', metadata: { n: 1 } } },
      { ...who, token: undefined, identify: { clientType: 'app-client', groupId: 'h' } },
    ]);
    expect(asked[0]?.request).toBe(request);
  });

  test.each([false, undefined, null, 'yes', 1, 0, {}, { ok: false }, { claims: null }, []] as never[])(
    '%j is no: UNAUTHORIZED, then close 4001 [R55] [R211]',
    async (answer) => {
      const { gateway, join, events } = setUp({ authenticate: () => answer });
      const client = await join('g');
      expect(typesOf(client)).toEqual(['ready', 'error']);
      expect(errorsOf(client)).toMatchObject([{ code: 'UNAUTHORIZED', status: 401, retryable: false }]);
      expect(client.closed).toEqual({ code: 4001, reason: 'unauthorized' });
      expect(events('disconnect')).toMatchObject([{ code: 4001, memberId: undefined }]);
      expect(gateway.groups()).toEqual([]);
      expect(await gateway.presence('g')).toEqual({ status: 'UNKNOWN' });
    },
  );

  test('a token that is refused later ends the member at once: it does not stay for the resume window [R236]', async () => {
    const { clock, gateway, join } = setUp({ authenticate: ({ token }) => token === 'good' });
    const client = await join('g', { token: 'good' });
    client.send(identify('g', { token: 'bad' }));
    await clock.settle();
    expect(client.closed?.code).toBe(4001);
    expect(await gateway.presence('g')).toMatchObject({ status: 'DOWN' });
  });

  test.each([
    ['rejects', () => Promise.reject(new Error('no database'))],
    [
      'throws',
      () => {
        throw new Error('no database');
      },
    ],
  ])('that %s is answered INTERNAL and reported, and the client may try again', async (_how, fail) => {
    let calls = 0;
    const { clock, gateway, join, events } = setUp({ authenticate: () => ++calls > 1 || fail() });
    const client = await join('g');
    expect(errorsOf(client)).toMatchObject([{ code: 'INTERNAL', retryable: true }]);
    expect(JSON.stringify(client.received)).not.toContain('database');
    const { connectionId } = gateway.connections()[0]!;
    expect(events('error')).toEqual([{ error: new Error('no database'), where: 'identify', connectionId }]);
    client.send(identify('g'));
    await clock.settle();
    expect(readiesOf(client)).toHaveLength(2);
  });
});

describe('authorize', () => {
  test('is given who asks, with the claims that authenticate answered, and for what', async () => {
    const asked: unknown[] = [];
    const { clock, gateway, join } = setUp({
      authenticate: ({ token }) => ({ claims: { user: token } }),
      authorize: (question) => asked.push(question) > 0,
    });
    const client = await join('g', { token: 'ada', metadata: { n: 1 } });
    const { connectionId, memberId } = gateway.connections()[0]!;
    client.send(say(1));
    client.send(identify('h', { clientType: 'dashboard', token: 'bob' }));
    client.send(say(1));
    client.send(identify(undefined, { token: 'eve' }));
    await clock.settle();
    const ada: AuthorizedMember = {
      memberId: memberId as string,
      connectionId,
      role: 'app-client',
      metadata: { n: 1 },
      claims: { user: 'ada' },
    };
    // Other claims, and no principal that says that it is the same user: a member of its own.
    const bob = { ...ada, memberId: expect.any(String), role: 'dashboard', metadata: undefined, claims: { user: 'bob' } };
    const eve = { ...bob, role: 'app-client', claims: { user: 'eve' } };
    expect(asked).toEqual([
      { member: ada, action: 'join', groupId: 'g' },
      { member: ada, action: 'publish', groupId: 'g' },
      { member: bob, action: 'join', groupId: 'h' },
      { member: bob, action: 'publish', groupId: 'h' },
      { member: eve, action: 'join', groupId: 'h' },
    ]);
    const ids = asked.map((question) => (question as { member: AuthorizedMember }).member.memberId);
    expect(new Set(ids).size).toBe(3);
  });

  test.each([false, undefined, 'yes', 1, {}] as never[])(
    '%j is no: FORBIDDEN, and the connection stays open [R212]',
    async (answer) => {
      const { clock, join } = setUp({
        authorize: ({ action, groupId }) => (groupId === 'closed' || action === 'publish' ? answer : true),
      });
      const client = await join('g');
      client.send(say('no', { id: 'm-1' }));
      client.send(identify('closed'));
      await clock.settle();
      expect(errorsOf(client)).toMatchObject([{ code: 'FORBIDDEN', status: 403, inReplyTo: 'm-1' }, { code: 'FORBIDDEN' }]);
      expect(client.data).toEqual([]);
      expect(client.closed).toBeUndefined();
    },
  );

  test('that fails is answered INTERNAL and reported, and nothing is published [R215]', async () => {
    const { clock, join, events } = setUp({
      authorize: ({ action }) => action === 'join' || Promise.reject(new Error('no database')),
    });
    const client = await join('g');
    client.send(say('lost', { id: 'm-1' }));
    await clock.settle();
    expect(errorsOf(client)).toMatchObject([{ code: 'INTERNAL', inReplyTo: 'm-1' }]);
    expect(events('error')).toMatchObject([{ where: 'data_update' }]);
    expect(client.data).toEqual([]);
  });
});

describe('while a hook runs', () => {
  const slow = (ms: number) => (clock: Parameters<typeof waitOn>[0]) => ({
    authorize: () => waitOn(clock, ms)().then(() => true),
  });

  test("a client's messages wait in order, and none is lost", async () => {
    const { clock, join, events } = setUp(slow(100));
    const client = await join();
    client.send(identify('g'));
    for (let n = 0; n < 5; n += 1) client.send(say(n));
    client.send(identify('h'));
    client.send(say('in h'));
    await clock.settle();
    expect(client.data).toEqual([]);
    await clock.advance(1_000);
    expect(client.updates.map(({ groupId, payload }) => [groupId, payload.data])).toEqual([
      ...[0, 1, 2, 3, 4].map((n) => ['g', n]),
      ['h', 'in h'],
    ]);
    expect(codesOf(client)).toEqual([]);
    expect(events('data')).toHaveLength(6);
  });

  test('what others say in the group that is being left is not lost to the mover', async () => {
    const { clock, join } = setUp((fake) => ({
      authorize: ({ groupId }) => groupId !== 'new' || waitOn(fake, 100)().then(() => true),
    }));
    const [mover, other] = [await join('old'), await join('old')];
    mover.send(identify('new'));
    for (let n = 0; n < 5; n += 1) {
      other.send(say(n));
      await clock.advance(25);
    }
    expect(mover.data).toEqual([0, 1, 2, 3]);
    expect(other.data).toEqual([0, 1, 2, 3, 4]);
  });

  test('the others are served', async () => {
    const { clock, join } = setUp({
      authorize: ({ action, member }) => action === 'join' || member.role === 'dashboard' || new Promise(() => {}),
    });
    const [stuck, other] = [await join('g'), await join('g', { clientType: 'dashboard' })];
    stuck.send(say('never decided'));
    other.send(say('fine'));
    await clock.settle();
    expect(other.data).toEqual(['fine']);
  });

  test('a client that goes on sending is not read from: what waits is bounded', async () => {
    const { clock, gateway } = setUp(slow(100));
    const socket = new RecordingSocket(gateway);
    socket.send(identify('g'));
    expect(socket.reading).toBe(true);
    socket.send(say(long(1_000)));
    expect(socket.reading).toBe(false);
    await clock.advance(100);
    expect(socket.flow).toEqual(['pause', 'resume']);
    await clock.advance(100);
    expect(socket.data).toHaveLength(1);
  });

  test('what waits counts when it comes: what is over the rate is refused, and does not wait', async () => {
    const { clock, gateway } = setUp((fake) => ({
      ...slow(100)(fake),
      limits: { bytesPerSecondMax: 1, bytesBurst: 5_000, messageBytesMax: 5_000 },
    }));
    const socket = new RecordingSocket(gateway);
    socket.send(identify('g'));
    // As a transport reports them that had read them all before it was paused.
    for (let n = 1; n <= 6; n += 1) socket.send(say(long(1_500)));
    expect(socket.received.filter(({ type }) => type === 'error')).toHaveLength(3);
    await clock.advance(1_000);
    expect(socket.data).toHaveLength(3);
  });

  test.each(['cut', 'close'] as const)('a client may go (%s): nothing comes of what was pending', async (how) => {
    const { clock, gateway, connect, events } = setUp(slow(100));
    const client = connect();
    client.send(identify('g'));
    client.send(say('too late'));
    await clock.advance(50);
    client[how]();
    await clock.advance(1_000);
    expect(events('disconnect')).toHaveLength(1);
    expect([...events('identify'), ...events('join'), ...events('leave'), ...events('data')]).toEqual([]);
    expect(await gateway.presence('g')).toEqual({ status: 'UNKNOWN' });
    expect(gateway.groups().every(({ connections }) => connections === 0)).toBe(true);
  });

  test('a message whose sender went before it was authorized is published or not, and the group goes on', async () => {
    const { clock, join } = setUp(slow(100));
    const joining = Promise.all([join('g'), join('g')]);
    await clock.advance(100);
    const [sender, other] = await joining;
    await clock.advance(200);
    sender.send(say('last words'));
    await clock.advance(50);
    sender.cut();
    other.send(say('goes on'));
    await clock.advance(1_000);
    expect(other.data).toContain('goes on');
    expect(other.updates.map(({ seq }) => seq)).toEqual(other.data.map((_, n) => n + 1));
  });
});
