import { MemorySocket } from 'gateway-core/testing';
import { expect, test } from 'vitest';
import { GROUP_STATES, moveGroup } from '../src/groups/group-states.js';
import { movePlace, PLACE_STATES, type PlaceEvent, type PlaceState } from '../src/groups/place-states.js';
import { long, say } from './support/messages.js';
import { ResettableBroker } from './support/resettable-broker.js';
import { ResumingClient } from './support/resuming-client.js';
import { setUp, type TestGateway } from './support/set-up.js';

test('an event that cannot come is an error that names it, and changes nothing', () => {
  const never = Object.entries(PLACE_STATES).flatMap(([state, row]) =>
    Object.entries(row).flatMap(([event, next]) => (next === 'never' ? [[state, event] as [PlaceState, PlaceEvent]] : [])),
  );
  expect(never.length).toBeGreaterThan(5);
  for (const [state, event] of never) {
    const place = { state };
    expect(() => movePlace(place, event)).toThrow(`a place in a group that is ${state} cannot be ${event}`);
    expect(place.state).toBe(state);
  }
  expect(GROUP_STATES.forgotten.entered).toBe('never');
  expect(() => moveGroup({ state: 'forgotten' }, 'entered')).toThrow('a group that is forgotten cannot be entered');
});

/** A client of dialect 2 that resumes in two groups, over a socket that breaks as it is written what has `text` in it. */
async function breaksAt({ clock, gateway }: TestGateway, text: string) {
  const a = new ResumingClient(gateway);
  a.connect({ g: {}, h: {} });
  await clock.settle();
  const { token, memberId } = a.take();
  a.connection.cut();
  for (const groupId of ['g', 'h']) await gateway.publish(groupId, `in ${groupId}`);
  await clock.settle();
  const socket = new MemorySocket();
  socket.connect({
    frames: (bytes) => bytes.includes(text) && socket.end(1006, ''),
    closing: () => {},
    closed: () => {},
  });
  gateway.accept(socket, { remoteAddress: 'a' });
  const positions = Object.fromEntries([...a.logs].map(([groupId, { epoch, seq }]) => [groupId, { epoch, seq }]));
  const payload = { clientType: 'app-client', resume: { token, groups: positions } };
  socket.send(JSON.stringify({ type: 'identify', version: '2', payload }));
  await clock.settle();
  return { a, memberId };
}

test.each(['"resumed"', 'in g', '"type":"sync"', 'in h'])(
  'a resume whose socket breaks as it is written %s leaves its places to the next one, with everything',
  async (text) => {
    const world = setUp();
    const { a, memberId } = await breaksAt(world, text);
    expect(world.events('disconnect')).toHaveLength(2);
    expect(world.gateway.stats()).toMatchObject({ connections: 0, droppedMembers: 1 });
    // It never had the `ready`: the token that it came with is still good.
    a.connect();
    await world.clock.settle();
    expect(a.take().memberId).toBe(memberId);
    expect(a.of('data_update').map(({ payload }) => payload.data)).toEqual(['in g', 'in h']);
    expect(a.of('sync').map(({ payload }) => payload.outcome)).toEqual(['live', 'live', 'recovered', 'recovered']);
    expect(world.events('error')).toEqual([]);
  },
);

test('a member whose socket breaks as it is written its last messages of a group leaves that group, and drops out of the others', async () => {
  const world = setUp();
  const { clock, gateway, events, join } = world;
  const other = await join('g');
  const socket = new MemorySocket();
  socket.connect({
    frames: (bytes) => bytes.includes('last words') && socket.end(1006, ''),
    closing: () => {},
    closed: () => {},
  });
  gateway.accept(socket, { remoteAddress: 'a' });
  const payload = { clientType: 'app-client', resume: { groups: { g: {}, h: {} } } };
  socket.send(JSON.stringify({ type: 'identify', version: '2', payload }));
  await clock.settle();
  const { memberId } = gateway.connections().at(-1) as { memberId: string };
  other.send(say('last words'));
  gateway.remove(memberId, 'g');
  await clock.settle();
  expect(events('leave')).toEqual([expect.objectContaining({ memberId, groupId: 'g' })]);
  expect(gateway.stats().droppedMembers).toBe(1);
  expect(await gateway.members('h')).toMatchObject([{ memberId, state: 'dropped' }]);
  await clock.advance(20_000);
  expect(events('leave')).toHaveLength(2);
  expect(gateway.groups().map(({ groupId, connections }) => [groupId, connections])).toEqual([
    ['g', 1],
    ['h', 0],
  ]);
});

test('a log that is lost in the middle of a replay is told by one sync, and the place is live in the new one', async () => {
  const broker = new ResettableBroker();
  const { clock, gateway } = setUp({ broker, limits: { socketHighWaterMarkBytes: 1_000 } });
  const [a, b] = [new ResumingClient(gateway), new ResumingClient(gateway)];
  for (const client of [a, b]) client.connect({ g: {} });
  await clock.settle();
  a.take().connection.cut();
  for (let n = 1; n <= 10; n += 1) b.say('g', `${n} ${long(600)}`);
  await clock.settle();
  a.connect().stopReading();
  await clock.settle();
  expect(gateway.connections()).toHaveLength(2);
  broker.lose('g');
  b.say('g', 'first of the new log');
  await clock.settle();
  a.connection.startReading();
  await clock.advance(1_000);
  const { epoch } = await gateway.position('g');
  const syncs = a.of('sync').map(({ payload: { outcome, reason, seq } }) => [outcome, reason, seq]);
  expect(syncs).toEqual([
    ['live', undefined, 0],
    ['reset', 'epoch', 0],
  ]);
  expect(a.of('data_update').at(-1)).toMatchObject({ seq: 1, payload: { data: 'first of the new log' } });
  expect(a.logs.get('g')?.epoch).toBe(epoch);
  expect(a.of('data_update').length).toBeGreaterThan(1);
  expect(a.of('data_update').length).toBeLessThan(10);
});
