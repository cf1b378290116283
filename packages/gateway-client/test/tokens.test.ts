import { StopError } from 'gateway-client';
import { FakeClock } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';
import { outcomeOf, World } from './support.js';

/** A gateway whose credentials last for `lastMs`, whatever the token. */
const lasting = (lastMs: number): World => {
  const world: World = new World({ authenticate: () => ({ principal: 'ada', expiresAt: world.clock.now() + lastMs }) });
  return world;
};

describe('[B68] credentials are renewed in place before they expire', () => {
  test.each([0, 3_600_000, -3_600_000])('with a clock of the client that is off by %i ms', async (skewMs) => {
    const world = lasting(600_000);
    const reasons: string[] = [];
    const token = ({ reason }: { reason: string }) => {
      reasons.push(reason);
      return `token-${reasons.length}`;
    };
    const clock = new FakeClock(world.clock.now() + skewMs);
    const client = world.client({ token, clock });
    void client.connect();
    const member = () => client.memberId;
    await world.clock.advance(0);
    await clock.advance(0);
    const first = member();
    for (let minute = 0; minute < 60; minute += 1) {
      await world.clock.advance(60_000);
      await clock.advance(60_000);
    }
    expect(client.status.get().state).toBe('online');
    expect(member()).toBe(first);
    expect(world.sockets.sockets).toHaveLength(1);
    expect(new Set(reasons)).toEqual(new Set(['initial', 'expiring']));
    expect(reasons.length).toBeGreaterThanOrEqual(7);
  });

  test('a token function that fails for a while is asked again until it answers', async () => {
    const world = lasting(100_000);
    let failing = 0;
    const token = async ({ reason }: { reason: string }) => {
      if (reason === 'expiring' && failing++ < 3) throw new Error('the issuer is away');
      return 'token';
    };
    const client = await world.online({ token });
    await world.clock.advance(99_000);
    expect(client.status.get().state).toBe('online');
    expect(world.sockets.sockets).toHaveLength(1);
    expect(world.errors.filter(({ code }) => code === 'UNAUTHORIZED')).toHaveLength(3);
  });
});

describe.each<[string, unknown]>([
  ['an object without a prototype', Object.create(null)],
  ['a symbol', Symbol('mine')],
])('what throws %s before there is a socket', (_, thrown) => {
  const failing = (answer: string) => {
    let calls = 0;
    return () => {
      calls += 1;
      if (calls === 1) throw thrown;
      return answer;
    };
  };

  test.each([
    ['a token function', { token: failing('token') }],
    ['a url function', { url: failing('ws://gateway.test/rt') }],
  ])('%s is asked again', async (_name, options) => {
    const world = new World();
    const client = world.client(options);
    void client.connect();
    await world.clock.advance(5_000);
    expect(client.status.get().state).toBe('online');
    expect(world.errors).toMatchObject([{ code: 'UNAUTHORIZED', cause: thrown }]);
  });
});

describe('[B69] one call at a time', () => {
  test('a call that is superseded is aborted, and its answer ignored', async () => {
    const world = new World();
    const calls: { signal: AbortSignal; answer(token: string): void }[] = [];
    const client = world.client({ token: ({ signal }) => new Promise((answer) => calls.push({ signal, answer })) });
    void client.connect();
    await world.clock.advance(0);
    void client.close();
    void client.connect();
    await world.clock.advance(0);
    expect(calls.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    calls[1]!.answer('as bob');
    calls[0]!.answer('as ada');
    await world.clock.advance(0);
    expect(client.status.get().state).toBe('online');
    expect(world.sent('identify').map(({ payload }) => (payload as { token?: string }).token)).toEqual(['as bob']);
  });

  test('two triggers are one call', async () => {
    const world = new World();
    let calls = 0;
    const client = world.client({
      token: () => {
        calls += 1;
        return new Promise<string>(() => {});
      },
    });
    void client.connect();
    void client.connect();
    client.hold();
    client.join('g');
    world.signals.give('wake', 'online');
    await world.clock.advance(1_000);
    expect(calls).toBe(1);
  });

  test('a function that never answers is given up and asked again', async () => {
    const world = new World();
    const reasons: string[] = [];
    const client = world.client({
      token: ({ reason }) => {
        reasons.push(reason);
        return reasons.length === 1 ? new Promise(() => {}) : 'token';
      },
    });
    void client.connect();
    await world.clock.advance(12_000);
    expect(client.status.get().state).toBe('online');
    expect(reasons).toEqual(['initial', 'reconnect']);
  });
});

test('[B70] tokens are in no log line, frame or error', async () => {
  const world = new World({ authenticate: ({ token }) => token === 'secret-good' });
  const lines: string[] = [];
  const write = (message: string, meta?: object) => lines.push(message, JSON.stringify(meta));
  const logger = { debug: write, info: write, warn: write, error: write };
  let answer = 'secret-bad';
  const client = world.client({ token: () => answer, logger });
  client.on('frame', ({ text }) => lines.push(text));
  client.on('status', (status) => lines.push(JSON.stringify(status)));
  const connecting = outcomeOf(client.connect());
  await world.clock.advance(0);
  expect(connecting.code).toBe('STOPPED');
  answer = 'secret-good';
  void client.connect();
  await world.clock.advance(0);
  expect(client.status.get().state).toBe('online');
  const said = lines.join('\n');
  expect(said).toContain('"type":"identify"');
  expect(said).toContain('"resume":{"token":"…"');
  expect(said).not.toContain('secret');
});

test('StopError ends the trying, with its words', async () => {
  const world = new World();
  const client = await world.online({
    token: () => {
      throw new StopError('logged out');
    },
  });
  expect(client.status.get()).toMatchObject({
    state: 'stopped',
    reason: { text: 'logged out', error: { code: 'UNAUTHORIZED' } },
  });
});

test('refreshToken resolves when the gateway has taken another token, and rejects where it is refused or there is no connection', async () => {
  const world = new World({ authenticate: ({ token }) => (token === 'bad' ? false : { principal: 'ada' }) });
  let answer = 'good';
  const client = world.client({ token: () => answer });
  await expect(client.refreshToken()).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
  void client.connect();
  await world.clock.advance(0);
  const member = client.memberId;
  const taken = outcomeOf(client.refreshToken());
  await world.clock.advance(0);
  expect(taken).toMatchObject({ settled: true, value: undefined });
  expect(client.memberId).toBe(member);
  answer = 'bad';
  const refused = outcomeOf(client.refreshToken());
  await world.clock.advance(0);
  expect(refused.code).toBe('UNAUTHORIZED');
});

test('another user on the same connection is another member, in the same groups', async () => {
  const world = new World({ authenticate: ({ token }) => ({ principal: token ?? '' }) });
  let answer = 'ada';
  const client = await world.online({ token: () => answer });
  const group = client.join('g');
  await world.clock.advance(0);
  const ada = client.memberId;
  answer = 'bob';
  void client.refreshToken();
  await world.clock.advance(1_000);
  expect(client.memberId).not.toBe(ada);
  expect(group.status.get().state).toBe('live');
  expect([...group.members.get().list.keys()]).toEqual([client.memberId]);
});

test('a second refreshToken aborts the call of the first, and only its answer goes out', async () => {
  const world = new World({ authenticate: () => ({ principal: 'ada' }) });
  const calls: { signal: AbortSignal; answer(token: string): void }[] = [];
  const client = await world.online({
    token: ({ reason, signal }) => (reason === 'initial' ? 'first' : new Promise((answer) => calls.push({ signal, answer }))),
  });
  const [one, two] = [outcomeOf(client.refreshToken()), outcomeOf(client.refreshToken())];
  await world.clock.advance(0);
  expect(calls.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  calls[0]!.answer('second');
  calls[1]!.answer('third');
  await world.clock.advance(0);
  expect([one.code, two.settled]).toEqual(['ABORTED', true]);
  expect(world.sent('identify').map(({ payload }) => (payload as { token?: string }).token)).toEqual(['first', 'third']);
});
