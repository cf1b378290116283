import type { MemberStore } from 'gateway-core';
import type { FakeClock } from 'gateway-core/testing';
import { expect, test } from 'vitest';
import { MovingClient, shareGateways } from './support/shared-gateways.js';

type Find = MemberStore['find'];

/** When the first `find` that holds takes effect, and when its answer comes, in milliseconds. */
const FATES: [string, number, number | undefined][] = [
  ['takes effect, and its answer is lost', 0, undefined],
  ['takes effect, and its answer comes late', 0, 25_000],
  ['takes effect late', 25_000, 25_000],
];

test.each(FATES)('a member is not held on for a resume that was given up where `find` %s', async (_, effectMs, answerMs) => {
  let isFirst = true;
  const { clock, gateways } = shareGateways({
    each: ({ members }, at, fake: FakeClock) => {
      const find: Find = (memberId, tokenHash, holdMs) => {
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
});
