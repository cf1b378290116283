import { createGateway, MemoryBroker } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { DEFAULT_BACKOFF, delayBefore } from '../src/backoff.js';
import { outcomeOf, World } from './support.js';

/** A generator with a seed: uniform in [0, 1). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('[B18] delays lie in their intervals, and fill them', () => {
  const intervals: [attempts: number, from: number, to: number][] = [
    [0, 0, 1_000],
    [1, 500, 1_000],
    [2, 1_000, 2_000],
    [3, 2_000, 4_000],
    [4, 4_000, 8_000],
    [5, 8_000, 16_000],
    [6, 15_000, 30_000],
    [7, 15_000, 30_000],
    [8, 15_000, 30_000],
  ];
  test.each(intervals)('after %i attempts: %i to %i ms', (attempts, from, to) => {
    const random = seeded(7);
    const delays = Array.from({ length: 10_000 }, () => delayBefore(DEFAULT_BACKOFF, attempts, 'reconnect', random));
    const tenth = (to - from) / 10;
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(from);
    expect(Math.max(...delays)).toBeLessThan(to);
    for (let at = from; at < to; at += tenth) {
      const share = delays.filter((delay) => delay >= at && delay < at + tenth).length / delays.length;
      expect(share).toBeGreaterThan(0.08);
      expect(share).toBeLessThan(0.12);
    }
  });

  test('slow ones start at 10 s and end at 2 minutes; a rule of one’s own replaces them', () => {
    const most = (attempts: number) => delayBefore(DEFAULT_BACKOFF, attempts, 'back-off', () => 1);
    expect([0, 1, 2, 3, 4, 9].map(most)).toEqual([10_000, 20_000, 40_000, 80_000, 120_000, 120_000]);
    expect(delayBefore({ ...DEFAULT_BACKOFF, delay: (attempt, action) => attempt + action.length }, 3, 'resume', () => 1)).toBe(
      9,
    );
  });
});

test('[B19] a gateway that takes a connection and closes it is backed off from; one that was stable is not', async () => {
  const world = new World();
  const client = await world.online();
  const waits: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    world.socket.cut();
    await world.clock.advance(0);
    waits.push(client.status.get().retryAt! - world.clock.now());
    await world.clock.advance(waits.at(-1)!);
    expect(client.status.get().state).toBe('online');
  }
  expect(waits).toEqual([750, 1_500, 3_000, 6_000, 12_000]);
  await world.clock.advance(10_000);
  world.socket.cut();
  await world.clock.advance(0);
  expect(client.status.get().retryAt! - world.clock.now()).toBe(500);
});

test('[B20] a gateway that drains: the next connection is made before the first breaks, at its time, without a loss or a repeat', async () => {
  const broker = new MemoryBroker();
  const world = new World({ broker });
  const client = await world.online();
  const group = client.join<number>('g');
  const heard: number[] = [];
  group.on('message', ({ data }) => heard.push(data));
  await world.clock.advance(0);
  const [first] = world.sockets.sockets;
  const states: string[] = [];
  client.on('status', ({ state }) => states.push(state));
  const draining = world.gateway;
  world.gateway = createGateway({ clock: world.clock, broker });
  let count = 0;
  const publish = () => world.gateway.publish('g', ++count);
  await publish();
  void draining.close({ graceMs: 5_000 });
  await world.clock.advance(0);
  for (let step = 0; step < 40 && world.sockets.sockets.length < 2; step += 1) {
    await publish();
    await world.clock.advance(25);
  }
  await publish();
  await world.clock.advance(1_000);
  expect(world.sockets.sockets).toHaveLength(2);
  expect(first!.readyState).toBe(3);
  expect(states.filter((state) => state !== 'online')).toEqual([]);
  expect(group.status.get()).toMatchObject({ state: 'live', outcome: 'recovered' });
  expect(heard).toEqual(Array.from({ length: count }, (_, index) => index + 1));
});

test('a `recovered` that the connection being replaced has overtaken is told where the user stands', async () => {
  const world = new World();
  const client = await world.online();
  const group = client.join('g');
  const told: unknown[] = [];
  group.on('message', ({ seq }) => told.push(['message', seq]));
  group.on('sync', ({ outcome, seq }) => told.push([outcome, seq]));
  await world.clock.advance(0);
  const { epoch } = group.position!;
  await world.gateway.publish('g', 1);
  await world.clock.advance(0);
  // As two gateways can: one has written message 1, the other had answered before it heard of it, and hears of it then.
  const say = (message: object) => world.socket.onmessage?.({ data: JSON.stringify({ ts: 1, groupId: 'g', ...message }) });
  say({ type: 'sync', payload: { groupId: 'g', epoch, seq: 0, outcome: 'recovered', replayed: 0, version: 2 } });
  say({ type: 'data_update', seq: 1, payload: { data: 1 } });
  say({ type: 'data_update', seq: 2, payload: { data: 2 } });
  expect(told).toEqual([
    ['live', 0],
    ['message', 1],
    ['recovered', 1],
    ['message', 2],
  ]);
  expect(group.position).toEqual({ epoch, seq: 2 });
});

describe('[B21] [B22] [B23] [B24] wake signals', () => {
  test('hidden: attempts are 30 s apart at least; visible: at once', async () => {
    const world = new World();
    const client = await world.online();
    world.signals.give('hide');
    world.handshake = 'refuse';
    world.socket.cut();
    await world.clock.advance(0);
    expect(client.status.get().retryAt! - world.clock.now()).toBe(30_000);
    world.handshake = 'connect';
    world.signals.give('wake');
    await world.clock.advance(0);
    expect(client.status.get().state).toBe('online');
  });

  test('ten in a second are one attempt', async () => {
    const world = new World();
    await world.online();
    world.handshake = 'refuse';
    world.socket.cut();
    await world.clock.advance(0);
    const before = world.sockets.sockets.length;
    for (let count = 0; count < 10; count += 1) {
      world.signals.give('wake', 'online');
      await world.clock.advance(99);
    }
    expect(world.sockets.sockets.length - before).toBe(1);
    await world.clock.advance(10);
    expect(world.sockets.sockets.length - before).toBe(2);
  });

  test('what was said of the network is forgotten with the connection: nobody hears when it comes back', async () => {
    const world = new World();
    const client = await world.online();
    world.signals.give('offline');
    expect(client.status.get().network).toBe(false);
    await client.close();
    world.handshake = 'refuse';
    void client.connect();
    await world.clock.advance(0);
    expect(client.status.get()).toMatchObject({ state: 'connecting', network: true });
    expect(client.status.get().retryAt! - world.clock.now()).toBeLessThan(30_000);
  });

  test.each(['idle', 'closed', 'stopped'] as const)('do nothing where the client is %s', async (state) => {
    const world = new World();
    const client = world.client();
    if (state !== 'idle') {
      void client.connect();
      await world.clock.advance(0);
      if (state === 'closed') void client.close();
      else world.closes(4003);
    }
    await world.clock.advance(0);
    expect(client.status.get().state).toBe(state);
    const before = world.sockets.sockets.length;
    expect(world.signals.listeners.size).toBe(0);
    world.signals.give('wake', 'online', 'offline', 'hide', 'freeze', 'leave');
    await world.clock.advance(60_000);
    expect(world.sockets.sockets.length).toBe(before);
  });

  test.each([
    [1_900, 1],
    [2_100, 2],
  ])('an attempt of %i ms: %i sockets after it', async (ageMs, sockets) => {
    const world = new World();
    world.handshake = 'hang';
    const client = world.client();
    void client.connect();
    await world.clock.advance(ageMs);
    const [first] = world.sockets.sockets;
    world.signals.give('wake');
    await world.clock.advance(0);
    expect(world.sockets.sockets).toHaveLength(sockets);
    expect(first!.closedWith).toBe(sockets === 1 ? undefined : 4902);
  });
});

test('[B25] a day without a network: still trying, with at most seven timers, and nothing piles up', async () => {
  const world = new World();
  world.handshake = 'refuse';
  const client = world.client();
  void client.connect();
  client.join('g');
  await world.clock.advance(86_400_000);
  expect(client.status.get()).toMatchObject({ state: 'connecting', lost: true });
  expect(world.clock.pendingTimers).toBeLessThanOrEqual(7);
  expect(client.status.get().attempt).toBeGreaterThan(2_000);
  world.handshake = 'connect';
  await world.clock.advance(30_000);
  expect(client.status.get()).toMatchObject({ state: 'online', lost: false });
});

test('[B26] a thousand clients of a gateway that dies spread over the first second', async () => {
  const random = seeded(11);
  const world = new World();
  const count = 1_000;
  for (let index = 0; index < count; index += 1) void world.client({ random }).connect();
  await world.clock.advance(11_000);
  const before = world.sockets.sockets.length;
  for (const socket of world.sockets.sockets) socket.cut();
  const slots: number[] = [];
  for (let slot = 0; slot < 10; slot += 1) {
    const sockets = world.sockets.sockets.length;
    await world.clock.advance(100);
    slots.push(world.sockets.sockets.length - sockets);
  }
  expect(world.sockets.sockets.length - before).toBe(count);
  // χ² with nine degrees of freedom; above 27.9 once in a thousand (the seed is fixed).
  const chi = slots.reduce((sum, slot) => sum + (slot - count / 10) ** 2 / (count / 10), 0);
  expect(chi).toBeLessThan(27.9);
});

test('a client whose next connection was lost before its `ready` comes back after the 4202 of the gateway that drains', async () => {
  const world = new World();
  const client = await world.online();
  const { memberId } = client;
  const [first] = world.sockets.sockets;
  world.handshake = 'hang';
  first!.onmessage?.({ data: JSON.stringify({ type: 'reconnect', ts: 1, payload: { reason: 'drain', afterMs: 100 } }) });
  await world.clock.advance(100);
  expect(world.sockets.sockets).toHaveLength(2);
  world.socket.cut();
  await world.clock.advance(0);
  expect(client.status.get().state).toBe('online');
  world.handshake = 'connect';
  world.closes(4202, first);
  await world.clock.advance(15_000);
  expect(client.status.get().state).toBe('online');
  expect(client.memberId).toBe(memberId);
});

test('a 4004 that overtakes the `ready` of the connection that takes its place does not stop the client', async () => {
  const world = new World();
  const client = await world.online();
  const [first] = world.sockets.sockets;
  world.handshake = 'hang';
  first!.onmessage?.({ data: JSON.stringify({ type: 'reconnect', ts: 1, payload: { reason: 'drain', afterMs: 100 } }) });
  // Said twice, it is one attempt.
  first!.onmessage?.({ data: JSON.stringify({ type: 'reconnect', ts: 1, payload: { reason: 'drain', afterMs: 50 } }) });
  await world.clock.advance(100);
  expect(world.sockets.sockets).toHaveLength(2);
  world.closes(4004, first);
  expect(client.status.get().state).toBe('reconnecting');
  world.handshake = 'connect';
  await world.clock.advance(15_000);
  expect(client.status.get().state).toBe('online');
});

test.each([4001, 1006, 4201])(
  'a connection that is lost with %d while the next one is under way makes no other: they have one resume token',
  async (code) => {
    const world = new World();
    const client = await world.online({ token: () => 'fresh' });
    const { memberId } = client;
    const [first] = world.sockets.sockets;
    world.handshake = 'hang';
    first!.onmessage?.({ data: JSON.stringify({ type: 'reconnect', ts: 1, payload: { reason: 'drain', afterMs: 100 } }) });
    await world.clock.advance(100);
    world.handshake = 'connect';
    world.closes(code, first);
    await world.clock.advance(5_000);
    expect(world.sockets.sockets).toHaveLength(2);
    expect(client.status.get().state).toBe('reconnecting');
    // Once that has failed there is another one.
    await world.clock.advance(15_000);
    expect(client.status.get().state).toBe('online');
    expect(client.memberId).toBe(memberId);
  },
);

describe('a gateway that refuses for a time without end', () => {
  const refusal = (retryAfterMs: string) =>
    `{"type":"error","ts":1,"payload":{"code":"RATE_LIMITED","message":"no","retryable":true,"retryAfterMs":${retryAfterMs}}}`;
  const TIMES = ['1e999', '2073600000'];

  test.each(TIMES)('an identify, %s ms: the client comes back', async (retryAfterMs) => {
    let answers = false;
    const world = new World({ authenticate: () => answers || new Promise<never>(() => {}) });
    const client = world.client();
    void client.connect();
    await world.clock.advance(0);
    world.socket.onmessage?.({ data: refusal(retryAfterMs) });
    answers = true;
    await world.clock.advance(299_999);
    expect(client.status.get().state).toBe('connecting');
    await world.clock.advance(1);
    expect(client.status.get().state).toBe('online');
  });

  test.each(TIMES)('messages, %s ms: they are sent', async (retryAfterMs) => {
    const world = new World();
    const client = await world.online({ timings: { askedMaxMs: 5_000 } });
    const group = client.join('g');
    await world.clock.advance(0);
    world.socket.onmessage?.({ data: refusal(retryAfterMs) });
    const published = outcomeOf(group.publish(1));
    await world.clock.advance(4_999);
    expect(published).toEqual({ settled: false });
    await world.clock.advance(1);
    expect(published.value).toMatchObject({ seq: 1 });
  });
});

describe('a gateway that asks to come back', () => {
  /** What the gateway of `socket` says. */
  const asks = (socket: World['socket'], afterMs = 0) =>
    socket.onmessage?.({ data: JSON.stringify({ type: 'reconnect', ts: 1, payload: { reason: 'drain', afterMs } }) });

  /** Asks on every connection as soon as it stands. @returns when each socket was opened, from the first on. */
  const askedAtOnce = async (world: World, ms: number, then: () => void = () => {}): Promise<number[]> => {
    const from = world.clock.monotonicMs();
    const client = await world.online();
    const opened = [from];
    let known: string | undefined;
    for (let at = 0; at <= ms && opened.length < 100; at += 10) {
      for (let spin = 0; spin < 10 && client.status.get().connectionId !== known; spin += 1) {
        known = client.status.get().connectionId;
        if (known) asks(world.socket);
        if (known) then();
        await world.clock.advance(0);
        while (opened.length < world.sockets.sockets.length) opened.push(world.clock.monotonicMs());
      }
      await world.clock.advance(10);
      while (opened.length < world.sockets.sockets.length) opened.push(world.clock.monotonicMs());
    }
    return opened.map((time) => time - from);
  };

  test('on every connection is backed off from, after the first move [C22]', async () => {
    const opened = await askedAtOnce(new World(), 120_000);
    const waits = opened.slice(1).map((at, index) => at - opened[index]!);
    // As asked, then 0.75 × 1, 2, 4 … 30 s.
    expect(waits.map((ms) => Math.round(ms / 50) * 50)).toEqual([
      0, 750, 1_500, 3_000, 6_000, 12_000, 22_500, 22_500, 22_500, 22_500,
    ]);
  });

  test('and closes at once is backed off from too', async () => {
    const world = new World();
    const opened = await askedAtOnce(world, 60_000, () => world.closes(4202));
    expect(opened.length).toBeLessThan(10);
  });

  test('on one connection again and again, though the next one fails each time', async () => {
    const world = new World();
    await world.online();
    const [first] = world.sockets.sockets;
    await world.clock.advance(60_000);
    world.handshake = 'refuse';
    for (let at = 0; at < 60_000; at += 100) {
      if (at % 10_000 === 0)
        first!.onmessage?.({ data: JSON.stringify({ type: 'heartbeat_ack', ts: 1, payload: { serverTs: 1 } }) });
      asks(first!);
      await world.clock.advance(100);
    }
    expect(world.sockets.sockets.length).toBeGreaterThan(5);
    expect(world.sockets.sockets.length).toBeLessThan(10);
  });

  test('later than the backoff would is heeded; and once a connection has stood for `stableMs` it is as asked again', async () => {
    const world = new World();
    const client = await world.online();
    for (const [stoodMs, askedMs, afterMs] of [
      [0, 100, 100],
      [500, 100, 750],
      [500, 5_000, 5_000],
      [5_000, 100, 3_000],
      [10_000, 100, 100],
      [10_000, 0, 0],
      [0, 0, 750],
    ] as const) {
      await world.clock.advance(stoodMs);
      const { length } = world.sockets.sockets;
      asks(world.socket, askedMs);
      await world.clock.advance(Math.max(afterMs - 1, 0));
      expect(world.sockets.sockets).toHaveLength(afterMs === 0 ? length + 1 : length);
      await world.clock.advance(1);
      expect(world.sockets.sockets).toHaveLength(length + 1);
      await world.clock.advance(0);
      expect(client.status.get().state).toBe('online');
    }
  });

  test.each(['0.1', '1e999', '-1e999', '-5', '2073600000'])(
    'after %s ms: when it then closes, the client still comes back',
    async (afterMs) => {
      const world = new World();
      const client = await world.online();
      const [first] = world.sockets.sockets;
      first!.onmessage?.({ data: `{"type":"reconnect","ts":1,"payload":{"reason":"drain","afterMs":${afterMs}}}` });
      await world.clock.advance(10);
      world.closes(4202, first);
      // However long it is: `askedMaxMs`.
      if (Number(afterMs) > 1_000) {
        await world.clock.advance(299_980);
        expect(client.status.get().state).toBe('reconnecting');
      }
      await world.clock.advance(1_000);
      expect(client.status.get().state).toBe('online');
    },
  );
});
