import { MemoryBroker, MemoryPresenceStore, MemorySessionStore } from 'gateway-core';
import { FakeClock } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';
import {
  BROKER_METHODS,
  delayed,
  late,
  never,
  nextTurn,
  PRESENCE_METHODS,
  paced,
  SESSION_METHODS,
  sync,
  unanswered,
} from './support/asynchronous.js';
import { codesOf, heartbeat, identify, presencesOf, readiesOf, say } from './support/messages.js';
import { setUp } from './support/set-up.js';
import { settled } from './support/settled.js';

const timings = { heartbeatTimeoutMs: 1_000_000, identifyTimeoutMs: 1_000_000 };

describe('a paced part', () => {
  const part = { calls: [] as number[], call: (n: number) => part.calls.push(n) as number | Promise<number> };
  const clock = new FakeClock();
  const effectOf = (n: number) => part.calls.includes(n);

  test('answers at once, in later turns, or after a time, and takes effect before that', async () => {
    expect(paced(part, ['call'], sync).call(1)).toBe(1);

    const soon = paced(part, ['call'], nextTurn).call(2);
    expect(effectOf(2)).toBe(false);
    expect(await soon).toBe(2);

    const slow = paced(part, ['call'], delayed(clock, 10)).call(3) as Promise<number>;
    await clock.advance(9);
    expect(effectOf(3)).toBe(false);
    await clock.advance(1);
    expect([effectOf(3), await settled(slow)]).toEqual([true, false]);
    await clock.advance(10);
    expect(await slow).toBe(3);

    const tardy = paced(part, ['call'], late(clock, 10)).call(4) as Promise<number>;
    expect([effectOf(4), await settled(tardy)]).toEqual([true, false]);
    await clock.advance(10);
    expect(await tardy).toBe(4);
  });

  test('never answers, whether the request was lost or the answer', async () => {
    const answers = [never, unanswered].map((pace, n) => paced(part, ['call'], pace).call(10 + n) as Promise<number>);
    await clock.advance(1_000_000);
    expect([effectOf(10), effectOf(11)]).toEqual([false, true]);
    for (const answer of answers) expect(await settled(answer)).toBe(false);
  });

  test('is at its pace only for the calls that are named', () => {
    const picky = paced(part, ['call'], never, { when: (n) => n === 20 });
    expect(picky.call(20)).toBeInstanceOf(Promise);
    expect(picky.call(21)).toBeTypeOf('number');
  });
});

describe.each([
  ['is lost', never],
  ['is taken, and not answered', unanswered],
])('what nobody waits for and %s', (_name, pace) => {
  test('holds up nothing: a lease, an expiry, a leave', async () => {
    const { clock, gateway, join } = setUp((fake) => ({
      timings,
      presence: paced(new MemoryPresenceStore({ clock: fake }), ['touch', 'leave'], pace),
      sessions: paced(new MemorySessionStore({ clock: fake }), ['expire'], pace),
    }));
    const [client, other] = [await join('g'), await join('g')];
    await clock.advance(10_000);
    other.close();
    client.send(say(1, { sessionId: 's' }, { meta: {} }));
    await clock.advance(10_000);
    expect(client.data).toEqual([1]);
    expect(gateway.stats()).toMatchObject({ connections: 1, closing: 0, droppedMembers: 0 });
  });

  test('and what one client waits for for ever holds up nobody else', async () => {
    const isHeld = (groupId: unknown) => groupId === 'held';
    const { clock, connect, join } = setUp((fake) => ({
      timings,
      presence: paced(new MemoryPresenceStore({ clock: fake }), PRESENCE_METHODS, pace, { when: isHeld }),
      broker: paced(new MemoryBroker(), BROKER_METHODS, pace, { when: isHeld }),
      sessions: paced(new MemorySessionStore({ clock: fake }), ['touch', 'list'], pace, { when: isHeld }),
    }));
    const held = connect();
    held.send(identify('held'));
    const [client, other] = [await join('g'), await join('g')];
    client.send(say(1, { sessionId: 's' }, { meta: {} }));
    other.send(heartbeat({ sessionId: 's' }));
    await clock.advance(2_000);
    expect([client.data, other.data]).toEqual([[1], [1]]);
    expect(presencesOf(client).at(-1)).toMatchObject({ details: { members: 2 } });
    expect(readiesOf(held)).toHaveLength(1);
    held.close();
    await clock.advance(1_000);
    expect(held.closed?.code).toBe(1000);
  });
});

describe('an answer that comes late', () => {
  test('from any part is an answer all the same, and nothing was lost or overtaken meanwhile', async () => {
    const { clock, connect } = setUp((fake) => ({
      timings,
      presence: paced(new MemoryPresenceStore({ clock: fake }), PRESENCE_METHODS, late(fake, 8_000)),
      sessions: paced(new MemorySessionStore({ clock: fake }), SESSION_METHODS, late(fake, 8_000)),
      broker: paced(new MemoryBroker(), BROKER_METHODS, late(fake, 8_000)),
    }));
    const client = connect();
    client.send(identify('g'));
    for (let n = 0; n < 3; n += 1) client.send(say(n));
    await clock.advance(100_000);
    expect(readiesOf(client)).toMatchObject([{}, { presence: { status: 'UP' } }]);
    expect(client.data).toEqual([0, 1, 2]);
    expect(codesOf(client)).toEqual([]);
  });

  test('for a client that has gone leaves nothing of it', async () => {
    const { clock, gateway, connect, events } = setUp((fake) => ({
      timings: { ...timings, resumeTtlMs: 1_000 },
      presence: paced(new MemoryPresenceStore({ clock: fake }), ['enter'], late(fake, 8_000)),
    }));
    for (const ending of ['close', 'cut'] as const) {
      const client = connect();
      client.send(identify('g'));
      await clock.advance(1_000);
      client[ending]();
    }
    await clock.advance(20_000);
    expect(await gateway.presence('g')).toMatchObject({ status: 'DOWN' });
    expect(events('join')).toEqual([]);
    expect(gateway.stats()).toMatchObject({ connections: 0, droppedMembers: 0 });
  });
});
