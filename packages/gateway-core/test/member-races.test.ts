import type { MemberStore } from 'gateway-core';
import type { FakeClock } from 'gateway-core/testing';
import { expect, test } from 'vitest';
import { delayed, MEMBER_METHODS, paced } from './support/asynchronous.js';
import { MovingClient, shareGateways } from './support/shared-gateways.js';

/** The store as one sees it that hears of each takeover so often, each time later by `ms`. */
function toldLate(members: MemberStore, clock: FakeClock, ms: number, times: number): MemberStore {
  return new Proxy(paced(members, [], {}), {
    get: (target, name) => {
      if (name !== 'onReplaced') return Reflect.get(target, name, target);
      return (nodeId: string, listener: (memberId: string, generation: number) => void) =>
        members.onReplaced(nodeId, (...taken) => {
          for (let n = 1; n <= times; n += 1) clock.setTimeout(() => listener(...taken), n * ms);
        });
    },
  });
}

test.each([
  [1, 3_000],
  [3, 1_000],
  [2, 7_000],
])(
  'a gateway that is told %i times, %i ms late, that a member has moved away lets it stay where it has come back',
  async (times, ms) => {
    const { clock, gateways, events, presence } = shareGateways({
      each: ({ members }, _, at) => ({ members: toldLate(members, at, ms, times) }),
    });
    const a = new MovingClient(gateways);
    a.connect({ g: {} });
    await clock.advance(1_000);
    const { memberId } = a.take();
    for (const at of [1, 0, 1, 0]) {
      a.goTo(at).connect();
      await clock.advance(500);
      expect(a.take().memberId).toBe(memberId);
    }
    await clock.advance(60_000);
    expect(a.connection.closed).toBeUndefined();
    expect(a.resumed).toEqual([false, true, true, true, true]);
    expect(events('moved').map(({ at }) => at)).toEqual([0, 1, 0, 1]);
    expect(events('leave')).toEqual([]);
    expect(presence.list('g')).toMatchObject([{ memberId, state: 'connected' }]);
  },
);

test('of two connections of one gateway that take a member over one after the other, the last has it, and none of them lingers', async () => {
  const reached = new Set<string>();
  for (const lastWaits of [true, false]) {
    for (let lead = 0; lead <= 300; lead += 25) {
      const held: (() => void)[] = [];
      let holds = true;
      const { clock, gateways, presence, events } = shareGateways({
        each: ({ members }, at, time) => ({
          members: paced(members, [...MEMBER_METHODS], delayed(time, 50)),
          authorize: ({ groupId }) =>
            at === 0 || groupId !== 'late' || !holds || new Promise((yes) => held.push(() => yes(true))),
        }),
      });
      const first = new MovingClient(gateways);
      first.connect({ g: {} });
      await clock.advance(1_000);
      const { memberId, token, connection: former } = first.take();
      first.goTo(1).connect();
      await clock.advance(lead);
      former.send({ type: 'join', payload: { groupId: 'late' } });
      await clock.advance(1_000);
      const second = new MovingClient(gateways).goTo(1);
      second.token = token;
      holds = lastWaits;
      second.connect();
      await clock.advance(1_000);
      if (held.length > 0) reached.add(`${held.length} held`);
      for (const go of held) go();
      await clock.advance(3_000);

      const here = () => gateways.map((gateway) => gateway.connections().filter((each) => each.memberId === memberId).length);
      const has = [first, second].filter(
        (client) => client.take().memberId === memberId && client.connection.closed === undefined,
      );
      expect(here(), `after ${lead}`).toEqual([0, has.length]);
      expect(has.length, `after ${lead}`).toBe(1);
      // What moves on leaves nothing behind: a connection that the gateway has lost sight of would go on speaking for it.
      const [mover] = has as [MovingClient];
      mover.goTo(0).connect();
      await clock.advance(1_000);
      expect(mover.take(), `after ${lead}`).toMatchObject({ memberId, connection: { closed: undefined } });
      expect(here(), `after ${lead}`).toEqual([1, 0]);
      mover.connection.close(1000);
      await clock.advance(60_000);
      expect(presence.list('g').some((each) => each.memberId === memberId)).toBe(false);
      expect(events('error')).toEqual([]);
    }
  }
  expect(reached).toEqual(new Set(['1 held', '2 held']));
});
