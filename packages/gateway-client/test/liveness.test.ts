import { FakeClock, MemoryLink } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';
import { World } from './support.js';

test('[B27] a silent link is noticed within the interval and the time for an answer, and the member is resumed', async () => {
  const world = new World();
  const client = await world.online();
  const member = client.memberId;
  world.socket.vanish();
  await world.clock.advance(14_999);
  expect(client.status.get().state).toBe('online');
  const [first] = world.sockets.sockets;
  await world.clock.advance(2);
  expect(first!.closedWith).toBe(4901);
  expect(client.status.get()).toMatchObject({ state: 'online' });
  expect(client.memberId).toBe(member);
});

test('[B28] the timer of the next heartbeat is set in socket events only', async () => {
  /** Where a timer of the heartbeat's interval was set: in a timer, or not. */
  const settings: boolean[] = [];
  let inTimer = false;
  class Watched extends FakeClock {
    override setTimeout(task: () => void, delayMs: number): unknown {
      if (delayMs === 10_000) settings.push(inTimer);
      return super.setTimeout(() => {
        inTimer = true;
        task();
        inTimer = false;
      }, delayMs);
    }
  }
  const world: World = new World({}, { link: () => new MemoryLink({ clock: world.clock, latencyMs: 5 }) });
  const clock = new Watched();
  // Two clocks that go together: the client's is watched.
  const client = world.client({ clock, timings: { openTimeoutMs: 9_999, tokenTimeoutMs: 9_999 } });
  void client.connect();
  for (let second = 0; second < 120; second += 1) {
    await clock.advance(1_000);
    await world.clock.advance(1_000);
  }
  expect(client.status.get().state).toBe('online');
  expect(settings.length).toBeGreaterThan(5);
  expect(settings).not.toContain(true);
  expect(world.sent('heartbeat').length).toBeGreaterThan(5);
});

test('[B29] timers slowed down to one a minute for an hour: pings of the gateway keep the connection', async () => {
  /** As in a page that is hidden for long: timers run at whole minutes. */
  class Throttled extends FakeClock {
    override setTimeout(task: () => void, delayMs: number): unknown {
      const at = this.monotonicMs() + delayMs;
      return super.setTimeout(task, Math.ceil(at / 60_000) * 60_000 - this.monotonicMs());
    }
  }
  const world = new World();
  const clock = new Throttled();
  const client = world.client({ clock });
  void client.connect();
  for (let second = 0; second < 3_600; second += 5) {
    await world.clock.advance(5_000);
    await clock.advance(5_000);
  }
  expect(client.status.get().state).toBe('online');
  expect(world.sockets.sockets).toHaveLength(1);
});

test('[B30] a process that stood still for a minute, with data in its socket, keeps the connection', async () => {
  /** Time that jumps: what is due runs late, before what has arrived is read. */
  class Jumping extends FakeClock {
    skewMs = 0;
    override monotonicMs(): number {
      return super.monotonicMs() + this.skewMs;
    }
  }
  const clock = new Jumping();
  const world = new World();
  const client = world.client({ clock });
  void client.connect();
  await world.clock.advance(0);
  await clock.advance(0);
  expect(client.status.get().state).toBe('online');
  // A heartbeat is under way when the process stops; its answer lies in the socket.
  const { socket } = world;
  const { onmessage } = socket;
  const held: { data: string }[] = [];
  socket.onmessage = (event) => held.push(event);
  await clock.advance(10_000);
  expect(held.length).toBeGreaterThan(0);
  clock.skewMs += 60_000;
  await clock.advance(5_000);
  socket.onmessage = onmessage;
  for (const event of held) onmessage?.(event);
  await clock.advance(1_000);
  expect(client.status.get().state).toBe('online');
  expect(world.sockets.sockets).toHaveLength(1);
});

describe('[B31] `offline`', () => {
  test('with a link that works changes nothing but the hint', async () => {
    const world = new World();
    const client = await world.online();
    world.signals.give('offline');
    await world.clock.advance(60_000);
    expect(client.status.get()).toMatchObject({ state: 'online', network: false });
    expect(world.sockets.sockets).toHaveLength(1);
    world.signals.give('online');
    expect(client.status.get()).toMatchObject({ state: 'online', network: true });
  });

  test('with one that is dead is a drop after the time of a probe', async () => {
    const world = new World();
    const client = await world.online();
    await world.clock.advance(11_000);
    world.socket.vanish();
    world.signals.give('wake');
    await world.clock.advance(2_499);
    expect(world.sockets.sockets).toHaveLength(1);
    await world.clock.advance(10);
    expect(world.sockets.sockets).toHaveLength(2);
    expect(client.status.get().state).toBe('online');
  });
});

describe('[B32] after ten minutes of sleep, longer than the gateway knows the member', () => {
  test.each([
    ['recovered', 5],
    ['reset', 20],
  ])('%s, as the log says', async (outcome, published) => {
    const world = new World({ limits: { logMessagesMax: 10 }, timings: { sweepIntervalMs: 1_000 } });
    const client = await world.online();
    const group = client.join('g');
    const other = await world.online({ signals: null });
    const others = other.join('g');
    await world.clock.advance(0);
    const member = client.memberId;
    world.signals.give('freeze');
    expect(group.status.get().state).toBe('stale');
    await world.clock.advance(590_000);
    for (let count = 0; count < published; count += 1) void others.publish(count);
    await world.clock.advance(10_000);
    expect(client.status.get().state).toBe('reconnecting');
    world.signals.give('wake');
    await world.clock.advance(100);
    expect(group.status.get()).toMatchObject({ state: 'live', outcome });
    expect(client.memberId).not.toBe(member);
  });
});

test('ping() answers with the time of a round trip, and rejects where there is none', async () => {
  const world = new World();
  const client = world.client();
  await expect(client.ping()).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
  void client.connect();
  await world.clock.advance(0);
  const ping = client.ping();
  await world.clock.advance(0);
  expect(await ping).toBe(0);
  expect(client.status.get().rttMs).toBe(0);
});

test('a client that only hears says something once in each interval', async () => {
  const world = new World();
  const client = await world.online();
  client.join('g');
  for (let second = 0; second < 60; second += 1) {
    await world.gateway.publish('g', second);
    await world.clock.advance(1_000);
  }
  expect(world.sent('heartbeat').length).toBeGreaterThanOrEqual(5);
  expect(world.sent('heartbeat').length).toBeLessThanOrEqual(7);
});
