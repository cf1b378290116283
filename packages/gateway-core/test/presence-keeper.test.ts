import { createGateway, MemoryBroker, MemoryPresenceStore, type PresenceMember, type PresenceStore } from 'gateway-core';
import { connectClient, FakeClock } from 'gateway-core/testing';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { PresenceKeeper } from '../src/presence/presence-keeper.js';
import { asynchronous, PRESENCE_METHODS, waitOn } from './support/asynchronous.js';
import { type Failure, failing } from './support/failing.js';
import { codesOf, heartbeat, identify } from './support/messages.js';
import { closeAndFindNothing, setUp } from './support/set-up.js';

const WAYS: Failure[] = ['rejects', 'throws'];
const timings = { heartbeatTimeoutMs: 10_000_000, resumeTtlMs: 10_000, presenceLeaseMs: 15_000 };

/** Two gateways on one presence store, the time of the second of which can stand still. */
function twoGateways(share: (store: MemoryPresenceStore) => PresenceStore = (store) => store) {
  const [clock, stallable] = [new FakeClock(), new FakeClock()];
  const presence = new MemoryPresenceStore({ clock });
  const broker = new MemoryBroker();
  const alive = createGateway({ clock, presence, broker, timings });
  const stalled = createGateway({ clock: stallable, presence: share(presence), broker, timings });
  onTestFinished(() => closeAndFindNothing(stalled, stallable));
  onTestFinished(() => closeAndFindNothing(alive, clock));
  const join = async (gateway: typeof alive, groupId: string) => {
    const client = connectClient(gateway);
    client.send(identify(groupId));
    await clock.settle();
    await stallable.settle();
    return client;
  };
  return {
    presence,
    onAlive: (groupId: string) => join(alive, groupId),
    onStalled: (groupId: string) => join(stalled, groupId),
    /** Time passes for both. */
    advance: async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 1_000) {
        await clock.advance(1_000);
        await stallable.advance(1_000);
      }
    },
    /** Time passes, and the second gateway's process stands still. */
    stall: (ms: number) => clock.advance(ms),
  };
}

describe('a gateway that was taken for dead', () => {
  test('enters all its members again: connected ones and dropped ones, of all groups', async () => {
    const { presence, onAlive, onStalled, advance, stall } = twoGateways();
    await onAlive('g');
    await onStalled('g');
    await onStalled('g');
    await onStalled('lonely');
    await advance(2_000);
    (await onStalled('dropped')).cut();
    const before = ['g', 'lonely', 'dropped'].map((groupId) => presence.info(groupId));
    expect(before).toMatchObject([{ details: { members: 3 } }, { status: 'UP' }, { status: 'DEGRADED' }]);
    await stall(20_000);
    expect(['g', 'lonely', 'dropped'].map((groupId) => presence.info(groupId))).toMatchObject([
      { details: { members: 1 } },
      { status: 'DOWN' },
      { status: 'DOWN' },
    ]);
    await advance(6_000);
    expect(['g', 'lonely', 'dropped'].map((groupId) => presence.info(groupId))).toEqual(before);
    await advance(10_000);
    expect(presence.info('dropped').status).toBe('DOWN');
  });

  test('enters nobody who has left meanwhile, and everybody with what is known now', async () => {
    const { presence, onAlive, onStalled, advance, stall } = twoGateways();
    await onAlive('elsewhere');
    const [leaves, changes] = [await onStalled('g'), await onStalled('g')];
    await stall(20_000);
    leaves.close();
    changes.send(identify('g', { clientType: 'dashboard', metadata: { n: 2 } }));
    await advance(6_000);
    expect(presence.list('g')).toMatchObject([{ role: 'dashboard', metadataText: '{"n":2}', state: 'connected' }]);
  });

  test('enters them again however often it happens', async () => {
    const { presence, onAlive, onStalled, advance, stall } = twoGateways();
    await onAlive('elsewhere');
    await onStalled('g');
    for (let n = 0; n < 3; n += 1) {
      await stall(20_000);
      expect(presence.info('g').status).toBe('DOWN');
      await advance(6_000);
      expect(presence.info('g')).toMatchObject({ status: 'UP', details: { members: 1 } });
    }
  });

  test('enters thousands again, a few calls at a time where the store needs time', async () => {
    let [underWay, most] = [0, 0];
    const { presence, onAlive, onStalled, advance, stall } = twoGateways(
      (store) =>
        new Proxy(store, {
          get(target, name) {
            const value = Reflect.get(target, name, target);
            if (name !== 'enter') return typeof value === 'function' ? value.bind(target) : value;
            return async (...args: Parameters<PresenceStore['enter']>) => {
              underWay += 1;
              most = Math.max(most, underWay);
              await Promise.resolve();
              target.enter(...args);
              underWay -= 1;
            };
          },
        }),
    );
    await onAlive('elsewhere');
    for (let n = 0; n < 1_500; n += 1) await Promise.all([onStalled('g')]);
    await stall(20_000);
    expect(presence.info('g').status).toBe('DOWN');
    most = 0;
    await advance(6_000);
    expect(presence.info('g')).toMatchObject({ details: { members: 1_500 } });
    expect(most).toBeLessThanOrEqual(8);
  });

  test('enters nobody again where its lease was alive all the time', async () => {
    const clock = new FakeClock();
    const presence = new MemoryPresenceStore({ clock });
    const enter = vi.spyOn(presence, 'enter');
    const { join } = setUp({ presence, timings }, clock);
    for (let n = 0; n < 3; n += 1) await join('g');
    await clock.advance(600_000);
    expect(enter).toHaveBeenCalledTimes(3);
  });
});

describe('the lease', () => {
  test('is of presenceLeaseMs, begins before the first member, and is renewed at every third of it', async () => {
    const clock = new FakeClock();
    const presence = new MemoryPresenceStore({ clock });
    const calls: string[] = [];
    const [touch, enter] = [presence.touch.bind(presence), presence.enter.bind(presence)];
    vi.spyOn(presence, 'touch').mockImplementation((nodeId, ttlMs) => {
      calls.push(`touch ${ttlMs} at ${clock.monotonicMs()}`);
      return touch(nodeId, ttlMs);
    });
    vi.spyOn(presence, 'enter').mockImplementation((groupId, member) => {
      calls.push('enter');
      enter(groupId, member);
    });
    const { join } = setUp({ presence, timings: { ...timings, presenceLeaseMs: 30_000 } }, clock);
    await join('g');
    await clock.advance(30_000);
    expect(calls).toEqual(['touch 30000 at 0', 'enter', 'touch 30000 at 10000', 'touch 30000 at 20000', 'touch 30000 at 30000']);
  });

  test.each(WAYS)('is renewed at the next sweep where the store %s', async (how) => {
    let touches = 0;
    const clock = new FakeClock();
    const presence = failing(new MemoryPresenceStore({ clock }), 'touch', how, () => {
      touches += 1;
      return [2, 3, 5].includes(touches);
    });
    const { join, events } = setUp({ presence, timings }, clock);
    await join('g');
    await clock.advance(5_000);
    expect(touches).toBe(2);
    await clock.advance(2_000);
    expect(touches).toBe(4);
    await clock.advance(4_000);
    expect(touches).toBe(4);
    expect(events('error')).toMatchObject([{ where: 'presence.touch' }]);
    await clock.advance(1_000);
    expect(events('error')).toHaveLength(2);
  });

  test('of a store that answers nothing is taken for alive', async () => {
    const clock = new FakeClock();
    const presence = new MemoryPresenceStore({ clock });
    vi.spyOn(presence, 'touch').mockReturnValue(undefined as never);
    const enter = vi.spyOn(presence, 'enter');
    const { join } = setUp({ presence, timings }, clock);
    await join('g');
    await clock.advance(60_000);
    expect(enter).toHaveBeenCalledTimes(1);
  });
});

describe.each(WAYS)('a call that %s', (how) => {
  /** The store as others see it, and calls of `method` that fail as long as `fails` says so. */
  function flaky(method: 'enter' | 'leave', fails: (...args: unknown[]) => boolean) {
    const clock = new FakeClock();
    const presence = new MemoryPresenceStore({ clock });
    return { presence, ...setUp({ presence: failing(presence, method, how, fails), timings }, clock) };
  }

  test('to leave is repeated until it succeeds, with pauses that grow, and is reported once', async () => {
    const at: number[] = [];
    let down = true;
    const { clock, presence, join, events } = flaky('leave', () => {
      at.push(clock.monotonicMs());
      return down;
    });
    (await join('g')).close();
    await clock.advance(300_000);
    const pauses = at.slice(1).map((ms, n) => ms - (at[n] as number));
    expect(pauses.slice(0, 6)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
    expect(pauses.slice(6).every((pause) => pause === 30_000)).toBe(true);
    expect(presence.info('g').status).toBe('UP');
    expect(events('error')).toMatchObject([{ where: 'presence.leave' }]);
    down = false;
    await clock.advance(30_000);
    expect(presence.info('g').status).toBe('DOWN');
    const calls = at.length;
    await clock.advance(300_000);
    expect(at).toHaveLength(calls);
  });

  test('is reported again after one has succeeded', async () => {
    let down = true;
    const { clock, join, events } = flaky('leave', () => down);
    (await join('g')).close();
    await clock.advance(5_000);
    down = false;
    await clock.advance(10_000);
    down = true;
    (await join('g')).close();
    await clock.advance(5_000);
    expect(events('error')).toHaveLength(2);
  });

  test('to say that a member has dropped is repeated, and not once it has left', async () => {
    let down = true;
    const said: string[] = [];
    const { clock, presence, join } = flaky('enter', (_, member) => {
      const { state } = member as PresenceMember;
      said.push(state);
      return down && state === 'dropped';
    });
    (await join('g')).cut();
    (await join('h')).cut();
    await clock.advance(2_000);
    expect(presence.info('g').status).toBe('UP');
    down = false;
    await clock.advance(3_000);
    expect(['g', 'h'].map((groupId) => presence.info(groupId).status)).toEqual(['DEGRADED', 'DEGRADED']);
    down = true;
    (await join('i')).cut();
    await clock.advance(20_000);
    expect(presence.info('i').status).toBe('DOWN');
    const calls = said.length;
    await clock.advance(60_000);
    expect(said).toHaveLength(calls);
  });

  test('to enter is the client’s to repeat, and leaves nobody behind though it came through', async () => {
    const clock = new FakeClock();
    const store = new MemoryPresenceStore({ clock });
    let leavesFail = true;
    const presence = failing(
      new Proxy(store, {
        get(target, name) {
          const value = Reflect.get(target, name, target);
          if (name !== 'enter') return typeof value === 'function' ? value.bind(target) : value;
          return (groupId: string, member: PresenceMember) => {
            // It comes through, and its answer is lost.
            target.enter(groupId, member);
            if (how === 'throws') throw new Error('ECONNRESET');
            return Promise.reject(new Error('ECONNRESET'));
          };
        },
      }),
      'leave',
      how,
      () => leavesFail,
    );
    const { join } = setUp({ presence, timings }, clock);
    const client = await join('g');
    expect(codesOf(client)).toEqual(['INTERNAL']);
    expect(store.info('g').status).toBe('UP');
    leavesFail = false;
    await clock.advance(5_000);
    expect(store.info('g').status).toBe('DOWN');
  });

  test('to say what is new of a member is taken back: the store says again what it was', async () => {
    let calls = 0;
    const clock = new FakeClock();
    const store = new MemoryPresenceStore({ clock });
    const presence = new Proxy(store, {
      get(target, name) {
        const value = Reflect.get(target, name, target);
        if (name !== 'enter') return typeof value === 'function' ? value.bind(target) : value;
        return (groupId: string, member: PresenceMember) => {
          calls += 1;
          target.enter(groupId, member);
          if (calls !== 2) return undefined;
          if (how === 'throws') throw new Error('ECONNRESET');
          return Promise.reject(new Error('ECONNRESET'));
        };
      },
    });
    const { join } = setUp({ presence, timings }, clock);
    const client = await join('g', { metadata: { n: 1 } });
    client.send(identify('g', { metadata: { n: 2 } }));
    await clock.advance(5_000);
    expect(codesOf(client)).toEqual(['INTERNAL']);
    expect(store.list('g')).toMatchObject([{ metadataText: '{"n":1}', state: 'connected' }]);
  });

  test('of one member does not hold up the others', async () => {
    let poison: unknown;
    const { clock, presence, join, gateway } = flaky('leave', (_, memberId) => memberId === poison || down);
    let down = true;
    const clients = [];
    for (let n = 0; n < 20; n += 1) clients.push(await join('g'));
    poison = gateway.connections()[0]?.memberId;
    for (const client of clients) client.close();
    await clock.advance(1_000);
    expect(presence.list('g')).toHaveLength(20);
    down = false;
    await clock.advance(60_000);
    expect(presence.list('g').map(({ memberId }) => memberId)).toEqual([poison]);
  });
});

test('what presence.info did after an enter is taken back too: the store says what the member was', async () => {
  const clock = new FakeClock();
  const presence = new MemoryPresenceStore({ clock });
  const { join } = setUp({ presence }, clock);
  const client = await join('g', { metadata: { n: 1 } });
  vi.spyOn(presence, 'info').mockImplementationOnce(() => {
    throw new Error('info failed');
  });
  client.send(identify('g', { metadata: { n: 2 } }));
  await clock.settle();
  expect(codesOf(client)).toEqual(['INTERNAL']);
  expect(presence.list('g')).toMatchObject([{ metadataText: '{"n":1}' }]);
});

test('who was cut off while it identified anew is dropped, not connected', async () => {
  const clock = new FakeClock();
  const presence = new MemoryPresenceStore({ clock });
  const { join } = setUp({ presence, timings }, clock);
  const client = await join('g');
  const info = presence.info.bind(presence);
  vi.spyOn(presence, 'info').mockImplementation((groupId) => waitOn(clock, 100)().then(() => info(groupId)) as never);
  client.send(identify('g', { metadata: { n: 2 } }));
  await clock.settle();
  client.cut();
  await clock.advance(1_000);
  expect(presence.list('g')).toMatchObject([{ metadataText: undefined, state: 'dropped' }]);
});

describe('of one member', () => {
  test('a newer call waits for the one under way, so that an enter that comes late undoes no leave', async () => {
    const clock = new FakeClock();
    const store = new MemoryPresenceStore({ clock });
    // A store with several connections: each call takes its own time, the later one less.
    const waits = { connected: 10, dropped: 500, leave: 10 };
    const presence = new Proxy(store, {
      get(target, name) {
        const value = Reflect.get(target, name, target);
        if (name === 'enter')
          return (groupId: string, member: PresenceMember) =>
            waitOn(clock, waits[member.state])().then(() => target.enter(groupId, member));
        if (name === 'leave')
          return (...args: [string, string]) => waitOn(clock, waits.leave)().then(() => target.leave(...args));
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const { connect } = setUp({ presence, timings: { ...timings, resumeTtlMs: 1 }, limits: { droppedMembersMax: 1 } }, clock);
    const clients = [connect(), connect()];
    for (const client of clients) client.send(identify('g'));
    await clock.advance(100);
    // The second drop makes the first one leave, whose `dropped` is under way.
    for (const client of clients) client.cut();
    await clock.advance(30_000);
    expect(store.list('g')).toEqual([]);
    expect(store.info('g').status).toBe('DOWN');
  });

  test('a call without an answer is given up after presenceLeaseMs, and the newer one made', async () => {
    const clock = new FakeClock();
    const store = new MemoryPresenceStore({ clock });
    let lost: (() => void) | undefined;
    const presence = new Proxy(store, {
      get(target, name) {
        const value = Reflect.get(target, name, target);
        if (name !== 'enter') return typeof value === 'function' ? value.bind(target) : value;
        return (groupId: string, member: PresenceMember) => {
          if (member.state === 'connected') return target.enter(groupId, member);
          return new Promise<void>((resolve) => {
            lost ??= () => {
              target.enter(groupId, member);
              resolve();
            };
          });
        };
      },
    });
    const { join, events } = setUp({ presence, timings }, clock);
    (await join('g')).cut();
    await clock.advance(14_999);
    expect(store.info('g').status).toBe('UP');
    await clock.advance(1);
    expect(store.info('g').status).toBe('DOWN');
    expect(events('error')).toMatchObject([{ where: 'presence.enter', error: new Error('the presence store does not answer') }]);
    // It was only late: what it did is undone.
    lost?.();
    expect(store.info('g').status).toBe('DEGRADED');
    await clock.advance(3_000);
    expect(store.info('g').status).toBe('DOWN');
  });
});

test.each([
  ['', (answer: unknown) => answer],
  [', also of a store that does not say that a lease has lapsed', () => undefined],
])(
  'of more leaves than the gateway may remember it goes on as another node, and the old one’s members expire%s',
  async (_, said) => {
    let down = true;
    const clock = new FakeClock();
    const store = new MemoryPresenceStore({ clock });
    let leaves = 0;
    const touch = store.touch.bind(store);
    vi.spyOn(store, 'touch').mockImplementation((...args) => said(touch(...args)) as 'alive');
    const presence = failing(store, 'leave', 'throws', () => {
      leaves += 1;
      return down;
    });
    const { join } = setUp({ presence, timings, limits: { droppedMembersMax: 10 } }, clock);
    const stays = await join('g');
    const [before] = store.list('g');
    for (let n = 0; n < 50; n += 1) (await join('g')).close();
    expect(store.list('g')).toHaveLength(51);
    await clock.advance(20_000);
    stays.send(heartbeat());
    const [after, ...others] = store.list('g').filter(({ nodeId }) => nodeId !== before?.nodeId);
    expect(after).toMatchObject({ memberId: before?.memberId, state: 'connected' });
    expect(others.length).toBeLessThanOrEqual(10);
    // Only those that are still remembered are repeated.
    down = false;
    leaves = 0;
    await clock.advance(40_000);
    expect(leaves).toBeLessThanOrEqual(11);
    expect(store.list('g')).toMatchObject([{ memberId: before?.memberId }]);
  },
);

test('a store that needs time for everything ends up with the truth, however members come and go', async () => {
  const clock = new FakeClock();
  const store = new MemoryPresenceStore({ clock });
  let calls = 0;
  const some = () => {
    calls += 1;
    return calls % 3 === 0;
  };
  const slow = asynchronous(store, [...PRESENCE_METHODS], waitOn(clock, 30));
  const presence = failing(failing(slow, 'leave', 'rejects', some), 'enter', 'rejects', some);
  const { connect, gateway } = setUp({ presence, timings: { ...timings, resumeTtlMs: 3_000 } }, clock);
  for (let n = 0; n < 60; n += 1) {
    const client = connect();
    client.send(identify(`g${n % 3}`));
    await clock.advance((n * 37) % 100);
    if (n % 4 === 0) client.close();
    else if (n % 4 === 1) client.cut();
    else client.send(identify(`g${(n + 1) % 3}`, { metadata: { n } }));
  }
  await clock.advance(120_000);
  for (const groupId of ['g0', 'g1', 'g2']) {
    const here = gateway.connections().filter(({ groups }) => groups.includes(groupId));
    const said = store.list(groupId).map(({ memberId, metadataText, state }) => ({ memberId, metadataText, state }));
    const expected = here.map(({ memberId, metadata }) => ({
      memberId,
      metadataText: metadata === undefined ? undefined : JSON.stringify(metadata),
      state: 'connected',
    }));
    const byId = (a: { memberId?: string | undefined }, b: typeof a) => String(a.memberId).localeCompare(String(b.memberId));
    expect(said.sort(byId)).toEqual(expected.sort(byId));
  }
});

describe('what the keeper is told', () => {
  const member = (rest: Partial<PresenceMember> = {}) => ({
    memberId: 'm',
    role: 'app-client' as const,
    state: 'connected' as const,
    ...rest,
  });

  /** A keeper, and its store: calls end one by one, as the test says. */
  function keep(isTouchSlow = () => false) {
    const clock = new FakeClock();
    const store = new MemoryPresenceStore({ clock, untouchedLeaseMs: 15_000 });
    const calls: { call: string; end: (error?: Error) => void }[] = [];
    const later = <T>(call: string, take: () => T) =>
      new Promise<T>((resolve, reject) => {
        const end = (error?: Error) => {
          if (error !== undefined) reject(error);
          else resolve(take());
        };
        calls.push({ call, end });
      });
    const slow: PresenceStore = {
      enter: (groupId, entered) => later(`enter ${entered.metadataText} ${entered.state}`, () => store.enter(groupId, entered)),
      leave: (...args) => later('leave', () => store.leave(...args)),
      info: (groupId) => store.info(groupId),
      list: (groupId) => store.list(groupId),
      touch: (...args) => (isTouchSlow() ? later('touch', () => store.touch(...args)) : store.touch(...args)),
      watch: (listener) => store.watch(listener),
    };
    const failed = vi.fn();
    const options = { generateId: () => 'n', leaseMs: 15_000, unsaidLeavesMax: 10, closeTimeoutMs: 1_000 };
    const keeper = new PresenceKeeper(slow, clock, options, failed);
    const endAll = async (error?: Error) => {
      while (calls.length > 0) {
        for (const { end } of calls.splice(0)) end(error);
        await clock.settle();
      }
    };
    const pass = async (ms: number) => {
      await clock.advance(ms);
      keeper.sweep(clock.monotonicMs());
    };
    return { keeper, store, calls, failed, endAll, pass, clock };
  }

  test('while a call is under way is said by one call, of the newest', async () => {
    const { keeper, store, calls, endAll } = keep();
    const entering = keeper.enter('g', member({ metadataText: '1' }));
    const overtaken = keeper.enter('g', member({ metadataText: '2' }));
    keeper.leave('g', 'm');
    keeper.tell('g', member({ metadataText: '3', state: 'dropped' }));
    const last = keeper.enter('g', member({ metadataText: '4' }));
    expect(calls.map(({ call }) => call)).toEqual(['enter 1 connected']);
    const [first] = calls.splice(0);
    first?.end();
    await entering;
    await overtaken;
    expect(calls.map(({ call }) => call)).toEqual(['enter 4 connected']);
    await endAll();
    await last;
    expect(store.list('g')).toMatchObject([{ metadataText: '4' }]);
  });

  test('of who may not enter is forgotten: a leave is said, or what was said before', async () => {
    const { keeper, store, calls, endAll, pass } = keep();
    const refused = expect(keeper.enter('g', member({ metadataText: '1' }))).rejects.toThrow('no');
    await endAll(new Error('no'));
    await refused;
    await pass(1_000);
    expect(calls.map(({ call }) => call)).toEqual(['leave']);
    await endAll();
    const entering = keeper.enter('g', member({ metadataText: '2' }));
    await endAll();
    await entering;
    const changing = expect(keeper.enter('g', member({ metadataText: '3' }))).rejects.toThrow('no');
    await endAll(new Error('no'));
    await changing;
    await pass(2_000);
    expect(calls.map(({ call }) => call)).toEqual(['enter 2 connected']);
    await endAll();
    expect(store.list('g')).toMatchObject([{ metadataText: '2' }]);
  });

  test('is not taken back by the failure of something older', async () => {
    const { keeper, store, calls, endAll } = keep();
    const failing = expect(keeper.enter('g', member({ metadataText: '1' }))).rejects.toThrow('no');
    const newer = keeper.enter('g', member({ metadataText: '2' }));
    calls.splice(0)[0]?.end(new Error('no'));
    await failing;
    await endAll();
    await newer;
    expect(store.list('g')).toMatchObject([{ metadataText: '2' }]);
  });

  test('is repeated when its time has come, however often others fail meanwhile', async () => {
    const { keeper, calls, endAll, pass, clock } = keep();
    const entering = ['a', 'b', 'c', 'd', 'e'].map((memberId) => keeper.enter('g', member({ memberId })));
    await endAll();
    await Promise.all(entering);
    for (const memberId of ['a', 'b', 'c', 'd']) {
      keeper.leave('g', memberId);
      await endAll(new Error('no'));
      await clock.advance(300);
    }
    await pass(0);
    expect(calls.length).toBeGreaterThan(0);
  });

  test('is said again to a store that answers at once by 500 calls a turn', async () => {
    const clock = new FakeClock();
    const store = new MemoryPresenceStore({ clock });
    const options = { generateId: () => 'n', leaseMs: 15_000, unsaidLeavesMax: 10, closeTimeoutMs: 1_000 };
    const keeper = new PresenceKeeper(store, clock, options, vi.fn());
    for (let n = 0; n < 1_200; n += 1) keeper.tell('g', member({ memberId: `m${n}` }));
    await clock.advance(20_000);
    store.touch('another', 1_000);
    expect(store.list('g')).toHaveLength(0);
    keeper.sweep(clock.monotonicMs());
    expect(store.list('g')).toHaveLength(500);
    await clock.settle();
    expect(store.list('g')).toHaveLength(1_200);
  });

  test('of one that came back while its leave was under way is entered again after a lapse', async () => {
    const { keeper, store, endAll, pass, clock } = keep();
    const entering = keeper.enter('g', member());
    await endAll();
    await entering;
    keeper.leave('g', 'm');
    const again = keeper.enter('g', member({ metadataText: '2' }));
    await endAll();
    await again;
    await clock.advance(20_000);
    store.touch('another', 1_000);
    expect(store.list('g')).toEqual([]);
    await pass(0);
    await endAll();
    expect(store.list('g')).toMatchObject([{ metadataText: '2' }]);
  });

  test.each([
    [', its first touch', true],
    ['', false],
  ])('of one that came while a touch was under way that found the lease over is entered again%s', async (_, isFirst) => {
    let isTouchSlow = isFirst;
    const { keeper, store, calls, endAll, clock } = keep(() => isTouchSlow);
    const come = async (memberId: string) => {
      keeper.tell('g', member({ memberId }));
      calls.pop()?.end();
      await clock.settle();
    };
    await come('first');
    isTouchSlow = true;
    await clock.advance(5_000);
    keeper.sweep(clock.monotonicMs());
    await come('second');
    await clock.advance(20_000);
    store.touch('another', 1_000);
    expect(store.list('g')).toEqual([]);
    isTouchSlow = false;
    await endAll();
    expect(store.list('g').map(({ memberId }) => memberId)).toEqual(['first', 'second']);
  });

  test('of one that came with the first touch is entered once', async () => {
    const { keeper, store, calls, endAll, pass } = keep(() => true);
    keeper.tell('g', member());
    expect(calls.map(({ call }) => call)).toEqual(['touch', 'enter undefined connected']);
    await endAll();
    await pass(1_000);
    expect(calls).toEqual([]);
    expect(store.list('g')).toHaveLength(1);
  });

  test('of leaves that succeeded does not count as owed', async () => {
    const clock = new FakeClock();
    const store = new MemoryPresenceStore({ clock });
    const generateId = vi.fn(() => 'n');
    const options = { generateId, leaseMs: 15_000, unsaidLeavesMax: 3, closeTimeoutMs: 1_000 };
    let down = false;
    const keeper = new PresenceKeeper(
      failing(store, 'leave', 'throws', () => down),
      clock,
      options,
      vi.fn(),
    );
    for (let n = 0; n < 10; n += 1) {
      keeper.tell('g', member({ memberId: `m${n}` }));
      keeper.leave('g', `m${n}`);
    }
    down = true;
    for (let n = 0; n < 3; n += 1) {
      keeper.tell('g', member({ memberId: `m${n}` }));
      keeper.leave('g', `m${n}`);
    }
    expect(generateId).toHaveBeenCalledTimes(1);
    keeper.tell('g', member());
    keeper.leave('g', 'm');
    expect(generateId).toHaveBeenCalledTimes(2);
  });

  test('of a member that was never there to leave is nothing', async () => {
    const { keeper, calls } = keep();
    keeper.leave('g', 'm');
    expect(calls).toEqual([]);
  });

  test('after its close is tried once, and not repeated', async () => {
    const { keeper, calls, endAll, pass, failed } = keep();
    const entering = keeper.enter('g', member());
    await endAll();
    await entering;
    keeper.leave('g', 'm');
    const closing = keeper.close();
    await endAll(new Error('no'));
    await closing;
    expect(failed).toHaveBeenCalledTimes(1);
    await pass(60_000);
    expect(calls).toEqual([]);
  });
});
