import { MemoryBroker, MemoryPresenceStore, MemorySessionStore } from 'gateway-core';
import type { FakeClock } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';
import { type Failure, failing } from './support/failing.js';
import { codesOf, errorsOf, heartbeat, identify, presencesOf, say } from './support/messages.js';
import { setUp } from './support/set-up.js';

const WAYS: Failure[] = ['rejects', 'throws'];

describe.each(WAYS)('a part that %s', (how) => {
  test.each([
    ['presence.enter', (clock: FakeClock) => ({ presence: failing(new MemoryPresenceStore({ clock }), 'enter', how) })],
    ['presence.info', (clock: FakeClock) => ({ presence: failing(new MemoryPresenceStore({ clock }), 'info', how) })],
    ['broker.subscribe', () => ({ broker: failing(new MemoryBroker(), 'subscribe', how) })],
  ])('in %s makes an identify INTERNAL, and the client is not in', async (name, options) => {
    const { gateway, join, events } = setUp(options);
    const client = await join('g');
    expect(errorsOf(client)).toMatchObject([{ code: 'INTERNAL', status: 500, retryable: true }]);
    const method = name.split('.')[1];
    expect(events('error')).toContainEqual(expect.objectContaining({ error: new Error(`${method} failed`), where: 'identify' }));
    expect(gateway.connections()).toMatchObject([{ state: 'open', groups: [] }]);
    expect(events('join')).toEqual([]);
  });

  test.each(['enter', 'info'] as const)('in presence.%s leaves a mover who and where it was', async (method) => {
    const { clock, gateway, join, events } = setUp((fake) => ({
      presence: failing(new MemoryPresenceStore({ clock: fake }), method, how, (groupId) => groupId === 'new'),
    }));
    const [mover, other] = [await join('old', { metadata: { n: 1 } }), await join('old')];
    mover.send(identify('new', { clientType: 'dashboard', metadata: { n: 2 } }));
    await clock.settle();
    expect(codesOf(mover)).toEqual(['INTERNAL']);
    expect(gateway.connections()[0]).toMatchObject({ groups: ['old'], role: 'app-client', metadata: { n: 1 } });
    expect(events('leave')).toEqual([]);
    other.send(say('still here'));
    await clock.settle();
    expect(mover.data).toEqual(['still here']);
    expect(await gateway.presence('old')).toMatchObject({ details: { members: 2 } });
  });

  test.each([
    ['broker.publish', say(1, { id: 'm' }), () => ({ broker: failing(new MemoryBroker(), 'publish', how) })],
    [
      'sessions.upsert',
      say(1, { id: 'm', sessionId: 's' }, { meta: {} }),
      (clock: FakeClock) => ({ sessions: failing(new MemorySessionStore({ clock }), 'upsert', how) }),
    ],
    [
      'sessions.touch',
      say(1, { id: 'm', sessionId: 's' }),
      (clock: FakeClock) => ({ sessions: failing(new MemorySessionStore({ clock }), 'touch', how) }),
    ],
    [
      'sessions.touch',
      heartbeat({ id: 'm', sessionId: 's' }),
      (clock: FakeClock) => ({ sessions: failing(new MemorySessionStore({ clock }), 'touch', how) }),
    ],
  ])('in %s makes the message INTERNAL, and nothing is delivered', async (name, envelope, options) => {
    const { clock, gateway, join, events } = setUp(options);
    const client = await join('g');
    client.send(envelope);
    await clock.settle();
    expect(errorsOf(client)).toMatchObject([{ code: 'INTERNAL', inReplyTo: 'm' }]);
    const { connectionId } = gateway.connections()[0]!;
    const error = new Error(`${name.split('.')[1]} failed`);
    expect(events('error')).toEqual([{ error, where: envelope.type, connectionId }]);
    expect(client.data).toEqual([]);
    expect(gateway.stats()).toMatchObject({ publishedTotal: 0, connections: 1 });
  });

  test('once is tried anew with the next message', async () => {
    let calls = 0;
    const { clock, connect } = setUp({
      broker: failing(new MemoryBroker(), 'subscribe', how, () => {
        calls += 1;
        return calls === 1;
      }),
    });
    const client = connect();
    for (let n = 0; n < 2; n += 1) {
      client.send(identify('g'));
      await clock.settle();
    }
    client.send(say('in at last'));
    await clock.settle();
    expect(client.data).toEqual(['in at last']);
  });

  test.each([
    ['presence.leave', (clock: FakeClock) => ({ presence: failing(new MemoryPresenceStore({ clock }), 'leave', how) })],
    ['presence.touch', (clock: FakeClock) => ({ presence: failing(new MemoryPresenceStore({ clock }), 'touch', how) })],
    ['sessions.expire', (clock: FakeClock) => ({ sessions: failing(new MemorySessionStore({ clock }), 'expire', how) })],
    [
      'presence.enter',
      (clock: FakeClock) => ({
        presence: failing(new MemoryPresenceStore({ clock }), 'enter', how, (_, member) => {
          return (member as { state: string }).state === 'dropped';
        }),
      }),
    ],
  ])('in %s where no client waits for it is reported, and harms nobody', async (name, options) => {
    const { clock, join, events } = setUp(options);
    const [stays, closes, cut] = [await join('g'), await join('g'), await join('g')];
    closes.close();
    cut.cut();
    await clock.advance(2_000);
    const error = new Error(`${name.split('.')[1]} failed`);
    expect(events('error')).toContainEqual({ error, where: name, connectionId: undefined });
    expect(events('disconnect')).toHaveLength(2);
    stays.send(say('fine'));
    await clock.settle();
    expect(stays.data).toEqual(['fine']);
  });

  test('in presence.info while an update is due is reported, and the store is asked again', async () => {
    let calls = 0;
    const { clock, join, events } = setUp((fake) => ({
      presence: failing(new MemoryPresenceStore({ clock: fake }), 'info', how, () => {
        calls += 1;
        return calls === 2;
      }),
    }));
    const client = await join('g');
    expect(events('error')).toMatchObject([{ where: 'presence.info' }]);
    await clock.advance(1_000);
    expect(presencesOf(client).at(-1)).toMatchObject({ details: { members: 1 } });
    await join('g');
    await clock.advance(1_000);
    expect(presencesOf(client).at(-1)).toMatchObject({ details: { members: 2 } });
  });

  test('in publish rejects the publish of the server, and is nobody else’s', async () => {
    const { gateway, events } = setUp({ broker: failing(new MemoryBroker(), 'publish', how) });
    await expect(gateway.publish('g', 1)).rejects.toThrow('publish failed');
    expect(events('error')).toEqual([]);
  });
});

test('a broker that throws as a group is forgotten is reported, and the other groups are forgotten too', async () => {
  class Clinging extends MemoryBroker {
    override subscribe(...subscribing: Parameters<MemoryBroker['subscribe']>) {
      const unsubscribe = () => {
        throw new Error('not now');
      };
      return { ...super.subscribe(...subscribing), unsubscribe };
    }
  }
  const { clock, gateway, join, events } = setUp({ broker: new Clinging(), limits: { logAgeMaxMs: 1_000 } });
  for (const groupId of ['a', 'b']) (await join(groupId)).close();
  await clock.advance(3_000);
  expect(gateway.groups()).toEqual([]);
  expect(events('error')).toMatchObject(Array(2).fill({ error: new Error('not now'), where: 'broker.unsubscribe' }));
});
