import { MemoryBroker, MemoryPresenceStore, MemorySessionStore, type Timings } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { late, never, nextTurn, type Pace, paced, pacedFunction, unanswered } from './support/asynchronous.js';
import { codesOf, heartbeat, identify, presencesOf, say } from './support/messages.js';
import { setUp } from './support/set-up.js';

const partTimeoutMs = 5_000;
const timings: Partial<Timings> = Object.assign({ heartbeatTimeoutMs: 25_000 }, { partTimeoutMs });

const PACES: [string, (clock: Parameters<typeof late>[0]) => Pace][] = [
  ['comes after partTimeoutMs', (clock) => late(clock, partTimeoutMs * 2)],
  ['never comes', () => never],
  ['was lost', () => unanswered],
];

describe.each(PACES)('an answer that %s', (_name, paceOf) => {
  test.each(['subscribe', 'publish'] as const)(
    'of the broker to %s fails the message, and not the group for ever',
    async (method) => {
      let isBroken = true;
      const { clock, connect } = setUp((fake) => ({
        timings,
        broker: paced(new MemoryBroker(), [method], paceOf(fake), { when: () => isBroken }),
      }));
      const client = connect();
      client.send(identify('g'));
      client.send(say('first'));
      await clock.advance(partTimeoutMs + 1_000);
      expect(codesOf(client)[0]).toBe('INTERNAL');
      isBroken = false;
      await clock.advance(partTimeoutMs * 2);
      client.send(identify('g'));
      client.send(say('again'));
      await clock.advance(1_000);
      expect(client.data.at(-1)).toBe('again');
    },
  );

  test('of a presence store fails the identify, and the next one may succeed', async () => {
    let isBroken = true;
    const { clock, connect } = setUp((fake) => ({
      timings,
      presence: paced(new MemoryPresenceStore({ clock: fake }), ['enter', 'info'], paceOf(fake), { when: () => isBroken }),
    }));
    const client = connect();
    client.send(identify('g'));
    await clock.advance(partTimeoutMs + 1_000);
    expect(codesOf(client)).toEqual(['INTERNAL']);
    isBroken = false;
    client.send(identify('g'));
    client.send(say('here'));
    await clock.advance(partTimeoutMs * 2);
    expect(client.data).toEqual(['here']);
  });

  test.each(['info', 'list'] as const)(
    'of a presence store to %s is asked for again, and what has changed is told',
    async (method) => {
      let isBroken = false;
      const { clock, connect } = setUp((fake) => ({
        timings,
        presence: paced(new MemoryPresenceStore({ clock: fake }), [method], paceOf(fake), { when: () => isBroken }),
      }));
      const enter = async () => {
        const client = connect();
        client.send({ type: 'identify', version: '2', payload: { clientType: 'app-client', groupId: 'g' } });
        await clock.advance(1_000);
        return client;
      };
      const one = await enter();
      isBroken = true;
      await enter();
      isBroken = false;
      await clock.advance(partTimeoutMs * 2 + 2_000);
      expect(presencesOf(one).at(-1)).toMatchObject({ details: { members: 2 } });
      await enter();
      expect(presencesOf(one).at(-1)).toMatchObject({ details: { members: 3 } });
    },
  );

  test.each([
    ['upsert', say(1, { sessionId: 's' }, { meta: {} })],
    ['touch', heartbeat({ sessionId: 's' })],
  ] as const)('of a session store to %s fails the message, and those behind it are handled', async (method, message) => {
    const { clock, join } = setUp((fake) => ({
      timings,
      sessions: paced(new MemorySessionStore({ clock: fake }), [method], paceOf(fake)),
    }));
    const client = await join('g');
    client.send(message);
    client.send(say('behind it'));
    await clock.advance(partTimeoutMs + 1_000);
    expect(codesOf(client)).toEqual(['INTERNAL']);
    expect(client.data).toEqual(['behind it']);
  });

  test.each(['authenticate', 'authorize'] as const)('of the %s hook fails the message', async (hook) => {
    const { clock, connect } = setUp((fake) => ({ timings, [hook]: pacedFunction(() => true, paceOf(fake)) }));
    const client = connect();
    client.send(identify('g'));
    await clock.advance(partTimeoutMs + 1_000);
    expect(codesOf(client)).toEqual(['INTERNAL']);
    expect(client.closed).toBeUndefined();
  });
});

test('a client is not closed for a silence in which it was not listened to', async () => {
  const { clock, connect } = setUp((fake) => ({
    authorize: pacedFunction(({ action }) => action === 'join' || action === 'publish', late(fake, 40_000)),
    timings: Object.assign({}, { partTimeoutMs: 100_000 }) as Partial<Timings>,
  }));
  const client = connect();
  client.send(identify('g'));
  for (let beats = 0; beats < 8; beats += 1) {
    client.send(heartbeat());
    await clock.advance(5_000);
  }
  await clock.advance(1_000);
  expect(client.closed).toBeUndefined();
});

test('a gateway has closed when its presence store has taken the last leave', async () => {
  const presence = new MemoryPresenceStore();
  const { clock, gateway, join } = setUp({ presence: paced(presence, ['leave'], nextTurn) });
  await join('g');
  const closing = gateway.close({ graceMs: 1_000 });
  await clock.advance(5_000);
  await closing;
  expect(presence.list('g')).toEqual([]);
});
