import { connectClient } from 'gateway-core/testing';
import { expect, test } from 'vitest';
import { type Pace, paced } from './support/asynchronous.js';
import { MovingClient, shareGateways } from './support/shared-gateways.js';

const DROPPED = 300;
const SECONDS = 60;

/** A store that is down fails in the call, later, or says nothing. */
const outages: [string, Pace | 'throws', number][] = [
  ['throws', 'throws', 1],
  // All who are asked for before the first call has failed.
  ['fails', { before: () => Promise.reject(new Error('no store')) }, DROPPED],
  ['says nothing', { before: () => new Promise(() => {}) }, DROPPED],
];

test.each(outages)(
  'a member store that %s is not asked for all who have dropped again and again',
  async (_what, pace, atFirst) => {
    let isDown = false;
    let calls = 0;
    const { clock, gateways, events } = shareGateways({
      each: ({ members }) => {
        const slow = pace === 'throws' ? members : paced(members, ['expire'], pace);
        return {
          members: new Proxy(paced(members, [], {}), {
            get: (target, name) => {
              if (name !== 'expire') return Reflect.get(target, name, target);
              return (memberId: string, generation: number) => {
                calls += 1;
                if (isDown && pace === 'throws') throw new Error('no store');
                return (isDown ? slow : members).expire(memberId, generation);
              };
            },
          }),
        };
      },
    });
    const clients = Array.from({ length: DROPPED }, () => new MovingClient(gateways));
    for (const client of clients) client.connect();
    await clock.advance(1_000);
    for (const client of clients) client.connection.cut();
    await clock.advance(1_000);
    isDown = true;
    await clock.advance(SECONDS * 1_000);
    expect(calls).toBeGreaterThan(1);
    expect(calls).toBeLessThanOrEqual(atFirst + SECONDS);
    expect(events('error').length).toBeLessThanOrEqual(atFirst + SECONDS);
    expect(events('expired')).toEqual([]);
    isDown = false;
    await clock.advance(15_000);
    expect(events('expired')).toHaveLength(DROPPED);
  },
);

test.each(['1', '2'])(
  'groups that a client of dialect %s has left ask a presence store that is down no more, and who comes is told all',
  async (version) => {
    let isDown = false;
    let calls = 0;
    const { clock, gateways, events } = shareGateways({
      each: ({ presence }, at) => ({
        presence: new Proxy(paced(presence, [], {}), {
          get: (target, name) => {
            const call = Reflect.get(target, name, target) as (...args: unknown[]) => unknown;
            if (at !== 0 || (name !== 'info' && name !== 'list')) return call;
            return (...args: unknown[]) => {
              calls += 1;
              if (isDown) throw new Error('no store');
              return call(...args);
            };
          },
        }),
      }),
    });
    const goTo = (groupId: string) => ({ type: 'identify', version, payload: { clientType: 'app-client', groupId } });
    const come = (groupId: string) => {
      const client = connectClient(gateways[0]);
      client.send(goTo(groupId));
      return client;
    };
    const groupIds = Array.from({ length: 40 }, (_, n) => `g${n}`);
    const first = groupIds.map((groupId) => come(groupId));
    await clock.advance(1_000);
    isDown = true;
    for (const client of first) client.close(1000);
    await clock.advance(3_000);
    calls = 0;
    await clock.advance(20_000);
    expect(calls).toBe(0);
    expect(gateways[0].groups()).toHaveLength(40);
    // Who is there when the store comes back is told, and whoever comes then.
    const early = version === '1' ? undefined : come('g0');
    await clock.advance(3_000);
    isDown = false;
    const late = come('g1');
    await clock.advance(5_000);
    const { length: failed } = events('error');
    for (const client of early === undefined ? [late] : [early, late]) {
      const told = client.texts.filter((text) => /"type":"(presence_update|sync)"/.test(text));
      expect(told.at(-1)).toMatch(/"groupId":"g[01]".*"members":/);
    }
    expect(failed).toBeGreaterThan(0);
  },
);
