import type { Client, Group } from 'gateway-client';
import { createGateway, MemoryBroker } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { type Outcome, outcomeOf, World } from './support.js';

/** A client in group `g`, and somebody who hears it. */
async function pair(world: World, options: Parameters<World['online']>[0] = {}): Promise<[Client, Group<never>, unknown[]]> {
  const heard: unknown[] = [];
  const other = (await world.online({ signals: null })).join('g');
  other.on('message', ({ data }) => heard.push(data));
  const client = await world.online(options);
  const group = client.join<never>('g');
  await world.clock.advance(0);
  return [client, group, heard];
}

/** What the newest socket is given from now on goes nowhere, as on a link that breaks. @returns what was lost. */
function losesWhatIsSent(world: World): string[] {
  const lost: string[] = [];
  world.socket.send = (text) => lost.push(text);
  return lost;
}

/** What comes on the newest socket from now on is lost. */
function losesWhatComes(world: World): void {
  world.socket.onmessage = null;
}

/** Ends the newest connection and brings the client back after the gateway has forgotten its member. */
async function returnsAnew(world: World): Promise<void> {
  world.socket.cut();
  world.handshake = 'refuse';
  await world.clock.advance(20_000);
  world.handshake = 'connect';
  world.signals.give('wake');
  await world.clock.advance(2_000);
}

test('[B33] publish resolves with the position that others see', async () => {
  const world = new World();
  const [, group] = await pair(world);
  const watcher = world.client({ signals: null }).join('g');
  const positions: object[] = [];
  watcher.on('message', ({ epoch, seq, id }) => positions.push({ epoch, seq, id }));
  await world.clock.advance(0);
  const ack = outcomeOf(group.publish('hello' as never));
  await world.clock.advance(0);
  const { epoch, seq, id, duplicate } = ack.value;
  expect(positions).toEqual([{ epoch, seq, id }]);
  expect(duplicate).toBe(false);
});

test('what is said of a message comes over with it, and its own fields cannot be taken for it', async () => {
  const world = new World();
  const [, group] = await pair(world);
  const other = world.client({ signals: null }).join('g');
  const heard: object[] = [];
  other.on('message', (message) => heard.push(message));
  await world.clock.advance(0);
  const said = {
    id: 'm-1',
    delivery: 'latest',
    key: 'k',
    sessionId: 's',
    traceId: 't',
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  } as const;
  const more = { type: 'leave', groupId: 'elsewhere', payload: 1 };
  const how = { meta: { label: 'x' }, timeoutMs: 1_000, whenOffline: 'reject', whenUnknown: 'resend' } as const;
  group.publish(1 as never, { ...more, ...said, ...how });
  await world.clock.advance(0);
  const [message] = heard;
  expect(message).toMatchObject({ ...said, type: 'message', groupId: 'g', data: 1, meta: { label: 'x' } });
  expect(Object.keys(message as object)).not.toContain('timeoutMs');
});

test('[B34] order is kept over a drop, with 64 in flight', async () => {
  const world = new World();
  const [, group, heard] = await pair(world);
  // Half of them arrive, no answer comes back.
  losesWhatComes(world);
  const acks: Outcome[] = [];
  for (let count = 0; count < 32; count += 1) acks.push(outcomeOf(group.publish(count as never)));
  losesWhatIsSent(world);
  for (let count = 32; count < 150; count += 1) acks.push(outcomeOf(group.publish(count as never)));
  await world.clock.advance(0);
  world.socket.cut();
  await world.clock.advance(5_000);
  expect(heard).toEqual(Array.from({ length: 150 }, (_, index) => index));
  expect(acks.map(({ value }) => value?.seq)).toEqual(Array.from({ length: 150 }, (_, index) => index + 1));
  expect(acks.filter(({ value }) => value.duplicate)).toHaveLength(32);
});

test('[B35] a drop between sending and the answer, same member: delivered once, and answered as a duplicate', async () => {
  const world = new World();
  const [client, group, heard] = await pair(world);
  const member = client.memberId;
  losesWhatComes(world);
  const ack = outcomeOf(group.publish('once' as never));
  await world.clock.advance(0);
  world.socket.cut();
  await world.clock.advance(2_000);
  expect(client.memberId).toBe(member);
  expect(heard).toEqual(['once']);
  expect(ack.value).toMatchObject({ seq: 1, duplicate: true });
});

describe('a drop between sending and the answer, fresh member', () => {
  const publishes = () => (world: World) => world.sent('data_update').length;

  test('[B36] recovered, and the message is in the log: resolves, and is not sent again', async () => {
    const world = new World();
    const [, group, heard] = await pair(world);
    await world.clock.advance(0);
    losesWhatComes(world);
    const ack = outcomeOf(group.publish('once' as never));
    await world.clock.advance(0);
    await returnsAnew(world);
    expect(group.status.get()).toMatchObject({ state: 'live', outcome: 'recovered' });
    expect(ack.value).toMatchObject({ seq: 1 });
    expect(heard).toEqual(['once']);
    expect(publishes()(world)).toBe(1);
  });

  test('[B37] recovered, and it is not there: sent again, once', async () => {
    const world = new World();
    const [, group, heard] = await pair(world);
    losesWhatIsSent(world);
    const ack = outcomeOf(group.publish('once' as never));
    await world.clock.advance(0);
    await returnsAnew(world);
    expect(group.status.get()).toMatchObject({ state: 'live', outcome: 'recovered' });
    expect(ack.value).toMatchObject({ seq: 1, duplicate: false });
    expect(heard).toEqual(['once']);
  });

  test.each(['reject', 'resend'] as const)('[B38] reset: %s', async (whenUnknown) => {
    const world = new World();
    const [, group] = await pair(world);
    losesWhatIsSent(world);
    const ack = outcomeOf(group.publish('perhaps' as never, { whenUnknown }));
    await world.clock.advance(0);
    // Another gateway, with a log of its own.
    world.gateway = createGateway({ clock: world.clock, broker: new MemoryBroker() });
    await returnsAnew(world);
    expect(group.status.get()).toMatchObject({ state: 'live', outcome: 'reset' });
    if (whenUnknown === 'reject') expect(ack.code).toBe('OUTCOME_UNKNOWN');
    else expect(ack.value).toMatchObject({ seq: 1, duplicate: false });
  });

  test('[B38] the same member, and a reset: the log may have forgotten the id too, so it is not sent again', async () => {
    const world = new World({ limits: { logMessagesMax: 2 } });
    const [client, group, heard] = await pair(world);
    const member = client.memberId;
    losesWhatComes(world);
    const ack = outcomeOf(group.publish('once' as never));
    await world.clock.advance(0);
    world.socket.cut();
    for (let count = 0; count < 5; count += 1) await world.gateway.publish('g', count);
    await world.clock.advance(2_000);
    expect(client.memberId).toBe(member);
    expect(group.status.get()).toMatchObject({ state: 'live', outcome: 'reset', reason: 'trimmed' });
    expect(ack.code).toBe('OUTCOME_UNKNOWN');
    expect(heard.filter((data) => data === 'once')).toHaveLength(1);
  });

  test('a second drop before it is decided: the id of the first member is not told to the second one', async () => {
    const world = new World();
    const [client, group, heard] = await pair(world);
    losesWhatComes(world);
    const ack = outcomeOf(group.publish('once' as never));
    await world.clock.advance(0);
    const first = client.memberId;
    // Online as another member, and lost again before any `sync`.
    const off = client.on('status', ({ state }) => {
      if (state === 'online') losesWhatComes(world);
    });
    await returnsAnew(world);
    const second = client.memberId;
    expect(second).not.toBe(first);
    expect(ack.settled).toBe(false);
    off();
    world.socket.cut();
    await world.clock.advance(5_000);
    expect(client.memberId).toBe(second);
    expect(ack.value).toMatchObject({ seq: 1 });
    expect(heard).toEqual(['once']);
  });
});

test('[B39] a message that times out while it waits rejects with TIMEOUT and never goes out later', async () => {
  const world = new World();
  const [, group, heard] = await pair(world);
  world.handshake = 'refuse';
  world.socket.cut();
  const ack = outcomeOf(group.publish('late' as never, { timeoutMs: 5_000 }));
  await world.clock.advance(4_999);
  expect(ack.settled).toBe(false);
  await world.clock.advance(1);
  expect(ack.code).toBe('TIMEOUT');
  world.handshake = 'connect';
  await world.clock.advance(60_000);
  expect(group.status.get().state).toBe('live');
  expect(heard).toEqual([]);
});

test('[B40] abort: ABORTED before it is sent, OUTCOME_UNKNOWN after', async () => {
  const world = new World();
  const [, group, heard] = await pair(world);
  losesWhatComes(world);
  const abort = new AbortController();
  const sent = outcomeOf(group.publish('sent' as never, { signal: abort.signal }));
  world.handshake = 'hang';
  abort.abort();
  await world.clock.advance(0);
  expect(sent.code).toBe('OUTCOME_UNKNOWN');
  world.socket.cut();
  await world.clock.advance(0);
  const second = new AbortController();
  const queued = outcomeOf(group.publish('queued' as never, { signal: second.signal }));
  second.abort();
  await world.clock.advance(0);
  expect(queued.code).toBe('ABORTED');
  expect(outcomeOf(group.publish('never' as never, { signal: second.signal })).settled).toBe(false);
  world.handshake = 'connect';
  await world.clock.advance(60_000);
  expect(heard).toEqual(['sent']);
});

test('[B41] TOO_BIG goes by UTF-8 bytes, and exactly at the limit', async () => {
  const world = new World();
  const [client, group] = await pair(world, { generateId: () => 'id' });
  const max = 262_144;
  const empty = JSON.stringify({ type: 'data_update', id: 'id', groupId: 'g', payload: { data: '' } }).length;
  const fits = `${'😀'.repeat(Math.floor((max - empty) / 4))}${'x'.repeat((max - empty) % 4)}`;
  const ack = outcomeOf(group.publish(fits as never));
  await world.clock.advance(1_000);
  expect(ack.value).toMatchObject({ seq: 1 });
  const tooBig = outcomeOf(group.publish(`${fits}x` as never));
  expect(() => group.send(`${fits}${'x'.repeat(40)}` as never)).toThrow(expect.objectContaining({ code: 'TOO_BIG' }));
  await world.clock.advance(0);
  expect(tooBig.code).toBe('TOO_BIG');
  expect(client.status.get().state).toBe('online');
});

test('[B42] what is no JSON is INVALID_DATA, and touches no socket', async () => {
  const world = new World();
  const [, group] = await pair(world);
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  const outcomes = [undefined, cycle, 10n, () => {}, Symbol('s')].map((data) => outcomeOf(group.publish(data as never)));
  outcomes.push(outcomeOf(group.publish(1 as never, { id: '' })), outcomeOf(group.publish(1 as never, { delivery: 'latest' })));
  await world.clock.advance(0);
  expect(outcomes.map(({ code }) => code)).toEqual(outcomes.map(() => 'INVALID_DATA'));
  expect(world.sent('data_update')).toEqual([]);
});

describe('[B43] the 257th message', () => {
  test.each(['refuse', 'drop-oldest'] as const)('%s', async (overflow) => {
    const world = new World();
    const [, group, heard] = await pair(world, { outbox: { overflow } });
    world.handshake = 'hang';
    world.socket.cut();
    const acks = Array.from({ length: 257 }, (_, index) => outcomeOf(group.publish(index as never)));
    await world.clock.advance(0);
    const failed = acks.flatMap(({ code }, index) => (code === undefined ? [] : [[index, code]]));
    expect(failed).toEqual(overflow === 'refuse' ? [[256, 'OUTBOX_FULL']] : [[0, 'DROPPED']]);
    world.handshake = 'connect';
    await world.clock.advance(20_000);
    expect(heard).toHaveLength(256);
  });

  test('bytes are bounded as well', async () => {
    const world = new World();
    const [, group] = await pair(world, { outbox: { bytesMax: 1_000 } });
    world.handshake = 'hang';
    world.socket.cut();
    const acks = [400, 400, 400].map((length) => outcomeOf(group.publish('x'.repeat(length) as never)));
    await world.clock.advance(0);
    expect(acks.map(({ code }) => code)).toEqual([undefined, undefined, 'OUTBOX_FULL']);
  });
});

test('[B44] refused for its rate, without an id: all arrive, in order, once', async () => {
  // `ready` says a rate, and not the burst: here the burst is smaller than the client thinks.
  const world = new World({ limits: { messagesPerSecondMax: 50, messagesBurst: 12 } });
  const [, group, heard] = await pair(world);
  const acks = Array.from({ length: 40 }, (_, index) => outcomeOf(group.publish(index as never)));
  await world.clock.advance(20_000);
  expect(world.sent('data_update').length).toBeGreaterThan(40);
  expect(heard).toEqual(Array.from({ length: 40 }, (_, index) => index));
  expect(acks.map(({ value }) => value?.seq)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
});

test('[B45] ten thousand at once: paced, so that none is refused for its rate', async () => {
  const world = new World();
  const count = 10_000;
  const [, group, heard] = await pair(world, { outbox: { messagesMax: count, bytesMax: 64 * 1_048_576 } });
  const acks = Array.from({ length: count }, (_, index) => outcomeOf(group.publish(index as never, { timeoutMs: 120_000 })));
  await world.clock.advance(70_000);
  expect(acks.filter(({ value }) => value === undefined)).toHaveLength(0);
  expect(heard).toHaveLength(count);
  expect(world.sent('data_update')).toHaveLength(count);
  expect(world.errors).toEqual([]);
}, 60_000);

test('[B46] a failure that nobody awaits is one `error` event, and no unhandled rejection; one that is awaited is no event', async () => {
  const world = new World();
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  try {
    const [client, group] = await pair(world);
    void group.publish(undefined as never);
    await expect(group.publish(undefined as never)).rejects.toMatchObject({ code: 'INVALID_DATA' });
    await world.clock.advance(1);
    expect(world.errors.map(({ code }) => code)).toEqual(['INVALID_DATA']);
    world.handshake = 'hang';
    world.socket.cut();
    void group.publish('pending' as never);
    void client.connect();
    void client.join('h');
    void client.close();
    void client.ping();
    void client.refreshToken();
    await world.clock.advance(1);
    expect(world.errors.map(({ code }) => code)).toEqual(['INVALID_DATA', 'CLOSED']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  } finally {
    process.off('unhandledRejection', note);
  }
});

test('[B47] what is done to the object after publish does not matter', async () => {
  const world = new World();
  const [, group, heard] = await pair(world);
  world.handshake = 'hang';
  world.socket.cut();
  await world.clock.advance(0);
  const data = { text: 'as it was' };
  void group.publish(data as never);
  data.text = 'changed';
  world.handshake = 'connect';
  await world.clock.advance(20_000);
  expect(heard).toEqual([{ text: 'as it was' }]);
});

test('[B48] send with a key while offline: the newest goes out, of each key; without a key it is lost', async () => {
  const world = new World();
  const [, group, heard] = await pair(world);
  expect(group.send('now' as never)).toBe(true);
  world.socket.cut();
  const sent = [['a', 1] as const, ['b', 2] as const, ['a', 3] as const].map(([key, data]) => group.send(data as never, { key }));
  expect([...sent, group.send('lost' as never)]).toEqual([false, false, false, false]);
  await world.clock.advance(5_000);
  expect(heard).toEqual(['now', 2, 3]);
});

test('whenOffline: `reject` answers NOT_CONNECTED at once; a message of a group that is left rejects with LEFT', async () => {
  const world = new World();
  const [, group] = await pair(world);
  world.handshake = 'hang';
  world.socket.cut();
  const refused = outcomeOf(group.publish(1 as never, { whenOffline: 'reject' }));
  const queued = outcomeOf(group.publish(2 as never));
  group.leave();
  const left = outcomeOf(group.publish(3 as never));
  await world.clock.advance(1_000);
  expect([refused.code, queued.code, left.code]).toEqual(['NOT_CONNECTED', 'LEFT', 'LEFT']);
});

test('a message that is refused rejects with the code of the gateway', async () => {
  const world = new World({ authorize: ({ action }) => action === 'join' });
  const [, group] = await pair(world);
  const ack = outcomeOf(group.publish(1 as never));
  await world.clock.advance(0);
  expect(ack.code).toBe('FORBIDDEN');
});

test('a message that is refused when it is sent again, after the gateway has failed on it, may have been accepted: OUTCOME_UNKNOWN', async () => {
  const broker = new MemoryBroker();
  const { publish } = broker;
  const world = new World({ broker, authorize: ({ action }) => action === 'join' || broker.publish !== publish });
  const [, group, heard] = await pair(world);
  broker.publish = (groupId, message) => {
    broker.publish = publish;
    publish.call(broker, groupId, message);
    throw new Error('the answer is lost');
  };
  const ack = outcomeOf(group.publish(1 as never));
  await world.clock.advance(5_000);
  expect(heard).toEqual([1]);
  expect(ack.code).toBe('OUTCOME_UNKNOWN');
});

test('a message that is nested deeper than the gateway takes rejects at once, and the next ones go on', async () => {
  const world = new World();
  const [, group, heard] = await pair(world);
  const deep = JSON.parse('['.repeat(100) + ']'.repeat(100));
  const [first, second] = [outcomeOf(group.publish(deep as never)), outcomeOf(group.publish('flat' as never))];
  await world.clock.advance(0);
  expect(first.code).toBe('INVALID_ENVELOPE');
  expect(second.value.seq).toBe(1);
  expect(heard).toEqual(['flat']);
});

test('a client that has stopped refuses at once, and takes messages again when it is online', async () => {
  const world = new World();
  const [client, group, heard] = await pair(world);
  losesWhatIsSent(world);
  const pending = outcomeOf(group.publish('before' as never));
  world.closes(4003);
  const refused = outcomeOf(group.publish('while' as never));
  await world.clock.advance(0);
  expect([pending.code, refused.code]).toEqual(['STOPPED', 'STOPPED']);
  client.reconnect();
  await world.clock.advance(0);
  const ack = outcomeOf(group.publish('after' as never));
  await world.clock.advance(0);
  expect(ack.value).toMatchObject({ duplicate: false });
  expect(heard).toEqual(['after']);
});
