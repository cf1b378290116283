import { MemoryBroker } from 'gateway-core';
import { MemoryLink } from 'gateway-core/testing';
import { expect, test } from 'vitest';
import { outcomeOf, World } from './support.js';

/** A broker that takes everything `delayMs` late; what it was asked for it does, however long nobody waits for it any more. */
function lateBroker(world: () => World, delayMs: () => number): MemoryBroker {
  const broker = new MemoryBroker();
  const publish = broker.publish.bind(broker);
  return Object.assign(broker, {
    publish: (...asked: Parameters<typeof publish>) =>
      new Promise((resolve) => world().clock.setTimeout(() => resolve(publish(...asked)), delayMs())),
  });
}

test('a group that is left on a connection which has died is left when there is another one', async () => {
  const world = new World();
  const client = await world.online();
  const group = client.join('g');
  client.join('h');
  await world.clock.advance(0);
  world.socket.send = () => {};
  group.leave();
  await world.clock.advance(2_000);
  world.socket.cut();
  await world.clock.advance(2_000);
  expect(client.status.get().state).toBe('online');
  expect((await world.gateway.members('g')).length).toBe(0);
  expect((await world.gateway.members('h')).length).toBe(1);
});

test('a group that is left while the `identify` that names it is under way is left when it is answered', async () => {
  let isSlow = false;
  const world: World = new World({
    authenticate: () => (isSlow ? new Promise((resolve) => world.clock.setTimeout(() => resolve(true), 5_000)) : true),
  });
  isSlow = true;
  const client = world.client();
  const group = client.join('g');
  await world.clock.advance(1_000);
  group.leave();
  await world.clock.advance(10_000);
  expect(client.status.get().state).toBe('online');
  expect((await world.gateway.members('g')).length).toBe(0);
});

test('a group that is left on a connection which has died, and joined again, stays', async () => {
  const world = new World();
  const client = await world.online();
  const group = client.join('g');
  await world.clock.advance(0);
  world.socket.send = () => {};
  group.leave();
  await world.clock.advance(2_000);
  client.join('g');
  world.socket.cut();
  await world.clock.advance(2_000);
  expect((await world.gateway.members('g')).length).toBe(1);
});

test('what was sent before its group was left is answered as what became of it', async () => {
  let delayMs = 3_000;
  const world: World = new World({
    broker: lateBroker(
      () => world,
      () => delayMs,
    ),
  });
  const client = await world.online();
  const group = client.join('g');
  await world.clock.advance(0);
  const accepted = outcomeOf(group.publish('on the way'));
  group.leave();
  await world.clock.advance(4_000);
  expect(accepted.value).toMatchObject({ seq: 1 });

  delayMs = 60_000;
  const again = client.join('g');
  await world.clock.advance(0);
  const unknown = outcomeOf(again.publish('nobody knows'));
  await world.clock.advance(0);
  world.socket.cut();
  world.handshake = 'refuse';
  again.leave();
  await world.clock.advance(2_000);
  expect(unknown.code).toBe('OUTCOME_UNKNOWN');
  const never = client.join('g');
  const unsent = outcomeOf(never.publish('never sent'));
  never.leave();
  await world.clock.advance(2_000);
  expect(unsent.code).toBe('LEFT');
});

test('what was sent before its group was refused is not said to be refused', async () => {
  let allowed = true;
  const world: World = new World({
    broker: lateBroker(
      () => world,
      () => 60_000,
    ),
    authorize: () => allowed,
  });
  const client = await world.online();
  const group = client.join('g');
  await world.clock.advance(0);
  const publish = outcomeOf(group.publish('perhaps'));
  await world.clock.advance(0);
  allowed = false;
  world.socket.cut();
  await world.clock.advance(2_000);
  expect(group.status.get().state).toBe('refused');
  expect(publish.code).toBe('OUTCOME_UNKNOWN');
});

test.each(['reject', 'resend'] as const)(
  'the gateway has failed on it, and the member is another one: the broker may take it yet, so %s',
  async (whenUnknown) => {
    let delayMs = 30_000;
    const world: World = new World({
      broker: lateBroker(
        () => world,
        () => delayMs,
      ),
      timings: { partTimeoutMs: 2_000, resumeTtlMs: 0 },
    });
    const client = await world.online();
    const group = client.join('g');
    const heard: unknown[] = [];
    (await world.online({ signals: null })).join('g').on('message', ({ data }) => heard.push(data));
    await world.clock.advance(0);
    const publish = outcomeOf(group.publish('once', { whenUnknown }));
    await world.clock.advance(2_500);
    delayMs = 0;
    const before = client.memberId;
    client.reconnect();
    // A drop of which the gateway remembers nothing.
    world.sockets.sockets[0]?.cut();
    await world.clock.advance(2_000);
    expect(client.memberId === before).toBe(false);
    if (whenUnknown === 'reject') expect(publish.code).toBe('OUTCOME_UNKNOWN');
    await world.clock.advance(40_000);
    expect(heard).toHaveLength(whenUnknown === 'reject' ? 1 : 2);
  },
);

test('what is on the way of a stay that was left is none of the next one, which begins at its own `sync`', async () => {
  const delayMs = 100;
  const world: World = new World({}, { link: () => new MemoryLink({ clock: world.clock, latencyMs: delayMs }) });
  const client = world.client({ timings: { lingerMs: 0 } });
  const first = client.join('g');
  await world.clock.advance(1_000);
  expect(first.status.get().state).toBe('live');
  for (const n of [1, 2, 3]) await world.gateway.publish('g', n);
  first.leave();
  await world.clock.advance(1);
  const again = client.join('g', { since: { tail: 1 } });
  const told: unknown[] = [];
  again.on('message', ({ data, replayed }) => told.push([data, replayed]));
  again.on('sync', ({ outcome, replayed }) => told.push([outcome, replayed]));
  await world.clock.advance(1_000);
  expect(told).toEqual([
    [3, true],
    ['live', 1],
  ]);
});
