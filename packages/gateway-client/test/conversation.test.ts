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

test.each([
  ['and is told so by the browser', true],
  ['and finds out by itself', false],
])('a page that loses its network ten times in a minute shows every message once, %s', async (_, isTold) => {
  const world = new World();
  const [ada, bob] = [await world.online({ signals: null }), await world.online()];
  const [adas, bobs] = [ada.join<string>('g'), bob.join<string>('g')];
  const shown: string[] = [];
  const faults: unknown[] = [];
  bobs.on('message', ({ data }) => shown.push(data));
  bobs.on('gap', (gap) => faults.push(gap));
  bobs.on('sync', (sync) => sync.outcome === 'reset' && faults.push(sync));
  await world.clock.advance(0);
  const published: Promise<unknown>[] = [];
  let drops = 0;
  for (let tenth = 0; tenth < 600; tenth += 1) {
    // Both write all the time, also while the network is gone.
    published.push((tenth % 2 === 0 ? adas : bobs).publish(`message ${tenth}`));
    if (tenth % 60 === 10) {
      drops += 1;
      world.handshake = 'refuse';
      world.sockets.sockets.at(-1)?.cut();
      if (isTold) world.signals.give('offline');
    }
    if (tenth % 60 === 30) {
      world.handshake = 'connect';
      if (isTold) world.signals.give('online');
    }
    await world.clock.advance(100);
  }
  await world.clock.advance(60_000);
  await Promise.all(published);
  expect(drops).toBe(10);
  // Of those that were opened two are the first ones; who is not told waits longer and longer, so it is gone at some of the drops.
  expect(world.sockets.sockets.length - 2).toBeGreaterThanOrEqual(isTold ? 10 : 5);
  expect(bob.status.get().state).toBe('online');
  expect(faults).toEqual([]);
  expect(shown).toHaveLength(600);
  expect([...shown].sort()).toEqual(Array.from({ length: 600 }, (_none, n) => `message ${n}`).sort());
  for (const parity of [0, 1]) {
    const numbers = shown.map((text) => Number(text.slice(8))).filter((n) => n % 2 === parity);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  }
  expect(world.errors).toEqual([]);
});

async function settle<T>(world: World, promise: Promise<T>): Promise<T> {
  await world.clock.advance(0);
  return promise;
}
