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
