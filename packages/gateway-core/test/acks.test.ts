import { MemoryBroker } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { asynchronous, BROKER_METHODS, waitOn } from './support/asynchronous.js';
import { long, say } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { ResumingClient } from './support/resuming-client.js';
import { setUp } from './support/set-up.js';

async function joined(options: Parameters<typeof setUp>[0] = {}, identity: { token?: string } = {}) {
  const world = setUp(options);
  const a = new ResumingClient(world.gateway, identity);
  a.connect({ g: {} });
  await world.clock.advance(1_000);
  a.take();
  return { ...world, a };
}

const acks = (client: ResumingClient) => client.of('ack').map(({ payload }) => payload);
/** What answered the messages, in order: ids. */
const answers = (client: ResumingClient) =>
  client.take().received.flatMap(({ type, payload }) => {
    if (type === 'ack') return [`ack ${payload.id}`];
    return type === 'error' ? [`${payload.code} ${payload.inReplyTo}`] : [];
  });

describe('an ack', () => {
  test('names the message, and where it is in the log [R107] [R111]', async () => {
    const { clock, gateway, a } = await joined();
    a.say('g', 'one', 'm-1');
    a.say('g', 'two', 'm-2');
    await clock.settle();
    const { epoch } = await gateway.position('g');
    expect(acks(a)).toEqual([
      { id: 'm-1', epoch, seq: 1 },
      { id: 'm-2', epoch, seq: 2 },
    ]);
  });

  test('comes only where there is an id, and never in dialect 1 [R168]', async () => {
    const { clock, a, join } = await joined();
    const one = await join('g');
    a.say('g', 'without');
    one.send(say('of dialect 1', { id: 'm-1' }));
    await clock.settle();
    expect(acks(a)).toEqual([]);
    expect(one.received.map(({ type }) => type)).not.toContain('ack');
    expect(one.data).toEqual(['without', 'of dialect 1']);
  });

  test('goes out in one write with what else the client is owed by the end of the turn', async () => {
    const { clock, gateway } = setUp();
    const socket = new RecordingSocket(gateway);
    socket.send({ type: 'identify', version: '2', payload: { clientType: 'app-client', groupId: 'g' } });
    await clock.advance(1_000);
    const before = socket.writes.length;
    for (const id of ['m-1', 'm-2', 'm-3']) socket.send(say(id, { groupId: 'g', id }));
    await clock.settle();
    expect(socket.writes).toHaveLength(before + 1);
    expect(socket.received.slice(-6).map(({ type }) => type)).toEqual([...Array(3).fill('ack'), ...Array(3).fill('data_update')]);
  });

  test('of a join and of a leave says that, without a position [R43] [R107]', async () => {
    const { clock, a } = await joined();
    a.send({ type: 'join', id: 'j', payload: { groupId: 'h' } });
    a.send({ type: 'leave', id: 'l', payload: { groupId: 'h' } });
    await clock.settle();
    expect(acks(a)).toEqual([{ id: 'j' }, { id: 'l' }]);
    a.say('h', 'nobody there', 'm');
    await clock.settle();
    expect(answers(a).at(-1)).toBe('NOT_A_MEMBER m');
  });

  test('of a message that the gateway failed on does not come: an error does [R108]', async () => {
    const broker = new MemoryBroker();
    const { clock, a } = await joined({ broker });
    broker.publish = () => {
      throw new Error('down');
    };
    a.say('g', 'lost', 'm');
    await clock.settle();
    expect(answers(a)).toEqual(['INTERNAL m']);
  });
});

test('acks and errors come in the order of the messages, whatever each has to wait for [R108] [R109]', async () => {
  let asked = 0;
  const { clock, a } = await joined((fake) => ({
    broker: asynchronous(new MemoryBroker(), [...BROKER_METHODS], waitOn(fake, 3)),
    authorize: ({ action }) => {
      asked += 1;
      const may = action === 'join' || asked % 3 !== 0;
      return asked % 2 === 0 ? may : waitOn(fake, 20)().then(() => may);
    },
  }));
  const ids = Array.from({ length: 12 }, (_, n) => `m-${n}`);
  ids.forEach((id, n) => {
    if (n % 4 === 3) a.send({ type: 'leave', id, payload: { groupId: 'nowhere' } });
    else a.say('g', id, id);
  });
  await clock.advance(2_000);
  const told = answers(a);
  expect(told.map((text) => text.split(' ')[1])).toEqual(ids);
  expect(new Set(told.map((text) => text.split(' ')[0]))).toEqual(new Set(['ack', 'FORBIDDEN', 'NOT_A_MEMBER']));
});

describe('a message that comes again with its id', () => {
  test('gets the first one’s answer, and is not delivered twice [R113]', async () => {
    const { clock, a, events } = await joined();
    a.say('g', 'once', 'm-1');
    await clock.settle();
    a.say('g', 'once', 'm-1');
    await clock.settle();
    const [first, second] = acks(a);
    expect(second).toEqual({ ...first, duplicate: true });
    expect(a.of('data_update')).toHaveLength(1);
    expect(events('data')).toHaveLength(1);
  });

  test('is the same one for as long as the log reaches back to it, also where that is longer than by default [R114]', async () => {
    const { clock, gateway, a } = await joined({ limits: { logMessagesMax: 3_000 } });
    a.say('g', 'once', 'm-1');
    for (let n = 0; n < 1_500; n += 1) {
      // Each with an `id`, as those count which are remembered.
      a.say('g', n, `n-${n}`);
      if (n % 100 === 0) await clock.advance(1_000);
    }
    a.say('g', 'once', 'm-1');
    await clock.settle();
    expect(acks(a).at(-1)).toMatchObject({ id: 'm-1', seq: 1, duplicate: true });
    expect(gateway.groups()[0]?.position.seq).toBe(1_501);
  });

  test('is the same one after a resume [R115]', async () => {
    const { clock, a } = await joined();
    a.say('g', 'once', 'm-1');
    a.connection.cut();
    a.connect();
    a.say('g', 'once', 'm-1');
    await clock.settle();
    expect(a.take().resumed.at(-1)).toBe(true);
    expect(acks(a).at(-1)).toMatchObject({ id: 'm-1', seq: 1, duplicate: true });
    expect(a.logs.get('g')?.seen).toEqual([1]);
  });

  test.each([
    ['the same one, where the host names the user', ({ token }: { token?: string }) => ({ principal: String(token) }), 1],
    ['another one, where nobody says who the user is', () => true as const, 2],
  ])('is after a refused resume %s [R112] [R116]', async (_name, authenticate, count) => {
    const { clock, a } = await joined(
      { authenticate: (asked) => authenticate({ token: asked.token as string }) },
      { token: 'ada' },
    );
    a.say('g', 'once', 'm-1');
    await clock.settle();
    a.take().connection.cut();
    await clock.advance(20_000);
    a.connect();
    a.say('g', 'once', 'm-1');
    await clock.settle();
    expect(a.take().resumed).toEqual([false, false]);
    expect(acks(a).at(-1)?.duplicate).toBe(count === 1 ? true : undefined);
    expect(a.logs.get('g')?.seen).toHaveLength(count);
  });

  test('is another one where another user or another group has the same id [R112]', async () => {
    const { clock, gateway, a } = await joined({ authenticate: ({ token }) => ({ principal: String(token) }) }, { token: 'ada' });
    const b = new ResumingClient(gateway, { token: 'bob' });
    b.connect({ g: {}, h: {} });
    await clock.settle();
    a.say('g', 'a', 'm-1');
    b.say('g', 'b', 'm-1');
    b.say('h', 'c', 'm-1');
    await clock.settle();
    expect([...acks(a), ...acks(b)].map(({ duplicate }) => duplicate)).toEqual([undefined, undefined, undefined]);
    expect(a.of('data_update')).toHaveLength(2);
  });

  test('cannot be made another user’s by a name that looks like it', async () => {
    // As one text, "ada" with the id "b:1" and "ada:b" with the id "1" would be the same.
    const { clock, gateway, a } = await joined({ authenticate: ({ token }) => ({ principal: String(token) }) }, { token: 'ada' });
    const b = new ResumingClient(gateway, { token: 'ada:b' });
    b.connect({ g: {} });
    await clock.settle();
    a.say('g', 'a', 'b:1');
    b.say('g', 'b', '1');
    await clock.settle();
    expect(a.of('data_update')).toHaveLength(2);
  });
});

test('heartbeat_ack gives back the client’s time, with the gateway’s [R79]', async () => {
  const { clock, a } = await joined();
  a.send({ type: 'heartbeat', ts: 4711 });
  a.send({ type: 'heartbeat' });
  await clock.settle();
  expect(a.of('heartbeat_ack').map(({ payload }) => payload)).toEqual([
    { echoTs: 4711, serverTs: clock.now() },
    { serverTs: clock.now() },
  ]);
});

describe('limits', () => {
  test('groupsPerConnectionMax holds for joins and for an identify, which is told which groups were too many [R6] [R65] [R214]', async () => {
    const { clock, gateway, a } = await joined({ limits: { groupsPerConnectionMax: 2 } });
    for (const groupId of ['h', 'i']) a.send({ type: 'join', id: groupId, payload: { groupId } });
    await clock.settle();
    expect(answers(a)).toEqual(['ack h', 'TOO_MANY_GROUPS i']);
    // One that it is in already is none more.
    a.send({ type: 'join', id: 'again', payload: { groupId: 'h' } });
    await clock.settle();
    expect(answers(a).at(-1)).toBe('ack again');
    const b = new ResumingClient(gateway);
    b.connect({ g: {}, h: {}, i: {} });
    await clock.settle();
    expect(b.of('ready').at(-1)?.payload.groups).toEqual(['g', 'h']);
    expect(b.of('error')).toMatchObject([{ groupId: 'i', payload: { code: 'TOO_MANY_GROUPS' } }]);
  });

  test('two joins that wait for their hooks cannot both take the last place', async () => {
    const { clock, a, gateway } = await joined((fake) => ({
      limits: { groupsPerConnectionMax: 2 },
      authorize: () => waitOn(fake, 10)().then(() => true),
    }));
    const [connection] = gateway.connections();
    a.send({ type: 'join', id: 'h', payload: { groupId: 'h' } });
    await clock.advance(5);
    await gateway.join(connection?.connectionId as string, 'i');
    await clock.advance(20);
    expect(answers(a)).toEqual(['TOO_MANY_GROUPS h']);
    expect(gateway.connections()[0]?.groups).toEqual(['g', 'i']);
    expect(await gateway.members('h')).toEqual([]);
  });

  test('joins have a rate of their own, which says when to come again [R38]', async () => {
    const { clock, a } = await joined({ limits: { joinsPerSecondMax: 2, joinsBurst: 4 } });
    for (let n = 0; n < 5; n += 1) a.send({ type: 'join', id: `j-${n}`, payload: { groupId: `h${n}` } });
    await clock.settle();
    const [error] = a.of('error');
    expect(answers(a)).toEqual([...['j-0', 'j-1', 'j-2', 'j-3'].map((id) => `ack ${id}`), 'RATE_LIMITED j-4']);
    await clock.advance(error?.payload.retryAfterMs);
    a.send({ type: 'join', id: 'later', payload: { groupId: 'h5' } });
    await clock.settle();
    expect(answers(a).at(-1)).toBe('ack later');
  });
});

test('a message that is accepted after its connection has ended does not stop the closing handshake from being read', async () => {
  const { clock, gateway } = setUp((fake) => ({
    broker: asynchronous(new MemoryBroker(), ['publish'], waitOn(fake, 50)),
    limits: { socketHighWaterMarkBytes: 500 },
  }));
  const socket = new RecordingSocket(gateway);
  socket.send({ type: 'identify', version: '2', payload: { clientType: 'app-client', groupId: 'g' } });
  await clock.advance(1_000);
  socket.stuck = true;
  socket.send(say('x'.repeat(600), { groupId: 'g' }));
  await clock.advance(200);
  socket.send(say('late', { groupId: 'g', id: 'm' }));
  gateway.disconnect(gateway.connections()[0]?.connectionId as string);
  await clock.advance(200);
  expect(socket.reading).toBe(true);
});

describe('a leave on a socket that takes nothing', () => {
  async function leaving() {
    const world = setUp({
      limits: { socketHighWaterMarkBytes: 1_000 },
      timings: { heartbeatTimeoutMs: 1_000_000, slowConsumerTimeoutMs: 0 },
    });
    const socket = new RecordingSocket(world.gateway);
    socket.send({ type: 'identify', version: '2', payload: { clientType: 'app-client', groupId: 'g' } });
    await world.clock.advance(1_000);
    socket.writes.length = 0;
    socket.stuck = true;
    for (const id of ['m-1', 'm-2', 'm-3']) socket.send(say(long(1_500), { groupId: 'g', id }));
    await world.clock.settle();
    socket.send({ type: 'leave', id: 'leave', payload: { groupId: 'g' } });
    await world.clock.settle();
    return { ...world, socket };
  }
  const told = (socket: RecordingSocket) =>
    (socket.received as { type: string; payload: { id?: string } }[]).map(({ type, payload }) =>
      type === 'ack' ? `ack ${payload.id}` : type,
    );

  test('is done once everything was written that was accepted before it', async () => {
    const { clock, gateway, socket } = await leaving();
    expect(told(socket)).not.toContain('ack leave');
    expect(gateway.connections()[0]?.groups).toEqual(['g']);
    socket.drain();
    await clock.settle();
    expect(socket.data).toHaveLength(3);
    expect(told(socket).at(-1)).toBe('ack leave');
    expect(gateway.connections()[0]?.groups).toEqual([]);
    socket.listener.closed(1006, '');
  });

  test('takes nobody out where the connection drops meanwhile: its member can come back', async () => {
    const { clock, gateway, socket } = await leaving();
    socket.listener.closed(1006, '');
    await clock.settle();
    expect((await gateway.presence('g')).details?.members).toBe(1);
    expect(told(socket)).not.toContain('ack leave');
  });

  test('is done at once in the middle of a replay, which only it had asked for', async () => {
    const { clock, gateway } = setUp({ limits: { socketHighWaterMarkBytes: 1_000 } });
    for (let n = 0; n < 5; n += 1) await gateway.publish('g', long(1_500));
    const socket = new RecordingSocket(gateway);
    socket.send({ type: 'identify', version: '2', payload: { clientType: 'app-client' } });
    await clock.advance(1_000);
    socket.stuck = true;
    socket.send({ type: 'join', id: 'join', payload: { groupId: 'g', since: { tail: 5 } } });
    await clock.settle();
    socket.send({ type: 'leave', id: 'leave', payload: { groupId: 'g' } });
    await clock.settle();
    expect(gateway.connections()[0]?.groups).toEqual([]);
    socket.listener.closed(1006, '');
  });
});
