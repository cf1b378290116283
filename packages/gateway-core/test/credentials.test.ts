import type { GatewayOptions, GatewaySocket, SocketListener } from 'gateway-core';
import type { FakeClock } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';
import { waitOn } from './support/asynchronous.js';
import { identify, say } from './support/messages.js';
import { ResumingClient } from './support/resuming-client.js';
import { setUp } from './support/set-up.js';

/** Tokens are `user` or `user until`, with `until` in milliseconds from the start. */
function withTokens(options: GatewayOptions | ((clock: FakeClock) => GatewayOptions) = {}) {
  let start = 0;
  const world = setUp((clock) => {
    start = clock.now();
    return {
      authenticate: ({ token }) => {
        const [principal, until] = String(token).split(' ');
        return { principal, expiresAt: until === undefined ? undefined : start + Number(until) };
      },
      ...(typeof options === 'function' ? options(clock) : options),
    };
  });
  const come = async (token: string, groups: object = { g: {} }) => {
    const client = new ResumingClient(world.gateway, { token });
    client.connect(groups as Record<string, object>);
    await world.clock.settle();
    return client.take();
  };
  return { ...world, come };
}

const ADA = JSON.stringify({ type: 'identify', version: '2', payload: { clientType: 'app-client', token: 'ada' } });
/** A socket to nobody: 50,000 clients that read what they get would be most of the time of a test. */
const DEAF: GatewaySocket = {
  bufferedBytes: 0,
  bind: () => {},
  write: () => true,
  pause: () => {},
  resume: () => {},
  close: () => {},
  terminate: () => {},
};

const renewal = (token: string) => ({ type: 'identify', version: '2', payload: { clientType: 'app-client', token } });

describe('credentials that end', () => {
  test('are good up to their last millisecond, and nothing is accepted from then on [R85] [R200]', async () => {
    const { clock, come } = withTokens();
    const a = await come('ada 10500');
    const witness = await come('bob');
    expect(a.of('ready').at(-1)?.payload.expiresAt).toBe(clock.now() + 10_500);
    await clock.advance(10_499);
    a.say('g', 'in time');
    await clock.advance(1);
    a.say('g', 'too late');
    await clock.settle();
    expect(a.connection.closed).toMatchObject({ code: 4001 });
    expect(witness.of('data_update').map(({ payload }) => payload.data)).toEqual(['in time']);
  });

  test('that never end are not said to', async () => {
    const { come } = withTokens();
    const a = await come('ada Infinity');
    const ready = a.of('ready').at(-1);
    expect(ready?.payload.memberId).toEqual(expect.any(String));
    expect(ready?.payload).not.toHaveProperty('expiresAt');
  });

  test('end a connection that says nothing at the next sweep [R200]', async () => {
    const { clock, come } = withTokens();
    const a = await come('ada 10000');
    await clock.advance(9_999);
    expect(a.connection.closed).toBeUndefined();
    await clock.advance(1_000);
    expect(a.connection.closed).toMatchObject({ code: 4001 });
  });

  test('that ended before they were shown are refused, in either dialect: nobody hears anything by them', async () => {
    const { clock, gateway, come, connect } = withTokens();
    await clock.advance(5_000);
    await gateway.publish('g', 'secret');
    const a = await come('ada 4999', { g: { tail: 10 } });
    const one = connect();
    one.send(identify('g', { token: 'bob 5000' }));
    await clock.settle();
    for (const { received, closed } of [a.connection, one]) {
      expect(received.map(({ type }) => type)).toEqual(['ready', 'error']);
      expect(closed).toMatchObject({ code: 4001 });
    }
    expect(await gateway.members('g')).toEqual([]);
  });

  test('leave a member that comes back inside its window with fresh ones, and with no others [R185] [R201]', async () => {
    const { clock, gateway, come } = withTokens();
    const a = await come('ada 10000');
    const { memberId, token } = a;
    await clock.advance(11_000);
    expect(a.connection.closed?.code).toBe(4001);
    await gateway.publish('g', 'meanwhile');
    const stale = new ResumingClient(gateway, { token: 'ada 10000' });
    stale.token = token;
    stale.connect();
    await clock.settle();
    expect(stale.take().resumed).toEqual([]);
    const fresh = new ResumingClient(gateway, { token: 'ada 60000' });
    fresh.token = token;
    fresh.connect({ g: { epoch: a.logs.get('g')?.epoch, seq: 0 } });
    await clock.settle();
    expect(fresh.take().resumed).toEqual([true]);
    expect(fresh.memberId).toBe(memberId);
    expect(fresh.logs.get('g')?.seen).toEqual([1]);
  });

  test('are renewed in place: the old end passes without a word', async () => {
    const { clock, come, events } = withTokens();
    const a = await come('ada 10000');
    const { memberId } = a;
    await clock.advance(9_000);
    a.send(renewal('ada 30000'));
    await clock.advance(12_000);
    a.say('g', 'still here');
    await clock.settle();
    expect(a.take().memberId).toBe(memberId);
    expect(a.of('data_update')).toHaveLength(1);
    expect([events('leave'), events('disconnect')]).toEqual([[], []]);
    expect(a.logs.get('g')?.syncs).toHaveLength(1);
    await clock.advance(10_000);
    expect(a.connection.closed).toMatchObject({ code: 4001 });
  });

  test('of another user make another member on the connection, and the one before leaves [R53]', async () => {
    const { clock, come, gateway, events } = withTokens();
    const a = await come('ada');
    const { memberId } = a;
    a.send(renewal('bob'));
    await clock.settle();
    expect(a.take().memberId).not.toBe(memberId);
    expect(a.resumed).toEqual([false, false]);
    expect(events('leave')).toMatchObject([{ memberId }]);
    expect(await gateway.members('g')).toEqual([]);
  });

  test('that are refused in a renewal end the connection [R55]', async () => {
    const { clock, come } = withTokens((fake) => ({
      authenticate: ({ token }) => waitOn(fake, 10)().then(() => token !== 'bad'),
    }));
    const a = await come('good');
    await clock.advance(100);
    a.send(renewal('bad'));
    await clock.advance(100);
    expect(a.connection.closed).toMatchObject({ code: 4001 });
  });
});

describe('revoke', () => {
  test('from the call on nothing is accepted from who is meant, and nobody else is touched', async () => {
    const { clock, gateway, come } = withTokens();
    const [a, b] = [await come('ada'), await come('bob')];
    expect(gateway.revoke({ where: ({ principal }) => principal === 'ada' })).toBe(1);
    a.say('g', 'after');
    b.say('g', 'mine');
    await clock.settle();
    expect(a.connection.closed).toMatchObject({ code: 4003 });
    expect(b.of('data_update').map(({ payload }) => payload.data)).toEqual(['mine']);
    a.connect();
    await clock.settle();
    expect(a.take().resumed).toEqual([false, false]);
  });

  test.each<[string, () => unknown]>([
    ['a promise', async () => true],
    ['a promise that rejects', async () => Promise.reject(new Error('mine'))],
    ['what is only true-like', () => 1],
    ['nothing', () => undefined],
  ])('a `where` that answers %s is refused, and nobody is ended', async (_, where) => {
    const { clock, gateway, come } = withTokens();
    const [a, b] = [await come('ada'), await come('bob')];
    b.connection.cut();
    await clock.settle();
    expect(() => gateway.revoke({ where: where as () => boolean })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('revoked.where') }),
    );
    a.say('g', 'after');
    await clock.settle();
    expect(a.of('data_update').map(({ payload }) => payload.data)).toEqual(['after']);
    expect(gateway.stats()).toMatchObject({ connections: 1, droppedMembers: 1 });
  });

  test('who comes back with its token before its connection is closed is not that member any more', async () => {
    const { clock, gateway, come } = withTokens();
    const a = await come('ada');
    const { memberId } = a;
    gateway.revoke({ memberId: memberId as string });
    a.connect();
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    expect(a.take().resumed).toEqual([false, false]);
    await clock.settle();
    expect(a.take().memberId).not.toBe(memberId);
  });

  test('inside the window: the member has left at once, and its token is nothing', async () => {
    const { clock, gateway, come, events } = withTokens();
    const a = await come('ada');
    const { memberId } = a;
    a.connection.cut();
    await clock.advance(1_000);
    expect(gateway.revoke({ memberId: memberId as string })).toBe(1);
    a.connect();
    await clock.settle();
    expect(a.take().resumed).toEqual([false, false]);
    expect(events('leave')).toMatchObject([{ memberId }]);
    expect(gateway.stats().droppedMembers).toBe(0);
  });

  test('inside the window: who comes with its token before its turn is not that member any more', async () => {
    let answer: (() => void) | undefined;
    let isSlow = false;
    const { clock, gateway, come } = withTokens(() => ({
      authenticate: () => (isSlow ? new Promise<true>((resolve) => (answer = () => resolve(true))) : true),
    }));
    const a = await come('ada');
    const { memberId } = a.take();
    a.connection.cut();
    isSlow = true;
    a.connect();
    await clock.settle();
    gateway.revoke({ memberId: memberId as string });
    answer?.();
    // All of the resume, before the turn in which the member is ended.
    for (let n = 0; n < 100; n += 1) await Promise.resolve();
    await clock.settle();
    expect(a.take().resumed).toEqual([false, false]);
    expect(a.memberId).not.toBe(memberId);
    expect((await gateway.members('g')).map((member) => member.memberId)).toEqual([a.memberId]);
  });

  test('a message that waits for its hook is not accepted after it', async () => {
    const { clock, gateway, come } = withTokens((fake) => ({
      // In the turn in which the hook answers, before the connection is closed.
      authorize: async ({ action, member }) => {
        if (action === 'join') return true;
        await waitOn(fake, 50)();
        gateway.revoke({ memberId: member.memberId });
        return true;
      },
    }));
    const [a, b] = [await come('ada'), await come('bob')];
    a.say('g', 'said before, allowed after');
    await clock.advance(100);
    expect(b.of('data_update')).toEqual([]);
    expect(a.connection.closed).toMatchObject({ code: 4003 });
  });

  test('nor is what a member says of itself', async () => {
    const { clock, gateway, come } = withTokens((fake) => ({
      authorize: async ({ action, member }) => {
        if (action === 'join') return true;
        await waitOn(fake, 50)();
        gateway.revoke({ memberId: member.memberId });
        return true;
      },
    }));
    const [a, b] = [await come('ada'), await come('bob')];
    a.send({ type: 'presence', id: 'p', groupId: 'g', payload: { state: 'said before, allowed after' } });
    await clock.advance(1_000);
    expect(a.of('ack')).toEqual([]);
    expect(b.take().connection.texts.join()).not.toContain('said before');
    expect(a.connection.closed).toMatchObject({ code: 4003 });
  });

  test('while the hooks of a resume run: the member is not resumed, and who was let in as that user before is not let in', async () => {
    const { clock, gateway, come } = withTokens((fake) => ({
      authorize: ({ action }) => action === 'publish' || waitOn(fake, 50)().then(() => true),
    }));
    const a = await come('ada');
    await clock.advance(60);
    const { memberId } = a.take();
    a.connection.cut();
    a.connect();
    await clock.advance(20);
    gateway.revoke({ where: ({ principal }) => principal === 'ada' });
    await clock.advance(200);
    expect(a.take().connection.closed).toMatchObject({ code: 4003 });
    expect(a.resumed).toEqual([false]);
    expect(gateway.connections()).toEqual([]);
    expect(await gateway.members('g')).toEqual([]);
    expect(memberId).toBeDefined();
  });

  test('who drops between the call and its turn is gone as well, and its place with it', async () => {
    const { clock, gateway, come, events, join } = withTokens();
    const a = await come('ada');
    await join('g', { token: 'ada' });
    gateway.revoke({ where: () => true });
    a.connection.cut();
    gateway.connections();
    expect(gateway.stats().droppedMembers).toBe(0);
    await clock.settle();
    expect(events('leave')).toHaveLength(2);
    expect(await gateway.members('g')).toEqual([]);
  });

  // The time limit is for a machine that does other things beside it.
  test('50,000 at once are closed in slices, in which others are served', { timeout: 120_000 }, async () => {
    let now = 0;
    const { clock, gateway, come } = withTokens({
      limits: { connectionsMax: 60_000, droppedMembersMax: 60_000, presenceWritesPerSecondMax: 0 },
    });
    const witness = await come('bob');
    const codes: number[] = [];
    for (let n = 0; n < 50_000; n += 1) {
      const bind = (listener: SocketListener) => listener.message(ADA, ADA.length);
      const close = (code: number) => void codes.push(code);
      gateway.accept(
        { ...DEAF, bind: (listener) => clock.setImmediate(() => bind(listener)), close },
        { remoteAddress: '10.0.0.1' },
      );
    }
    await clock.settle();
    expect(gateway.stats().connections).toBe(50_001);
    // Each look at the clock is 1 ms later: a slice of 3 ms is a few looks.
    const monotonicMs = clock.monotonicMs.bind(clock);
    clock.monotonicMs = () => {
      now += 1;
      return monotonicMs() + now;
    };
    expect(gateway.revoke({ where: ({ principal }) => principal === 'ada' })).toBe(50_000);
    let turns = 0;
    const perTurn: number[] = [];
    let before = 50_001;
    const look = () => {
      const left = gateway.stats().connections;
      perTurn.push(before - left);
      before = left;
      turns += 1;
      if (turns === 1) witness.say('g', 'served between');
      if (left > 1 && turns < 5_000) clock.setImmediate(look);
    };
    clock.setImmediate(look);
    await clock.settle();
    expect(before).toBe(1);
    expect(turns).toBeGreaterThan(20);
    expect(Math.max(...perTurn)).toBeLessThan(5_000);
    expect(witness.of('data_update')).toHaveLength(1);
    expect(codes).toEqual(Array(50_000).fill(4003));
  });
});

describe('remove and position', () => {
  test('a member is taken out of one group: it keeps the others, and hears nothing more', async () => {
    const { clock, gateway, come, events } = withTokens();
    const a = await come('ada', { g: {}, h: {} });
    a.connection.send(say('last', { groupId: 'g' }));
    expect(gateway.remove(a.memberId as string, 'g')).toBe(true);
    expect(gateway.remove(a.memberId as string, 'g')).toBe(false);
    await gateway.publish('g', 'not for this one');
    await gateway.publish('h', 'for this one');
    await clock.settle();
    expect(a.of('data_update').map(({ payload }) => payload.data)).toEqual(['last', 'for this one']);
    expect(events('leave')).toMatchObject([{ memberId: a.memberId, groupId: 'g' }]);
  });

  test('inside its window it does not come back there by its token', async () => {
    const { clock, gateway, come } = withTokens();
    const a = await come('ada', { g: {}, h: {} });
    a.take().connection.cut();
    expect(gateway.remove(a.memberId as string, 'g')).toBe(true);
    a.logs.clear();
    a.connect();
    await clock.settle();
    expect(a.take().resumed).toEqual([false, true]);
    expect(a.of('ready').at(-1)?.payload.groups).toEqual(['h']);
    expect(gateway.remove('nobody', 'g')).toBe(false);
  });

  test('a snapshot with the position taken before it, and a join since then, miss nothing [R197]', async () => {
    const { clock, gateway, come } = withTokens();
    const writer = await come('ada');
    for (let n = 1; n <= 5; n += 1) writer.say('g', n);
    const position = await gateway.position('g');
    for (let n = 6; n <= 9; n += 1) writer.say('g', n);
    const b = await come('bob', { g: position });
    expect(position.seq).toBe(5);
    expect(b.of('data_update').map(({ payload }) => payload.data)).toEqual([6, 7, 8, 9]);
    expect(b.of('sync').at(-1)?.payload).toMatchObject({ outcome: 'recovered', seq: 9 });
    for (const bad of ['', 'x'.repeat(129)]) {
      await expect(gateway.position(bad)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
    expect(gateway.groups()).toHaveLength(1);
    await clock.settle();
  });
});
