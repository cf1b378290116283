import { describe, expect, test } from 'vitest';
import { identify } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { limits, timings, upTo, withSlow } from './support/slow-member.js';

describe('a socket over its high-water mark', () => {
  test('is not written to, while the others are', async () => {
    const { healthy, slow, sayAndSettle, numbersOf } = await withSlow();
    await sayAndSettle(...upTo(20));
    expect(numbersOf(slow.data)).toEqual([0, 1, 2]);
    expect(slow.bufferedBytes).toBeLessThan(3_000 + 1_500);
    expect(numbersOf(healthy.data)).toEqual(upTo(20));
  });

  test('is read on for from the log when it has drained: in order, nothing left out, nothing twice', async () => {
    const { clock, slow, sayAndSettle, numbersOf } = await withSlow();
    await sayAndSettle(...upTo(10));
    slow.drain();
    await sayAndSettle(10, 11);
    for (let turns = 0; turns < 5; turns += 1) slow.drain();
    await clock.settle();
    expect(numbersOf(slow.data)).toEqual(upTo(12));
    expect(slow.closes).toEqual([]);
  });

  test('is written to again under the mark, so that one that is faster than its group is not held back until it has drained', async () => {
    const { clock, slow, sayAndSettle, numbersOf } = await withSlow({ limits: { ...limits, logMessagesMax: 5 }, timings });
    await sayAndSettle(...upTo(5));
    // Its network takes one and a half messages in the time of one, and has never taken everything.
    for (let n = 5; n < 40; n += 1) {
      slow.bufferedBytes = Math.max(1, slow.bufferedBytes - 1_700);
      await sayAndSettle(n);
      await clock.advance(1_000);
    }
    expect(numbersOf(slow.data)).toEqual(upTo(40));
    expect(slow.closes).toEqual([]);
  });

  test('is caught up with in writes of no more than the high-water mark', async () => {
    const { slow, sayAndSettle, numbersOf } = await withSlow();
    await sayAndSettle(...upTo(20));
    const before = slow.writes.length;
    slow.drain();
    expect(numbersOf(slow.data)).toEqual(upTo(20));
    for (const { length } of slow.writes.slice(before)) expect(length).toBeLessThanOrEqual(3_000);
  });

  test('is closed with 1013 where the log no longer reaches its cursor, and the others lose nothing [R128]', async () => {
    const { gateway, events, healthy, slow, sayAndSettle, numbersOf } = await withSlow({
      limits: { ...limits, logMessagesMax: 5 },
    });
    await sayAndSettle(...upTo(8));
    expect(slow.closes).toEqual([]);
    await sayAndSettle(8, 9);
    expect(slow.closes).toEqual([{ code: 1013, reason: 'too slow: messages were lost to this client; dialect 1' }]);
    expect(events('disconnect')).toMatchObject([{ code: 1013 }]);
    expect(gateway.stats().slowConsumersTotal).toBe(1);
    expect(numbersOf(slow.data)).toEqual([0, 1, 2]);
    await sayAndSettle(10);
    expect(numbersOf(healthy.data)).toEqual(upTo(11));
  });

  test('that drains only after the log has moved on is closed with 1013 then', async () => {
    const { clock, gateway, slow, sayAndSettle } = await withSlow({ limits: { ...limits, logAgeMaxMs: 5_000 } });
    await sayAndSettle(...upTo(8));
    await clock.advance(6_000);
    expect(slow.closes).toEqual([]);
    slow.drain();
    expect(slow.closes).toMatchObject([{ code: 1013 }]);
    expect(gateway.stats().slowConsumersTotal).toBe(1);
  });

  test('is never over it where socketHighWaterMarkBytes is 0', async () => {
    const { clock, slow, sayAndSettle, numbersOf } = await withSlow({ limits: { ...limits, socketHighWaterMarkBytes: 0 } });
    await sayAndSettle(...upTo(50));
    await clock.advance(100_000);
    expect(numbersOf(slow.data)).toEqual(upTo(50));
    expect(slow.closes).toEqual([]);
  });

  test('costs no memory but the log: however many are slow', async () => {
    const { gateway, clock, sayAndSettle } = await withSlow();
    await sayAndSettle(...upTo(20));
    const alone = gateway.stats().logBytes;
    const many = await Promise.all(
      upTo(20).map(async () => {
        const socket = new RecordingSocket(gateway);
        socket.send(identify('g'));
        await clock.settle();
        socket.stuck = true;
        return socket;
      }),
    );
    await sayAndSettle(...upTo(20));
    expect(gateway.stats().logBytes).toBeLessThan(alone * 2 + 1_000);
    for (const socket of many) expect(socket.bufferedBytes).toBeLessThan(5_000);
  });
});

describe('a socket that takes nothing', () => {
  test('for slowConsumerTimeoutMs is closed with 1013 [R128]', async () => {
    const { clock, gateway, slow, sayAndSettle } = await withSlow({ timings: { ...timings, slowConsumerTimeoutMs: 10_000 } });
    await sayAndSettle(...upTo(5));
    await clock.advance(9_999);
    expect(slow.closes).toEqual([]);
    await clock.advance(1);
    expect(slow.closes).toMatchObject([{ code: 1013 }]);
    expect(gateway.stats().slowConsumersTotal).toBe(1);
  });

  test('but drains in time stays, and counts anew', async () => {
    const { clock, slow, sayAndSettle } = await withSlow({ timings: { ...timings, slowConsumerTimeoutMs: 10_000 } });
    for (let rounds = 0; rounds < 5; rounds += 1) {
      slow.stuck = true;
      await sayAndSettle(...upTo(5));
      await clock.advance(9_000);
      slow.drain();
    }
    expect(slow.closes).toEqual([]);
  });

  test('stays where slowConsumerTimeoutMs is 0', async () => {
    const { clock, slow, sayAndSettle } = await withSlow({ timings: { ...timings, slowConsumerTimeoutMs: 0 } });
    await sayAndSettle(...upTo(5));
    await clock.advance(200_000);
    expect(slow.closes).toEqual([]);
  });

  test('but is under its high-water mark is not slow', async () => {
    const { clock, slow, sayAndSettle } = await withSlow();
    await sayAndSettle(0, 1);
    await clock.advance(100_000);
    expect(slow.closes).toEqual([]);
  });
});

describe('a slow member whose socket has ended', () => {
  test('is not counted as delivered to', async () => {
    const { gateway, slow, sayAndSettle } = await withSlow();
    await sayAndSettle(...upTo(10));
    const { deliveredTotal } = gateway.stats();
    // Nothing waits in a socket that is gone.
    slow.bufferedBytes = 0;
    slow.listener.closed(1006, '');
    expect(gateway.stats().deliveredTotal).toBe(deliveredTotal);
  });

  test('has gone as it said, wherever the log is by then', async () => {
    const { clock, gateway, events, slow, sayAndSettle } = await withSlow({ limits: { ...limits, logAgeMaxMs: 2_000 } });
    await sayAndSettle(...upTo(10));
    await clock.advance(5_000);
    slow.bufferedBytes = 0;
    slow.listener.closed(1000, 'bye');
    expect(events('disconnect')).toMatchObject([{ code: 1000, reason: 'bye' }]);
    expect(gateway.stats()).toMatchObject({ slowConsumersTotal: 0, droppedMembers: 0 });
  });
});
