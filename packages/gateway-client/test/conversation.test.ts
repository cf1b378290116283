import { expect, test } from 'vitest';
import { World } from './support.js';

test('two clients talk, one drops and comes back with what it missed', async () => {
  const world = new World();
  const ada = await world.online();
  const bob = await world.online();
  expect(ada.status.get()).toMatchObject({ state: 'online' });
  const room = ada.join<string>('g');
  const heard: string[] = [];
  room.on('message', ({ data, own, replayed }) => heard.push(`${data} ${own} ${replayed}`));
  const bobs = bob.join<string>('g');
  await world.clock.advance(0);
  expect(room.status.get()).toMatchObject({ state: 'live', outcome: 'live' });
  expect(await settle(world, room.publish('one'))).toMatchObject({ seq: 1, duplicate: false });
  world.sockets.sockets[0]!.cut();
  await world.clock.advance(0);
  expect(ada.status.get()).toMatchObject({ state: 'reconnecting' });
  expect(room.status.get()).toMatchObject({ state: 'stale' });
  expect(await settle(world, bobs.publish('two'))).toMatchObject({ seq: 2 });
  await world.clock.advance(2_000);
  expect(room.status.get()).toMatchObject({ state: 'live', outcome: 'recovered', replayed: 1 });
  expect(heard).toEqual(['one true false', 'two false true']);
  expect([...room.members.get().list.keys()].sort()).toEqual([ada.memberId, bob.memberId].sort());
  void ada.close();
  await world.clock.advance(0);
  expect(ada.status.get().state).toBe('closed');
});

async function settle<T>(world: World, promise: Promise<T>): Promise<T> {
  await world.clock.advance(0);
  return promise;
}
