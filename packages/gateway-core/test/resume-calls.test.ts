import { createHash } from 'node:crypto';
import type { FakeClock } from 'gateway-core/testing';
import { expect, test } from 'vitest';
import { delayed, MEMBER_METHODS, PRESENCE_METHODS, paced } from './support/asynchronous.js';
import { MovingClient, type SharedOptions, shareGateways } from './support/shared-gateways.js';

const CLIENTS = 10;

/** A store whose calls are counted by name. */
function counted<Store extends object>(store: Store, calls: Map<string, number>): Store {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        calls.set(String(name), (calls.get(String(name)) ?? 0) + 1);
        return value.apply(target, args);
      };
    },
  });
}

const later = (clock: FakeClock, ms: number) => () => new Promise<true>((resolve) => clock.setTimeout(() => resolve(true), ms));

test('a crowd that comes back to another gateway asks for each of them three times, and together for the list', async () => {
  const calls = new Map<string, number>();
  const each: SharedOptions['each'] = ({ members, presence }, at, clock) => {
    const away = delayed(clock, 20);
    const stores = {
      members: paced(members, [...MEMBER_METHODS], away),
      presence: paced(presence, [...PRESENCE_METHODS], away),
    };
    return at === 0 ? stores : { members: counted(stores.members, calls), presence: counted(stores.presence, calls) };
  };
  const { clock, gateways, presence } = shareGateways({ each });
  const clients = Array.from({ length: CLIENTS }, (_, n) => new MovingClient(gateways, { token: `user ${n}` }));
  for (const client of clients) client.connect({ g: {} });
  await clock.advance(2_000);
  for (const client of clients) client.take().connection.cut();
  for (const client of clients) client.goTo(1).connect();
  await clock.advance(300);
  for (const client of clients) expect(client.take().resumed).toEqual([false, true]);
  for (const name of ['find', 'takeOver', 'enter']) expect([name, calls.get(name)]).toEqual([name, CLIENTS]);
  expect(calls.get('put')).toBeUndefined();
  // The first list, and what is announced once they have entered.
  expect(calls.get('list')).toBe(2);
  expect(presence.list('g').map(({ state, generation }) => [state, generation])).toEqual(clients.map(() => ['connected', 2]));

  // What is new of one is said, as ever.
  clients[0]?.send({ type: 'presence', groupId: 'g', payload: { state: 'typing' } });
  await clock.advance(300);
  // That it has spoken, and what it has said.
  expect(calls.get('put')).toBe(2);
  clients[0]?.goTo(0).connect();
  await clock.advance(300);
  expect(clients[0]?.take().resumed).toEqual([false, true, true]);
  expect(presence.list('g').filter(({ stateText }) => stateText === '"typing"')).toMatchObject([{ generation: 3 }]);
});

test('who is somebody else in the eyes of the gateway that it comes back to is so in the member store', async () => {
  const { clock, gateways, members } = shareGateways({
    each: (_, at) => (at === 0 ? {} : { authenticate: () => ({ principal: 'ada', metadata: { at } }) }),
    both: () => ({ authenticate: () => ({ principal: 'ada' }) }),
  });
  const client = new MovingClient(gateways, { token: 'ada' });
  client.connect({ g: {} });
  await clock.advance(1_000);
  client.take().goTo(1).connect();
  await clock.advance(1_000);
  expect(client.take().resumed).toEqual([false, true]);
  const hash = createHash('sha256').update(String(client.token)).digest('base64');
  expect(await members.find(String(client.memberId), hash, 0)).toMatchObject({ generation: 2, metadataText: '{"at":1}' });
});

test('every hook and store that is asked before a member is taken over may take its time, and the member is held for all of them', async () => {
  const { clock, gateways, events } = shareGateways({
    both: () => ({ timings: { identifyTimeoutMs: 60_000, resumeTtlMs: 15_000 } }),
    each: ({ presence }, at, clock) => {
      if (at === 0) return {};
      const slow = later(clock, 9_000);
      return {
        authenticate: slow,
        authorize: slow,
        presence: paced(presence, ['list'], { before: async () => void (await slow()) }),
      };
    },
  });
  const client = new MovingClient(gateways, { token: 'ada' });
  client.connect({ g: {} });
  await clock.advance(1_000);
  client.take().connection.cut();
  await clock.advance(10_000);
  client.goTo(1).connect({ g: {}, h: {} });
  await clock.advance(40_000);
  expect(events('expired')).toEqual([]);
  expect(client.take().resumed).toEqual([false, true]);
});

test('a group that it comes into at its first gateway while another takes it over stays its own, though its new connection ends meanwhile', async () => {
  let takesOver = () => {};
  const { clock, gateways } = shareGateways({
    each: ({ members }, at) =>
      at === 0
        ? {}
        : {
            members: paced(members, ['takeOver'], {
              before: async () => {
                takesOver();
              },
            }),
          },
  });
  const client = new MovingClient(gateways, { token: 'ada' });
  const former = client.connect({ g: {} });
  await clock.advance(1_000);
  client.take();
  takesOver = () => {
    takesOver = () => {};
    former.send({ type: 'join', payload: { groupId: 'h' } });
    client.connection.cut();
  };
  client.goTo(1).connect();
  await clock.advance(1_000);
  expect((await gateways[1].members('h')).map(({ memberId, state }) => [memberId, state])).toEqual([
    [client.memberId, 'dropped'],
  ]);
  client.connect();
  await clock.advance(1_000);
  expect(client.of('ready').at(-1)?.payload).toMatchObject({ memberId: client.memberId, resumed: true, groups: ['g', 'h'] });
});
