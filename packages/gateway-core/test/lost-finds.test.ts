import type { MemberStore } from 'gateway-core';
import type { FakeClock } from 'gateway-core/testing';
import { expect, test } from 'vitest';
import { MEMBER_METHODS, never, PRESENCE_METHODS, paced, waitOn } from './support/asynchronous.js';
import { MovingClient, shareGateways } from './support/shared-gateways.js';

type Find = MemberStore['find'];

/** When the first `find` that holds takes effect, when its answer comes, in milliseconds, and whether what lets go is lost as well. */
const FATES: [string, number, number | undefined, boolean][] = [
  ['takes effect, and its answer is lost', 0, undefined, false],
  ['takes effect, and its answer is lost, as the letting go is', 0, undefined, true],
  ['takes effect, and its answer comes late', 0, 25_000, false],
  ['takes effect late', 25_000, 25_000, false],
  ['takes effect late, and the letting go is lost', 25_000, 25_000, true],
];

test.each(FATES)(
  'a member is not held on for a resume that was given up where `find` %s',
  async (_, effectMs, answerMs, isLost) => {
    let isFirst = true;
    const { clock, gateways } = shareGateways({
      each: ({ members }, at, fake: FakeClock) => {
        const find: Find = (memberId, tokenHash, holdMs) => {
          if (at === 1 && holdMs === 0 && isLost) return new Promise(() => {});
          if (at === 0 || !isFirst || holdMs === 0) return members.find(memberId, tokenHash, holdMs);
          isFirst = false;
          return new Promise((resolve) => {
            const effect = () => {
              const found = members.find(memberId, tokenHash, holdMs);
              if (answerMs !== undefined) fake.setTimeout(() => resolve(found), answerMs - effectMs);
            };
            if (effectMs === 0) effect();
            else fake.setTimeout(effect, effectMs);
          });
        };
        const store = new Proxy(members, {
          get(target, name) {
            if (name === 'find') return find;
            const value: unknown = Reflect.get(target, name, target);
            return typeof value === 'function' ? value.bind(target) : value;
          },
        });
        return { members: store };
      },
      both: () => ({ timings: { resumeTtlMs: 40_000 } }),
    });
    const client = new MovingClient(gateways, { token: 'ada' });
    client.connect({ g: {} });
    await clock.advance(1_000);
    client.take().connection.cut();
    client.goTo(1).connect();
    // `partTimeoutMs` is over after 10 s, and the client is somebody new.
    await clock.advance(12_000);
    expect(client.take().resumed).toEqual([false, false]);
    expect(gateways[0]?.stats().droppedMembers).toBe(1);
    await clock.advance(30_000);
    expect(gateways[0]?.stats().droppedMembers).toBe(0);
  },
);

test('a gateway that dies in the middle of a resume keeps nobody for longer than its lease', async () => {
  let [isDead, dies] = [false, false];
  const when = () => isDead;
  const { clock, gateways, presence } = shareGateways({
    each: (shared, at) =>
      at === 1
        ? {}
        : {
            presence: paced(shared.presence, PRESENCE_METHODS, never, { when }),
            members: paced(shared.members, MEMBER_METHODS, never, { when }),
            authenticate: () => {
              isDead = dies;
              return dies ? new Promise<never>(() => {}) : true;
            },
          },
  });
  const [a, b] = [new MovingClient(gateways).goTo(1), new MovingClient(gateways).goTo(1)];
  for (const client of [a, b]) client.connect({ g: {} });
  await clock.advance(500);
  a.connection.cut();
  await clock.advance(14_000);
  dies = true;
  a.goTo(0).connect();
  await clock.advance(100);
  expect(isDead).toBe(true);
  a.connection.vanish();
  await clock.advance(2_000);
  expect(presence.list('g'), 'held').toHaveLength(2);
  await clock.advance(15_000);
  expect(presence.list('g').map(({ memberId }) => memberId)).toEqual([b.take().memberId]);
  expect(gateways[1].stats().droppedMembers).toBe(0);
});

test('a member is held for as long as hooks take, over its window and the lease of the gateway that it comes to', async () => {
  const { clock, gateways } = shareGateways({
    both: (fake) => ({
      timings: { resumeTtlMs: 2_000, presenceLeaseMs: 4_000 },
      authenticate: async () => {
        await waitOn(fake, 9_000)();
        return true;
      },
      authorize: async () => {
        await waitOn(fake, 9_000)();
        return true;
      },
    }),
  });
  const client = new MovingClient(gateways);
  client.connect({ g: {} });
  await clock.advance(20_000);
  client.take().connection.cut();
  client.goTo(1).connect();
  await clock.advance(20_000);
  expect(client.take().resumed).toEqual([false, true]);
});
