import { closeAction } from 'gateway-protocol';
import { describe, expect, test } from 'vitest';
import { World } from './support.js';

const CODES = [
  ...Array.from({ length: 16 }, (_, index) => 1000 + index),
  ...[3000, 4000, 4002, 4003, 4004, 4099, 4100, 4101, 4199, 4200, 4201, 4202, 4203, 4299, 4300, 4399, 4400, 4900, 4999],
];

describe('[B10] a close does what closeAction says', () => {
  test.each(CODES)('%i', async (code) => {
    const world = new World();
    const client = await world.online();
    await world.clock.advance(20_000);
    world.closes(code);
    await world.clock.advance(0);
    const action = closeAction(code);
    const { state, retryAt = 0, reason } = client.status.get();
    expect(reason).toMatchObject({ code, action });
    expect(state).toBe(action === 'stop' ? 'stopped' : 'reconnecting');
    if (action === 'stop') return;
    // With 0.5 for every random number, after a connection that was stable.
    expect(retryAt - world.clock.now()).toBe(action === 'back-off' ? 7_500 : 500);
    await world.clock.advance(10_000);
    expect(client.status.get().state).toBe('online');
  });
});

test('[B11] a close event without a code is a lost connection', async () => {
  const world = new World();
  const client = await world.online();
  world.closes(undefined);
  expect(client.status.get()).toMatchObject({ state: 'reconnecting', reason: { code: 1006 } });
});

describe('[B12] [B13] 4001', () => {
  /** Takes tokens that it knows. */
  const guarded = (good: Set<string>) =>
    new World({ authenticate: ({ token }) => (good.has(token ?? '') ? { principal: 'ada' } : false) });

  test('with a token function: it is asked once, with `refused`, and a new token goes online', async () => {
    const world = guarded(new Set(['new']));
    const reasons: string[] = [];
    const client = await world.online({
      token: ({ reason }) => {
        reasons.push(reason);
        return reason === 'refused' ? 'new' : 'old';
      },
    });
    expect(reasons).toEqual(['initial', 'refused']);
    expect(client.status.get().state).toBe('online');
  });

  test('the same token again stops, and so does another one that is refused', async () => {
    for (const next of ['old', 'older']) {
      const world = guarded(new Set());
      const reasons: string[] = [];
      const client = await world.online({
        token: ({ reason }) => {
          reasons.push(reason);
          return reason === 'refused' ? next : 'old';
        },
      });
      expect(client.status.get()).toMatchObject({ state: 'stopped' });
      expect(reasons).toEqual(['initial', 'refused']);
      await world.clock.advance(60_000);
      expect(world.sockets.sockets).toHaveLength(next === 'old' ? 1 : 2);
    }
  });

  test('with a string stops', async () => {
    const world = guarded(new Set());
    const client = await world.online({ token: 'old' });
    expect(client.status.get()).toMatchObject({ state: 'stopped', reason: { code: 4001 } });
    await expect(client.connect).not.toThrow();
  });
});

describe('[B14] 4004', () => {
  test('stops where it comes on the current socket', async () => {
    const world = new World();
    const client = await world.online();
    world.closes(4004);
    expect(client.status.get()).toMatchObject({ state: 'stopped', reason: { code: 4004 } });
  });

  test('is ignored where it comes on a socket that was replaced', async () => {
    const world = new World();
    const client = await world.online();
    const old = world.socket;
    client.reconnect();
    await world.clock.advance(0);
    world.closes(4004, old);
    expect(client.status.get().state).toBe('online');
  });
});

test('[B15] a refused resume token is followed by the one of the new member', async () => {
  const world = new World();
  const client = await world.online();
  const first = client.memberId;
  // Longer than the gateway knows the member.
  world.handshake = 'refuse';
  world.socket.cut();
  await world.clock.advance(60_000);
  world.handshake = 'connect';
  client.reconnect();
  await world.clock.advance(0);
  expect(client.status.get().state).toBe('online');
  expect(client.memberId).not.toBe(first);
  const second = client.memberId;
  client.reconnect();
  await world.clock.advance(0);
  expect(client.memberId).toBe(second);
});

test('[B16] an identify that is refused for good stops, and says which field', async () => {
  const world = new World();
  const client = await world.online({ metadata: { long: 'x'.repeat(5_000) } });
  expect(client.status.get()).toMatchObject({ state: 'stopped', reason: { error: { code: 'INVALID_IDENTIFY' } } });
  expect(client.status.get().reason?.text).toContain('metadata');
});

describe('[B17] how the client closes', () => {
  const ways: [string, number, (world: World, client: Awaited<ReturnType<World['online']>>) => void][] = [
    ['close()', 1000, (_, client) => void client.close()],
    ['reconnect()', 4902, (_, client) => client.reconnect()],
    ['freeze', 4900, (world) => world.signals.give('freeze')],
    ['leave', 1000, (world) => world.signals.give('leave')],
    ['what is not of the contract', 4903, (world) => world.socket.onmessage?.({ data: 'no JSON' })],
  ];
  test.each(ways)('%s: %i', async (_, code, act) => {
    const world = new World();
    const client = await world.online();
    const { socket } = world;
    act(world, client);
    await world.clock.advance(0);
    expect(socket.closedWith).toBe(code);
  });

  test('a page that is left drops where it is asked to', async () => {
    const world = new World();
    await world.online({ onPageHide: 'drop' });
    world.signals.give('leave');
    expect(world.socket.closedWith).toBe(4900);
  });

  test('4900 to 4999 from a client are drops: its member stays, and is resumed', async () => {
    for (const code of [4900, 4901, 4902, 4903, 4999]) {
      const world = new World();
      const client = await world.online();
      const member = client.memberId;
      const watcher = (await world.online()).join('g');
      client.join('g');
      await world.clock.advance(1_000);
      const { socket } = world.sockets.sockets[0] === undefined ? world : { socket: world.sockets.sockets[0]! };
      socket.close(code);
      await world.clock.advance(0);
      await world.clock.advance(300);
      expect(watcher.members.get().list.has(member as string), String(code)).toBe(true);
      await world.clock.advance(2_000);
      expect(client.memberId).toBe(member);
    }
  });
});
