import { connectClient } from 'gateway-core/testing';
import type { OutgoingToClient2 } from 'gateway-protocol';
import { expect, test } from 'vitest';
import { RecordingSocket } from './support/recording-socket.js';
import { ResumingClient } from './support/resuming-client.js';
import { setUp } from './support/set-up.js';

const upTo = (count: number, from = 1) => Array.from({ length: count }, (_, n) => from + n);

async function pair(options: Parameters<typeof setUp>[0] = {}) {
  const world = setUp(options);
  const [a, b] = [new ResumingClient(world.gateway), new ResumingClient(world.gateway)];
  for (const client of [a, b]) client.connect({ g: {} });
  await world.clock.settle();
  for (const client of [a, b]) client.take();
  return { ...world, a, b };
}

test('ready names who the client is, its next token and which groups are coming; sync ends the replay of each [R88] [R89] [R172] [R189]', async () => {
  const { a } = await pair();
  const [ready] = a.of('ready').slice(1);
  expect(ready?.payload).toMatchObject({ memberId: expect.any(String), resumed: false, groups: ['g'] });
  expect(ready?.payload.resume).toEqual({ token: expect.stringMatching(/^id-\d+\.[\w-]{24}$/), ttlMs: 15_000 });
  expect(ready?.payload.limits).toMatchObject({ messageBytesMax: 262_144, groupsPerConnectionMax: 100 });
  expect(a.logs.get('g')?.syncs).toEqual([{ outcome: 'live', reason: undefined, seq: 0, replayed: 0 }]);
});

test('ready and the first sync leave in one write, whatever the ids in them are', async () => {
  const groupId = 'a "group"\\';
  const { clock, gateway } = setUp({ generateId: () => '"id"\n' });
  const socket = new RecordingSocket(gateway);
  await clock.settle();
  const before = socket.writes.length;
  socket.send({ type: 'identify', version: '2', payload: { clientType: 'app-client', groupId } });
  while (socket.writes.length === before) await clock.settle();
  const [ready, sync] = socket.received.slice(1);
  expect(socket.writes).toHaveLength(before + 1);
  expect(ready).toMatchObject({ type: 'ready', payload: { connectionId: '"id"\n', memberId: '"id"\n', groups: [groupId] } });
  expect(sync).toMatchObject({ type: 'sync', groupId, payload: { groupId, epoch: expect.any(String), seq: 0 } });
});

test('who comes back inside the window is the same member, and gets what was said meanwhile, once and in order [R90] [R92] [R180] [R181] [R182]', async () => {
  const { clock, gateway, a, b, events } = await pair();
  const { memberId } = a;
  a.connection.cut();
  for (const n of upTo(20)) b.say('g', n);
  await clock.advance(14_000);
  a.connect();
  b.say('g', 21);
  await clock.settle();
  a.take();
  expect(a.memberId).toBe(memberId);
  expect(a.resumed).toEqual([false, true]);
  expect(a.logs.get('g')?.seen).toEqual(upTo(21));
  expect(a.logs.get('g')?.syncs.at(-1)).toMatchObject({ outcome: 'recovered' });
  expect(events('leave')).toEqual([]);
  expect(events('join')).toHaveLength(2);
  expect((await gateway.members('g')).map(({ state }) => state)).toEqual(['connected', 'connected']);
});

test('after the window it is somebody else, who recovers the messages all the same [R195] [R196]', async () => {
  const { clock, a, b, events } = await pair();
  const { memberId } = a;
  a.connection.cut();
  for (const n of upTo(3)) b.say('g', n);
  await clock.advance(17_000);
  expect(events('leave')).toHaveLength(1);
  a.connect();
  await clock.settle();
  a.take();
  expect(a.resumed).toEqual([false, false]);
  expect(a.memberId).not.toBe(memberId);
  expect(a.logs.get('g')?.seen).toEqual(upTo(3));
  expect(a.logs.get('g')?.syncs.at(-1)).toMatchObject({ outcome: 'recovered', replayed: 3 });
});

test('a position of another log, one ahead of it, and one that it no longer reaches are resets, and say which [R68] [R93] [R94] [R95] [R96]', async () => {
  const { clock, gateway, a, b } = await pair({ limits: { logMessagesMax: 4 } });
  for (const n of upTo(10)) b.say('g', n);
  await clock.settle();
  a.take();
  const { epoch } = await gateway.position('g');
  a.connection.cut();
  const outcomes = [];
  for (const since of [
    { epoch: 'other', seq: 3 },
    { epoch, seq: 11 },
    { epoch, seq: 5 },
    { epoch, seq: 6 },
    { epoch, seq: 5, tail: 2 },
  ]) {
    const client = new ResumingClient(gateway);
    client.connect({ g: since });
    await clock.settle();
    const { outcome, reason, replayed } = client.of('sync')[0]?.payload ?? {};
    outcomes.push([outcome, reason, replayed, client.logs.get('g')?.seen]);
  }
  expect(outcomes).toEqual([
    ['reset', 'epoch', 0, []],
    ['reset', 'ahead', 0, []],
    ['reset', 'trimmed', 0, []],
    ['recovered', undefined, 4, [7, 8, 9, 10]],
    ['reset', 'trimmed', 2, [9, 10]],
  ]);
});

test('the earlier connection is fenced from the moment the resume is accepted [R198] [R199]', async () => {
  const { clock, a, b } = await pair();
  const old = a.connection;
  a.connect();
  // In the same turn, before its socket is told.
  old.send({ type: 'data_update', groupId: 'g', payload: { data: 'from the old one' } });
  await clock.settle();
  old.send({ type: 'data_update', groupId: 'g', payload: { data: 'later' } });
  await clock.settle();
  expect(old.closed?.code).toBe(4004);
  b.say('g', 'to all');
  await clock.settle();
  const told = b.of('data_update').map(({ payload }) => payload.data);
  expect(told.at(-1)).toBe('to all');
  expect(told).not.toContain('later');
  expect(a.take().logs.get('g')?.seen).toEqual(upTo(told.length));
  expect(a.resumed).toEqual([false, true]);
});

test('a member whose earlier connection stands as it resumes has not dropped, and takes the place of none that has [R198]', async () => {
  const { clock, a, b, events } = await pair({ limits: { droppedMembersMax: 1 } });
  const { memberId } = b;
  b.connection.cut();
  await clock.settle();
  a.connect();
  await clock.settle();
  expect(a.take().resumed).toEqual([false, true]);
  expect(events('detached').map((event) => event.memberId)).toEqual([memberId]);
  b.connect();
  await clock.settle();
  expect(b.take().resumed).toEqual([false, true]);
});

test('a group that the earlier connection joins while the resume is under way is heard on the new one [R187]', async () => {
  const { clock, a, b } = await pair();
  const { memberId } = a;
  a.send({ type: 'join', payload: { groupId: 'h' } });
  b.send({ type: 'join', payload: { groupId: 'h' } });
  a.connect();
  await clock.settle();
  b.say('h', 'to all');
  await clock.settle();
  expect(a.take().memberId).toBe(memberId);
  expect(a.of('ready').at(-1)?.payload.groups).toEqual(['g', 'h']);
  expect(a.of('sync').at(-1)?.payload).toMatchObject({ groupId: 'h', outcome: 'live' });
  expect(a.logs.get('h')?.seen).toEqual([1]);
});

test('a used token stays good until the client has spoken on its new connection, and no longer [R84] [R192] [R193]', async () => {
  const { clock, a } = await pair();
  const { memberId, token } = a;
  a.connection.cut();
  a.connect();
  await clock.settle();
  // Its ready is lost: it knows only the old token.
  a.take().connection.cut();
  a.token = token;
  a.connect();
  await clock.settle();
  expect(a.take().memberId).toBe(memberId);
  a.say('g', 1);
  await clock.settle();
  const newest = a.take().token;
  a.connection.cut();
  a.token = token;
  a.connect();
  await clock.settle();
  expect(a.take().memberId).not.toBe(memberId);
  a.token = newest;
  a.connect();
  await clock.settle();
  expect(a.take().memberId).toBe(memberId);
});

test('of two resumes that race one wins, the other is somebody new [R194]', async () => {
  const answers: ((yes: boolean) => void)[] = [];
  const world = setUp({ authenticate: () => new Promise((resolve) => answers.push(resolve)) });
  const first = new ResumingClient(world.gateway);
  first.connect({ g: {} });
  await world.clock.settle();
  answers.shift()?.(true);
  await world.clock.settle();
  const { memberId, token } = first.take();
  first.connection.cut();
  const racers = [new ResumingClient(world.gateway), new ResumingClient(world.gateway)];
  for (const racer of racers) {
    racer.token = token;
    racer.connect({ g: {} });
  }
  await world.clock.settle();
  for (const answer of answers) answer(true);
  await world.clock.settle();
  expect(racers.map((racer) => racer.take().resumed)).toEqual([[true], [false]]);
  expect(racers[0]?.memberId).toBe(memberId);
  expect(racers[1]?.memberId).not.toBe(memberId);
  expect(await world.gateway.members('g')).toHaveLength(2);
});

test.each([0, 10, 100, 14_000])(
  'a hook of %i ms keeps the window open, and live traffic does not slip through [R90] [R181]',
  async (ms) => {
    const world = setUp((clock) => ({
      authenticate: () => new Promise((resolve) => clock.setTimeout(() => resolve(true), ms)),
      authorize: () => new Promise((resolve) => clock.setTimeout(() => resolve(true), ms)),
      timings: { partTimeoutMs: 60_000, identifyTimeoutMs: 600_000, heartbeatTimeoutMs: 600_000 },
    }));
    const { clock, gateway } = world;
    const a = new ResumingClient(gateway);
    a.connect({ g: {} });
    await clock.advance(2 * ms + 1);
    const { memberId } = a.take();
    a.connection.cut();
    await clock.advance(14_990);
    a.connect();
    for (let n = 0; n < 200; n += 1) {
      void gateway.publish('g', n);
      await clock.advance(Math.ceil(ms / 50));
    }
    await clock.advance(2 * ms + 1);
    void gateway.publish('g', 'last');
    await clock.settle();
    expect(a.take().memberId).toBe(memberId);
    expect(a.logs.get('g')?.seen).toEqual(upTo(201));
    expect(a.logs.get('g')?.syncs.at(-1)?.outcome).toBe('recovered');
  },
);

test('a group that it may no longer be in is left and said, the others go on [R6] [R185] [R188]', async () => {
  let forbidden = '';
  const world = setUp({ authorize: ({ groupId }) => groupId !== forbidden });
  const { clock, gateway, events } = world;
  const a = new ResumingClient(gateway);
  a.connect({ g: {}, h: {} });
  await clock.settle();
  a.take().connection.cut();
  forbidden = 'g';
  a.connect();
  await clock.settle();
  const errors = a.of('error');
  expect(errors).toMatchObject([{ groupId: 'g', payload: { code: 'FORBIDDEN' } }]);
  expect(a.of('ready').at(-1)?.payload.groups).toEqual(['h']);
  expect(events('leave')).toMatchObject([{ groupId: 'g' }]);
  expect(a.of('sync').at(-1)?.payload).toMatchObject({ groupId: 'h', outcome: 'recovered' });
});

test('a token is another user’s nothing [R191]', async () => {
  const world = setUp({ authenticate: ({ token }) => ({ principal: String(token) }) });
  const { clock, gateway } = world;
  const ada = new ResumingClient(gateway, { token: 'ada' });
  ada.connect({ g: {} });
  await clock.settle();
  const { token, memberId } = ada.take();
  ada.connection.cut();
  const eve = new ResumingClient(gateway, { token: 'eve' });
  eve.token = token;
  eve.connect();
  await clock.settle();
  expect(eve.take().resumed).toEqual([false]);
  expect(eve.memberId).not.toBe(memberId);
  ada.connect();
  await clock.settle();
  expect(ada.take().memberId).toBe(memberId);
});

test('a clean close ends the member at once; a page that was left comes back [R174] [R179]', async () => {
  const { clock, a, b } = await pair();
  const ids = [a.memberId, b.memberId];
  a.connection.close(1000);
  b.connection.close(1001);
  await clock.settle();
  for (const client of [a, b]) client.connect();
  await clock.settle();
  expect(a.take().memberId).not.toBe(ids[0]);
  expect(b.take().memberId).toBe(ids[1]);
});

test('a second identify renews in place: a new token, nothing lost, nobody comes or goes [R50] [R192]', async () => {
  const { clock, a, b, events } = await pair();
  const { memberId, token } = a;
  b.say('g', 1);
  a.send({ type: 'identify', version: '2', payload: { clientType: 'app-client' } });
  b.say('g', 2);
  await clock.settle();
  a.take();
  expect([a.memberId, a.resumed.at(-1)]).toEqual([memberId, true]);
  expect(a.token).not.toBe(token);
  expect(a.logs.get('g')?.seen).toEqual([1, 2]);
  expect(events('leave')).toEqual([]);
});

test('the dialect is chosen once [R169]', async () => {
  const { clock, a, join } = await pair();
  a.send({ type: 'identify', version: '1', payload: { clientType: 'app-client', groupId: 'g' } });
  const one = await join('g');
  one.send({ type: 'identify', version: '2', payload: { clientType: 'app-client' } });
  await clock.settle();
  expect(a.of('error').map(({ payload }) => payload.code)).toEqual(['INVALID_IDENTIFY']);
  expect(one.received.at(-1)).toMatchObject({ type: 'error', payload: { code: 'INVALID_IDENTIFY' } });
});

test('a used token is not good on a connection that came before the one that the member has: it was given up [R255]', async () => {
  const { clock, gateway, a } = await pair();
  const { memberId, token } = a.take();
  a.connection.cut();
  // Its identify is on its way for long.
  const givenUp = connectClient<OutgoingToClient2>(gateway);
  await clock.advance(1_000);
  a.connect();
  await clock.settle();
  givenUp.send({ type: 'identify', version: '2', payload: { clientType: 'app-client', resume: { token } } });
  await clock.settle();
  expect(givenUp.received.at(-1)).toMatchObject({ payload: { resumed: false } });
  expect(a.take()).toMatchObject({ memberId, resumed: [false, true] });
  expect(a.connection.closed).toBeUndefined();
});

test('a token that is renewed in place stays good until it is renewed again: what follows may have been said before the new one was read [R254]', async () => {
  const { clock, a } = await pair();
  const renew = async () => {
    a.send({ type: 'identify', version: '2', payload: { clientType: 'app-client' } });
    a.say('g', 'behind it');
    await clock.settle();
  };
  const comesBack = async (token: string | undefined) => {
    a.take().connection.cut();
    a.token = token;
    a.connect();
    await clock.settle();
    return a.take().memberId;
  };
  const { memberId, token } = a.take();
  await renew();
  expect(await comesBack(token)).toBe(memberId);
  const first = a.take().token;
  a.say('g', 'it has been read');
  await renew();
  const second = a.take().token;
  await renew();
  expect(await comesBack(first)).not.toBe(memberId);
  expect(await comesBack(second)).toBe(memberId);
});

test('nor does what comes once the gateway has renewed it spend the token before: that may have been said before the new one was read [R254]', async () => {
  const { clock, a } = await pair();
  const { memberId, token } = a.take();
  a.send({ type: 'identify', version: '2', payload: { clientType: 'app-client' } });
  await clock.settle();
  a.say('g', 'its ready is still on the way');
  await clock.settle();
  a.take().connection.cut();
  a.token = token;
  a.connect();
  await clock.settle();
  expect(a.take().memberId).toBe(memberId);
});

test('what a client has sent together with its identify does not spend the token that it came with: its ready may still be lost [R193]', async () => {
  const world = setUp((clock) => ({ authenticate: () => new Promise((resolve) => clock.setTimeout(() => resolve(true), 20)) }));
  const { clock, gateway } = world;
  const a = new ResumingClient(gateway);
  a.connect({ g: {} });
  await clock.advance(30);
  const { memberId, token } = a.take();
  a.connection.cut();
  a.connect();
  a.say('g', 'in the same write as the identify');
  await clock.advance(30);
  a.take().connection.cut();
  a.token = token;
  a.connect();
  await clock.advance(30);
  expect(a.take().memberId).toBe(memberId);
});
