import { describe, expect, test } from 'vitest';
import { limits, MESSAGE_BYTES, numbersOf, withLinks } from './support/link-member.js';
import { say } from './support/messages.js';
import { upTo } from './support/slow-member.js';

describe('a link that is slower than its group', () => {
  test('costs its member the connection once the log has moved on: it has all up to a point, and is told 1013', async () => {
    const { sayNext, joinByLink, run, events, gateway, talker } = await withLinks({ limits: { ...limits, logMessagesMax: 50 } });
    const { client } = await joinByLink({ bytesPerSecond: 10_000 });
    await run(20_000, 1_000, () => sayNext(10));
    expect(events('disconnect')).toMatchObject([{ code: 1013 }]);
    expect(gateway.stats().slowConsumersTotal).toBe(1);
    expect(client.closed).toEqual({ code: 1013, reason: expect.stringContaining('too slow') });
    expect(client.data.length).toBeGreaterThan(20);
    expect(numbersOf(client)).toEqual(upTo(client.data.length));
    expect(numbersOf(talker)).toEqual(upTo(200));
  });

  test('by times does not, if the log bridges them', async () => {
    const { sayNext, joinByLink, run, gateway } = await withLinks({ limits: { ...limits, logMessagesMax: 200 } });
    const { client } = await joinByLink({ bytesPerSecond: 20_000 });
    for (let rounds = 0; rounds < 5; rounds += 1) {
      await run(5_000, 1_000, () => sayNext(20));
      await run(10_000);
      expect(numbersOf(client)).toEqual(upTo((rounds + 1) * 100));
    }
    expect(gateway.stats().slowConsumersTotal).toBe(0);
  });

  test('gets only the newest of each key of `latest`, and every reliable message', async () => {
    const { talker, clock, joinByLink, run } = await withLinks();
    const { client } = await joinByLink({ bytesPerSecond: 10_000 });
    const text = (n: number) => `${n} ${'x'.repeat(MESSAGE_BYTES - 100)}`;
    for (const n of upTo(100)) {
      talker.send(n % 10 === 0 ? say(text(n)) : say(text(n), { delivery: 'latest', key: 'k' }));
      await clock.settle();
    }
    await run(30_000);
    const numbers = numbersOf(client);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(numbers).toEqual(expect.arrayContaining([...upTo(10).map((n) => n * 10), 99]));
    expect(numbers.length).toBeLessThan(50);
    expect(numbersOf(talker)).toEqual(upTo(100));
  });
});

describe('a link that takes nothing', () => {
  const timings = { slowConsumerTimeoutMs: 10_000, heartbeatTimeoutMs: 60_000, closeTimeoutMs: 3_000 };

  test('for slowConsumerTimeoutMs ends its member, and its place is free after closeTimeoutMs more; the client never learns', async () => {
    const { sayNext, joinByLink, clock, gateway, events } = await withLinks({ timings });
    const { client, link } = await joinByLink({ latencyMs: 20 });
    link.stall();
    await sayNext(50);
    await clock.advance(9_000);
    expect(events('disconnect')).toEqual([]);
    await clock.advance(2_000);
    expect(events('disconnect')).toMatchObject([{ code: 1013 }]);
    expect(gateway.stats()).toMatchObject({ connections: 1, closing: 1 });
    await clock.advance(4_000);
    expect(gateway.stats()).toMatchObject({ connections: 1, closing: 0 });
    expect(client.closed).toBeUndefined();
  });

  test('for less than that loses nothing', async () => {
    const { sayNext, joinByLink, clock, gateway } = await withLinks({ timings });
    const { client, link } = await joinByLink({ latencyMs: 20 });
    for (let rounds = 0; rounds < 3; rounds += 1) {
      link.stall();
      await sayNext(50);
      await clock.advance(9_000);
      link.restore();
      await clock.advance(1_000);
      expect(numbersOf(client)).toEqual(upTo((rounds + 1) * 50));
    }
    expect(gateway.stats().slowConsumersTotal).toBe(0);
  });

  test('but has room for what was sent is not slow', async () => {
    const { sayNext, joinByLink, clock, events } = await withLinks({ timings });
    const { link } = await joinByLink({ latencyMs: 20 });
    link.stall();
    await sayNext(8);
    await clock.advance(20_000);
    expect(events('disconnect')).toEqual([]);
  });
});

test('a client that stops reading feels no more than its own buffers, and catches up when it reads', async () => {
  const { sayNext, joinByLink, run, gateway } = await withLinks();
  const { client, link } = await joinByLink({ bytesPerSecond: 100_000, latencyMs: 20 });
  client.stopReading();
  await sayNext(100);
  await run(5_000);
  expect(link.toClient.unreadBytes).toBe(8_000);
  expect(link.toClient.kernelBytes).toBe(8_000);
  expect(link.toClient.bufferedBytes).toBeLessThanOrEqual(2 * limits.socketHighWaterMarkBytes);
  client.startReading();
  await run(5_000);
  expect(numbersOf(client)).toEqual(upTo(100));
  expect(gateway.stats().slowConsumersTotal).toBe(0);
});
