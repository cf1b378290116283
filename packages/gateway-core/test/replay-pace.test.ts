import { type BrokerReceiver, type GatewayOptions, MemoryBroker } from 'gateway-core';
import { FakeClock } from 'gateway-core/testing';
import type { ResumeSince } from 'gateway-protocol';
import { describe, expect, test } from 'vitest';
import { BusyClock, CostlySocket } from './support/busy-clock.js';
import { identify, long, say } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { ResumingClient } from './support/resuming-client.js';
import { setUp } from './support/set-up.js';

/** A turn of a replay: one read of the log, which is as much as one write carries. */
const PIECE_BYTES = 10_000;
const RATE = 200_000;
/** Messages in the log of 1 KB each. */
const MESSAGES = 500;

/** One whose logs can be lost. */
class LosableBroker extends MemoryBroker {
  readonly receivers: BrokerReceiver['reset'][] = [];

  override subscribe(groupId: string, receiver: BrokerReceiver) {
    this.receivers.push((position) => receiver.reset(position));
    return super.subscribe(groupId, receiver);
  }
}

/** A group with a log to replay, and one who has been in it from the start. */
async function withLog(
  limits: GatewayOptions['limits'] = {},
  messages = MESSAGES,
  fake = new FakeClock(),
  parts: Pick<GatewayOptions, 'broker'> = {},
) {
  const options: GatewayOptions = {
    ...parts,
    limits: {
      messagesPerSecondMax: 0,
      bytesPerSecondMax: 0,
      logMessagesMax: 1_000,
      socketHighWaterMarkBytes: PIECE_BYTES,
      replayBytesPerSecondMax: RATE,
      ...limits,
    },
    timings: { heartbeatTimeoutMs: 1_000_000, sweepIntervalMs: 600_000, presenceLeaseMs: 1_000_000, resumeTtlMs: 1_000 },
  };
  const world = setUp(options, fake);
  const live = await world.join('g');
  for (let n = 1; n <= messages; n += 1) {
    live.send(say(long(950)));
    if (n % 50 === 0) await world.clock.settle();
  }
  await world.clock.advance(1_000);
  const { epoch } = await world.gateway.position('g');
  /** One who comes with a position in the log. */
  const come = (since: ResumeSince = { epoch: 'its', seq: 0 }, groupId = 'g') => {
    const client = new ResumingClient(world.gateway);
    client.connect({ [groupId]: since.epoch === 'its' ? { ...since, epoch } : since });
    return client;
  };
  const bytesOf = (client: ResumingClient) => client.take().connection.texts.reduce((sum, text) => sum + text.length, 0);
  return { ...world, live, epoch, come, bytesOf };
}

const seen = (client: ResumingClient) => client.take().logs.get('g')?.seen ?? [];
const upTo = (last: number, from = 1) => Array.from({ length: last - from + 1 }, (_, n) => from + n);
const isSynced = (client: ResumingClient) => client.of('sync').length > 0;

describe('what replays write', () => {
  test('is bounded by replayBytesPerSecondMax, a tenth of it at once, however many come at once [R244]', async () => {
    const { clock, come, bytesOf } = await withLog();
    const clients = Array.from({ length: 8 }, () => come());
    await clock.settle();
    const sum = () => clients.reduce((bytes, client) => bytes + bytesOf(client), 0);
    const greetings = 8 * 1_500;
    for (let second = 0; second < 5; second += 1) {
      expect(sum()).toBeLessThanOrEqual(RATE * (second + 0.1) + PIECE_BYTES + greetings);
      expect(sum()).toBeGreaterThanOrEqual(RATE * (second + 0.1) - PIECE_BYTES);
      await clock.advance(1_000);
    }
    expect(clients.some(isSynced)).toBe(false);
    await clock.advance(20_000);
    for (const client of clients) {
      expect(seen(client)).toEqual(upTo(MESSAGES));
      expect(client.of('sync').map(({ payload }) => payload)).toMatchObject([
        { outcome: 'recovered', seq: MESSAGES, replayed: MESSAGES },
      ]);
    }
  });

  test.each([
    ['one turn at a time', RATE],
    ['many turns at a time', 20 * RATE],
  ])(
    'goes to all who wait in turns, and nobody is ahead of the others by more than one: %s',
    async (_how, replayBytesPerSecondMax) => {
      const { clock, come, bytesOf } = await withLog({ replayBytesPerSecondMax });
      const clients = [come(), come(), come()];
      await clock.settle();
      const from = clients.map(bytesOf);
      for (let n = 0; n < 6; n += 1) {
        await clock.advance(10);
        if (n === 3) clients.push(come());
        const got = clients.slice(0, 3).map((client, index) => bytesOf(client) - (from[index] as number));
        expect(Math.max(...got) - Math.min(...got)).toBeLessThanOrEqual(PIECE_BYTES);
      }
      expect(clients.some(isSynced)).toBe(false);
    },
  );

  test('is all that there is at once where one comes alone and the limit allows it, and with 0 without a limit', async () => {
    for (const replayBytesPerSecondMax of [64 * 1024 * 1024, 0]) {
      const { clock, come } = await withLog({ replayBytesPerSecondMax });
      const clients = replayBytesPerSecondMax === 0 ? Array.from({ length: 50 }, () => come()) : [come()];
      await clock.settle();
      for (const client of clients) expect(seen(client)).toEqual(upTo(MESSAGES));
    }
  });

  test('goes to one who comes alone as fast as the limit allows', async () => {
    const { clock, come, bytesOf } = await withLog();
    const client = come();
    await clock.advance(2_000);
    const got = bytesOf(client);
    expect(got).toBeGreaterThanOrEqual(RATE * 2.1 - PIECE_BYTES);
    await clock.advance(700);
    expect(seen(client)).toEqual(upTo(MESSAGES));
    expect(isSynced(client)).toBe(true);
  });

  test('counts 8 KiB for each write at least, which costs as much', async () => {
    const { clock, come } = await withLog({ replayBytesPerSecondMax: 80 * 1024 });
    const clients = Array.from({ length: 21 }, () => come({ epoch: 'its', seq: MESSAGES - 1 }));
    await clock.settle();
    const synced = () => clients.filter(isSynced).length;
    const atOnce = synced();
    expect(atOnce).toBeLessThanOrEqual(2);
    await clock.advance(1_000);
    expect(synced() - atOnce).toBeLessThanOrEqual(10);
    await clock.advance(2_000);
    expect(synced()).toBe(21);
  });
});

describe('while replays wait for their turn', () => {
  test('waits for as long as the lists took that were written to who came before it', async () => {
    const { clock, gateway, come } = await withLog({ replayBytesPerSecondMax: 20_000 }, 2);
    const crowd = [1, 2, 3].map(() => new ResumingClient(gateway, { metadata: { text: long(3_900) } }));
    for (const client of crowd) {
      client.connect({ g: {} });
      await clock.settle();
    }
    expect(crowd.map((client) => isSynced(client.take()))).toEqual([true, true, true]);
    const late = come();
    await clock.advance(300);
    expect(seen(late)).toEqual([]);
    await clock.advance(2_000);
    expect(seen(late)).toEqual([1, 2]);
    expect(isSynced(late)).toBe(true);
  });

  test('what is live reaches those who are up to date at once, and who comes anew is there at once', async () => {
    const { clock, gateway, join, live, come } = await withLog();
    const waiting = Array.from({ length: 20 }, () => come());
    await clock.settle();
    const other = await join('other');
    const anew = new ResumingClient(gateway);
    anew.connect({ g: {} });
    await clock.settle();
    live.send(say('live'));
    other.send(say('elsewhere'));
    await clock.settle();
    expect(live.data.at(-1)).toBe('live');
    expect(other.data).toEqual(['elsewhere']);
    expect(isSynced(anew)).toBe(true);
    expect(seen(anew)).toEqual([MESSAGES + 1]);
    expect(waiting.some(isSynced)).toBe(false);
    await clock.advance(60_000);
    // What came meanwhile follows the `sync`, which stands where the log stood when they came.
    for (const client of waiting) {
      expect(seen(client)).toEqual(upTo(MESSAGES + 1));
      expect(client.of('sync')[0]?.payload).toMatchObject({ outcome: 'recovered', seq: MESSAGES });
    }
  });

  test.each([
    ['does not take the time that replays would', RATE, 0, 25],
    ['takes all of it where there is no limit', 0, 250, Number.POSITIVE_INFINITY],
  ])('what is live %s', async (_what, replayBytesPerSecondMax, leastMs, mostMs) => {
    const clock = new BusyClock();
    const { gateway, live, epoch } = await withLog({ replayBytesPerSecondMax }, MESSAGES, clock);
    const crowd = Array.from({ length: 100 }, () => new CostlySocket(gateway, clock, 0.05));
    const before = clock.monotonicMs();
    const resume = { groups: { g: { epoch, seq: 0 } } };
    for (const socket of crowd) socket.send({ ...identify(undefined, { resume }), version: '2' });
    await clock.settle();
    live.send(say('live'));
    await clock.settle();
    expect(live.data.at(-1)).toBe('live');
    expect(clock.monotonicMs() - before).toBeGreaterThanOrEqual(leastMs);
    expect(clock.monotonicMs() - before).toBeLessThanOrEqual(mostMs);
  });

  test.each(['cut', 'leave'])('one that goes (%s) takes nobody else’s time', async (how) => {
    const { clock, come, bytesOf } = await withLog();
    const [stays, ...others] = Array.from({ length: 10 }, () => come()) as [ResumingClient, ...ResumingClient[]];
    await clock.advance(100);
    for (const client of others) {
      if (how === 'cut') client.connection.cut();
      else client.send({ type: 'leave', payload: { groupId: 'g' } });
    }
    await clock.settle();
    const gone = others.map(bytesOf);
    const from = bytesOf(stays);
    await clock.advance(1_000);
    expect(bytesOf(stays) - from).toBeGreaterThanOrEqual(RATE - PIECE_BYTES);
    // Presence may still be told to nobody of them.
    expect(others.map(bytesOf)).toEqual(gone);
    await clock.advance(5_000);
    expect(seen(stays)).toEqual(upTo(MESSAGES));
  });

  test('the last one that goes leaves no timer behind', async () => {
    const { clock, come } = await withLog({ replayBytesPerSecondMax: 1_000 });
    const before = clock.pendingTimers;
    const clients = [come(), come()];
    await clock.settle();
    expect(clients.some(isSynced)).toBe(false);
    for (const client of clients) client.connection.close();
    await clock.advance(2_000);
    expect(clock.pendingTimers).toBe(before);
  });

  test('one that comes back goes on where it was, and its former place takes no turn', async () => {
    const { clock, come, epoch, bytesOf } = await withLog();
    const clients = [come(), come(), come()];
    await clock.advance(1_000);
    for (const client of clients) {
      client.connection.cut();
      client.connect({ g: { epoch, seq: seen(client).length } });
    }
    await clock.settle();
    const sum = () => clients.reduce((bytes, client) => bytes + bytesOf(client), 0);
    const from = sum();
    await clock.advance(1_000);
    expect(sum() - from).toBeGreaterThanOrEqual(RATE - PIECE_BYTES);
    await clock.advance(10_000);
    for (const client of clients) {
      expect(client.resumed).toEqual([false, true]);
      expect(seen(client)).toEqual(upTo(MESSAGES));
      expect(client.of('sync')).toMatchObject([{ payload: { outcome: 'recovered' } }]);
    }
  });

  test('and the log has lost what one waits for, it is told so, and goes on behind it [R245]', async () => {
    const { clock, come, live } = await withLog({ logMessagesMax: MESSAGES });
    const clients = Array.from({ length: 10 }, () => come());
    await clock.advance(500);
    for (let n = 0; n < MESSAGES; n += 1) live.send(say('newer'));
    await clock.advance(120_000);
    for (const client of clients) {
      const [sync] = client.of('sync');
      expect(client.of('sync')).toHaveLength(1);
      expect(sync?.payload).toMatchObject({ outcome: 'reset', reason: 'trimmed' });
      expect(seen(client).slice(-10)).toEqual(upTo(2 * MESSAGES, 2 * MESSAGES - 9));
    }
  });

  test('one that joins again, at another position, is replayed from there', async () => {
    const { clock, come, epoch } = await withLog();
    const clients = [come(), come()];
    await clock.settle();
    const [first] = clients as [ResumingClient];
    const had = seen(first).length;
    first.send({ type: 'join', payload: { groupId: 'g', since: { epoch, seq: MESSAGES - 10 } } });
    await clock.advance(30_000);
    expect(seen(first).slice(had)).toEqual(upTo(MESSAGES, MESSAGES - 9));
    expect(first.of('sync').map(({ payload }) => payload.replayed)).toEqual([10]);
  });

  test('one whose socket is full gives its turn away, and is replayed whole when it has room', async () => {
    const { clock, gateway, come, epoch } = await withLog();
    const slow = new RecordingSocket(gateway);
    slow.stuck = true;
    slow.send({ ...identify(undefined, { resume: { groups: { g: { epoch, seq: 0 } } } }), version: '2' });
    const other = come();
    await clock.advance(10_000);
    expect(seen(other)).toEqual(upTo(MESSAGES));
    const wrote = () => slow.received.filter(({ type }) => type === 'data_update').length;
    expect(wrote()).toBeLessThan(30);
    slow.drain();
    await clock.advance(10_000);
    expect(wrote()).toBe(MESSAGES);
  });
});

describe('a gateway that closes while replays wait', () => {
  test('lets them go on, and closes each when it has everything', async () => {
    const { clock, gateway, come } = await withLog({}, 300);
    const clients = Array.from({ length: 5 }, () => come());
    await clock.settle();
    const closing = gateway.close({ graceMs: 20_000 });
    await clock.advance(20_000);
    await closing;
    for (const client of clients) {
      expect(seen(client)).toEqual(upTo(300));
      expect(client.of('sync')).toMatchObject([{ payload: { outcome: 'recovered' } }]);
      expect(client.connection.closed?.code).toBe(4202);
    }
  });

  test('cuts those that are not through when the grace is over, and leaves nothing', async () => {
    const { clock, gateway, come } = await withLog({ replayBytesPerSecondMax: 1_000 });
    const clients = Array.from({ length: 5 }, () => come());
    await clock.settle();
    const closing = gateway.close({ graceMs: 5_000 });
    await clock.advance(6_000);
    await closing;
    expect(clients.some(isSynced)).toBe(false);
    for (const client of clients) expect(client.connection.closed).toBeDefined();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('where the log goes under a replay, its `sync` counts only the run of messages that ends there, and', () => {
  test.each<[string, ResumeSince]>([
    ['a position', { epoch: 'its', seq: 0 }],
    ['a tail', { tail: MESSAGES }],
    ['both', { epoch: 'its', seq: 0, tail: MESSAGES }],
  ])('of a log that is lost there is none: %s [R98] [R99] [R256]', async (_asked, since) => {
    const broker = new LosableBroker();
    const { clock, come } = await withLog({}, MESSAGES, new FakeClock(), { broker });
    const client = come(since);
    await clock.advance(500);
    expect(seen(client).length).toBeGreaterThan(50);
    expect(isSynced(client)).toBe(false);
    for (const lose of broker.receivers) lose({ epoch: 'another', seq: 0 });
    await clock.advance(1_000);
    expect(client.of('sync')).toMatchObject([
      { payload: { epoch: 'another', seq: 0, outcome: 'reset', reason: 'epoch', replayed: 0 } },
    ]);
  });

  test.each<[string, ResumeSince, number]>([
    ['a position', { epoch: 'its', seq: 0 }, 0],
    ['a tail', { tail: MESSAGES }, 100],
    ['both, with a shorter tail', { epoch: 'its', seq: 0, tail: 40 }, 40],
    ['both, with a longer tail', { epoch: 'its', seq: 0, tail: 400 }, 100],
  ])('of one that is trimmed as much as is left of the tail: %s [R98] [R256]', async (_asked, since, left) => {
    const { clock, come, live } = await withLog({ logMessagesMax: MESSAGES });
    const client = come(since);
    await clock.advance(500);
    const had = seen(client).length;
    expect(had).toBeGreaterThan(50);
    for (let n = 0; n < MESSAGES - 100; n += 1) live.send(say('newer'));
    await clock.advance(30_000);
    expect(client.of('sync')).toMatchObject([
      { payload: { seq: MESSAGES, outcome: 'reset', reason: 'trimmed', replayed: left } },
    ]);
    expect(seen(client).slice(had)).toEqual(upTo(2 * MESSAGES - 100, MESSAGES - left + 1));
  });

  test('a reset that was due before it keeps its reason [R94] [R256]', async () => {
    const { clock, come, live } = await withLog({ logMessagesMax: MESSAGES });
    const client = come({ epoch: 'another', seq: 3, tail: MESSAGES });
    await clock.advance(500);
    for (let n = 0; n < MESSAGES - 100; n += 1) live.send(say('newer'));
    await clock.advance(30_000);
    expect(client.of('sync')).toMatchObject([{ payload: { outcome: 'reset', reason: 'epoch', replayed: 100 } }]);
  });
});
