import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createClient, StopError } from 'gateway-client';
import { FakeClock } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';
import { outcomeOf, World } from './support.js';

test('[B1] import and createClient touch no global', () => {
  const program = `
    const names = ['WebSocket', 'document', 'navigator', 'location', 'addEventListener', 'crypto', 'setTimeout', 'performance'];
    const { createClient } = await import(${JSON.stringify(fileURLToPath(new URL('../src/index.ts', import.meta.url)))});
    for (const name of names) Object.defineProperty(globalThis, name, { get() { throw new Error(name); } });
    Math.random = Date.now = () => { throw new Error('touched'); };
    const client = createClient({ url: 'ws://gateway/rt' });
    process.stdout.write(client.status.get().state);
  `;
  const options = { encoding: 'utf8' as const, cwd: fileURLToPath(new URL('../../..', import.meta.url)) };
  expect(execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], options)).toBe('idle');
});

test('[B2] connect() twice is one socket, and both resolve', async () => {
  const world = new World();
  const client = world.client();
  const [one, two] = [outcomeOf(client.connect()), outcomeOf(client.connect())];
  await world.clock.advance(0);
  expect([one.settled, two.settled, outcomeOf(client.connect()) && client.status.get().state]).toEqual([true, true, 'online']);
  expect(world.sockets.sockets).toHaveLength(1);
});

test('[B3] identify goes out as soon as the socket is open, before the greeting', async () => {
  const world = new World();
  const client = world.client();
  const frames: string[] = [];
  client.on('frame', ({ direction, text }) => frames.push(`${direction} ${JSON.parse(text).type}`));
  void client.connect();
  await world.clock.advance(0);
  expect(frames.slice(0, 3)).toEqual(['out identify', 'in ready', 'in ready']);
});

test('[B4] the greeting does not make it online', async () => {
  const world = new World({ authenticate: () => new Promise(() => {}) });
  const client = world.client();
  void client.connect();
  await world.clock.advance(0);
  expect(client.status.get().state).toBe('connecting');
  expect(client.memberId).toBeUndefined();
});

describe('[B5] [B6] close()', () => {
  test('says 1000 and nothing afterwards; no timer, listener or socket is left', async () => {
    const world = new World();
    const client = await world.online();
    const group = client.join('g');
    await world.clock.advance(0);
    const frames: string[] = [];
    const done = outcomeOf(client.close());
    client.on('frame', ({ text }) => frames.push(text));
    await world.clock.advance(0);
    expect(done.settled).toBe(true);
    expect(world.socket.closedWith).toBe(1000);
    expect(world.socket.readyState).toBe(3);
    expect(world.signals.listeners.size).toBe(0);
    await world.gateway.close();
    expect(world.clock.pendingTimers).toBe(0);
    expect(frames).toEqual([]);
    expect(group.status.get()).toMatchObject({ state: 'left', error: { code: 'CLOSED' } });
  });

  const held = async (state: string): Promise<World> => {
    const world = new World(state === 'identifying' ? { authenticate: () => new Promise(() => {}) } : {});
    world.handshake = state === 'opening' ? 'hang' : state === 'waiting' ? 'refuse' : 'connect';
    return world;
  };
  test.each(['token', 'opening', 'identifying', 'waiting'])('during %s ends it', async (state) => {
    const world = await held(state);
    let aborted = false;
    const token = ({ signal }: { signal: AbortSignal }) =>
      new Promise<string>((resolve) => {
        signal.addEventListener('abort', () => {
          aborted = true;
        });
        if (state !== 'token') resolve('t');
      });
    const client = world.client({ token });
    const connecting = outcomeOf(client.connect());
    await world.clock.advance(0);
    if (state === 'waiting') expect(client.status.get().retryAt).toBeGreaterThan(world.clock.now());
    const closing = outcomeOf(client.close());
    await world.clock.advance(1_000);
    expect(closing.settled).toBe(true);
    expect(connecting.code).toBe('CLOSED');
    expect(client.status.get().state).toBe('closed');
    expect(aborted).toBe(state === 'token');
    const sockets = world.sockets.sockets.length;
    await world.clock.advance(600_000);
    expect(world.sockets.sockets).toHaveLength(sockets);
  });

  test('does not wait longer than a second for the other end', async () => {
    const world = new World();
    const client = await world.online();
    world.socket.vanish();
    const closing = outcomeOf(client.close());
    await world.clock.advance(999);
    expect(closing.settled).toBe(false);
    await world.clock.advance(1);
    expect(closing.settled).toBe(true);
  });
});

test('[B7] connect() after close() is a new member, with a token asked for anew', async () => {
  const world = new World();
  const reasons: string[] = [];
  const client = await world.online({
    token: ({ reason }) => {
      reasons.push(reason);
      return null;
    },
  });
  const first = client.memberId;
  void client.close();
  await world.clock.advance(0);
  expect(client.memberId).toBeUndefined();
  void client.connect();
  await world.clock.advance(0);
  expect(client.status.get().state).toBe('online');
  expect(client.memberId).not.toBe(first);
  expect(reasons).toEqual(['initial', 'initial']);
  expect(world.sent('identify').at(-1)?.payload).not.toHaveProperty('resume.token');
});

describe('[B8] a listener of a drop', () => {
  test('that calls connect() neither doubles nor stalls', async () => {
    const world = new World();
    const client = await world.online();
    client.on('status', ({ state }) => {
      if (state === 'reconnecting') void client.connect();
    });
    world.socket.cut();
    await world.clock.advance(5_000);
    expect(client.status.get().state).toBe('online');
    expect(world.sockets.sockets).toHaveLength(2);
  });

  test.each(['status', 'subscribe', 'message'])('that calls close() in %s ends it there', async (where) => {
    const world = new World();
    const client = await world.online();
    const group = client.join('g');
    await world.clock.advance(0);
    if (where === 'status') client.on('status', ({ state }) => void (state === 'reconnecting' && client.close()));
    if (where === 'subscribe') client.status.subscribe(({ state }) => void (state === 'reconnecting' && client.close()));
    group.on('message', () => void client.close());
    if (where === 'message') await world.gateway.publish('g', 1);
    else world.socket.cut();
    await world.clock.advance(60_000);
    expect(client.status.get().state).toBe('closed');
    expect(world.sockets.sockets).toHaveLength(1);
  });
});

test('[B9] hold() counts, and a release that is taken back within lingerMs keeps the socket', async () => {
  const world = new World();
  const client = world.client();
  const [one, two] = [client.hold(), client.hold()];
  await world.clock.advance(0);
  one();
  one();
  await world.clock.advance(5_000);
  expect(client.status.get().state).toBe('online');
  two();
  await world.clock.advance(999);
  const three = client.hold();
  await world.clock.advance(5_000);
  expect(client.status.get().state).toBe('online');
  expect(world.sockets.sockets).toHaveLength(1);
  three();
  await world.clock.advance(1_000);
  expect(client.status.get().state).toBe('idle');
  expect(world.socket.closedWith).toBe(1000);
  client.join('g');
  await world.clock.advance(0);
  expect(client.status.get().state).toBe('online');
});

test('a client without a WebSocket class stops and says what to pass; one with a wrong URL stops too', async () => {
  const clock = new FakeClock();
  const bad = createClient({ url: 'not a url', clock, WebSocket: class {} as never, signals: null });
  void bad.connect();
  await clock.advance(0);
  expect(bad.status.get()).toMatchObject({ state: 'stopped', reason: { error: { code: 'INVALID_URL' } } });
});

test('join() on a closed client rejects and connects nothing', async () => {
  const world = new World();
  const client = world.client();
  await client.close();
  const group = client.join('g');
  await expect(group.ready).rejects.toMatchObject({ code: 'CLOSED' });
  await world.clock.advance(1_000);
  expect(world.sockets.sockets).toHaveLength(0);
});

test('connect() rejects when its signal is aborted, and the client goes on trying', async () => {
  const world = new World();
  world.handshake = 'hang';
  const client = world.client();
  const abort = new AbortController();
  const connecting = outcomeOf(client.connect({ signal: abort.signal }));
  await world.clock.advance(0);
  abort.abort();
  await world.clock.advance(0);
  expect(connecting.code).toBe('ABORTED');
  expect(client.status.get().state).toBe('connecting');
  const other = world.client();
  const never = outcomeOf(other.connect({ signal: abort.signal }));
  await world.clock.advance(0);
  expect([never.code, other.status.get().state]).toEqual(['ABORTED', 'idle']);
});

test('a logger that throws harms nobody', async () => {
  const world = new World();
  const fails = () => {
    throw new Error('mine');
  };
  const client = await world.online({ logger: { debug: fails, info: fails, warn: fails, error: fails } });
  client.join('g', { parse: fails });
  const heard: unknown[] = [];
  client.join('g').on('message', ({ data }) => heard.push(data));
  await world.clock.advance(0);
  for (const data of [1, 2]) await world.gateway.publish('g', data);
  await world.clock.advance(0);
  expect(heard).toEqual([1, 2]);
  expect(world.errors).toMatchObject([{ code: 'LISTENER' }, { code: 'LISTENER' }]);
  expect(world.sockets.sockets).toHaveLength(1);
});

test('what was joined comes back when a client that has stopped is told to connect again', async () => {
  const world = new World();
  const client = await world.online();
  const group = client.join('g');
  await world.clock.advance(0);
  world.closes(4003);
  await world.clock.advance(0);
  expect(group.status.get()).toMatchObject({ state: 'stale', error: { code: 'STOPPED' } });
  const late = client.join('h');
  expect(world.sockets.sockets).toHaveLength(1);
  await expect(late.ready).rejects.toMatchObject({ code: 'STOPPED' });
  await world.gateway.publish('g', 1);
  client.reconnect();
  await world.clock.advance(0);
  expect(group.status.get()).toMatchObject({ state: 'live', outcome: 'recovered', replayed: 1, error: undefined });
  expect(late.status.get().state).toBe('live');
});

test('close() forgets: a handle of before is dead, and joining again is anew', async () => {
  const world = new World();
  const client = await world.online();
  const group = client.join('g');
  await world.clock.advance(0);
  void client.close();
  await world.clock.advance(0);
  await expect(group.publish(1)).rejects.toMatchObject({ code: 'LEFT' });
  void client.connect();
  const again = client.join('g');
  await world.clock.advance(0);
  expect(again.status.get()).toMatchObject({ state: 'live', outcome: 'live' });
});

test('StopError while the token is renewed ends it', async () => {
  const world: World = new World({ authenticate: () => ({ principal: 'ada', expiresAt: world.clock.now() + 100_000 }) });
  const client = await world.online({
    token: ({ reason }) => {
      if (reason === 'expiring') throw new StopError('logged out');
      return 'token';
    },
  });
  await world.clock.advance(80_000);
  expect(client.status.get()).toMatchObject({ state: 'stopped', reason: { text: 'logged out' } });
});

test('a listener that closes when it hears of `online` meets a finished transition: nothing is left', async () => {
  const world = new World();
  const client = world.client();
  client.on('status', ({ state }) => void (state === 'online' && client.close()));
  void client.connect();
  await world.clock.advance(0);
  expect(client.status.get().state).toBe('closed');
  expect(client.memberId).toBeUndefined();
  await world.gateway.close();
  expect(world.clock.pendingTimers).toBe(0);
});

test('a URL that is found after close() opens nothing', async () => {
  const world = new World();
  let answer = (_: string) => {};
  const url = () =>
    new Promise<string>((resolve) => {
      answer = resolve;
    });
  const client = world.client({ url });
  void client.connect();
  await world.clock.advance(0);
  void client.close();
  answer('ws://gateway/rt');
  await world.clock.advance(1_000);
  expect(world.sockets.sockets).toHaveLength(0);
});
