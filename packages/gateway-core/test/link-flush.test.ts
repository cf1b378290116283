import { connectClient, MemoryLink } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';
import { waitOn } from './support/asynchronous.js';
import { type LinkMember, limits, MESSAGE_BYTES, numbersOf, withLinks } from './support/link-member.js';
import { identify, long, say } from './support/messages.js';
import { setUp } from './support/set-up.js';
import { upTo } from './support/slow-member.js';

describe('a burst', () => {
  test('reaches members at the end of fast and slow links whole, in order, each as soon as its link allows', async () => {
    const { sayNext, joinByLink, run, gateway } = await withLinks();
    const rates = [1_000_000, 50_000, 10_000];
    const members: LinkMember[] = [];
    for (const bytesPerSecond of rates) {
      // A receiver's buffer is what may be on the way: 200 kB in each 40 ms.
      members.push(await joinByLink({ bytesPerSecond, latencyMs: 40, receiveBufferBytes: 200_000 }));
    }
    await sayNext(50);
    const wholeAt: number[] = [];
    await run(15_000, 100, () => {
      for (const [n, { client }] of members.entries()) if (client.data.length < 50) wholeAt[n] = (wholeAt[n] ?? 0) + 100;
    });
    for (const { client } of members) expect(numbersOf(client)).toEqual(upTo(50));
    for (const [n, rate] of rates.entries()) expect(wholeAt[n]).toBeLessThan((50 * MESSAGE_BYTES * 1_000) / rate + 300);
    expect(gateway.stats().slowConsumersTotal).toBe(0);
  });

  test('fills a slow member’s socket up to its mark and one chunk more, the rest waits in the log', async () => {
    const { sayNext, joinByLink, run } = await withLinks();
    const { link, client } = await joinByLink({ bytesPerSecond: 20_000 });
    let most = 0;
    await sayNext(200);
    await run(30_000, 50, () => {
      most = Math.max(most, link.toClient.bufferedBytes);
    });
    expect(most).toBeGreaterThanOrEqual(limits.socketHighWaterMarkBytes);
    expect(most).toBeLessThanOrEqual(2 * limits.socketHighWaterMarkBytes);
    expect(numbersOf(client)).toEqual(upTo(200));
  });

  test('goes on behind a stall, nothing left out and nothing twice', async () => {
    const { sayNext, joinByLink, run } = await withLinks();
    const { client, link } = await joinByLink({ bytesPerSecond: 50_000, latencyMs: 20 });
    for (let rounds = 0; rounds < 4; rounds += 1) {
      await sayNext(20);
      await run(300, 50);
      link.stall();
      await sayNext(20);
      await run(8_000);
      link.restore();
      await run(3_000);
      expect(numbersOf(client)).toEqual(upTo((rounds + 1) * 40));
    }
  });
});

test('members at the end of links of any latency see the messages of all in one order', async () => {
  const { clock, joinByLink } = await withLinks();
  const members: LinkMember[] = [];
  for (const latencyMs of [5, 30, 170]) members.push(await joinByLink({ latencyMs, bytesPerSecond: 100_000 }));
  for (let n = 0; n < 20; n += 1) {
    for (const [index, { client }] of members.entries()) client.send(say([index, n]));
    await clock.advance(13);
  }
  await clock.advance(2_000);
  const [first, ...others] = members.map(({ client }) => client.updates.map(({ seq, payload }) => [seq, payload.data]));
  expect(first).toHaveLength(60);
  for (const other of others) expect(other).toEqual(first);
});

test('what a client sends while a hook is waited for waits at the client once the buffers between are full, and is not lost', async () => {
  const { clock, gateway } = setUp((fake) => ({
    limits,
    authorize: ({ action }) => action === 'join' || waitOn(fake, 10_000)().then(() => true),
    timings: { heartbeatTimeoutMs: 100_000 },
  }));
  const link = new MemoryLink({ clock, bytesPerSecond: 100_000, kernelBufferBytes: 8_000, receiveBufferBytes: 8_000 });
  const client = connectClient(gateway, { link });
  client.send(identify('g'));
  await clock.advance(1_000);
  for (const n of upTo(10)) client.send(say(`${n} ${long(4_000)}`));
  await clock.advance(5_000);
  expect(link.toGateway.reading).toBe(false);
  expect(link.toGateway.unreadBytes).toBe(8_000);
  expect(link.toGateway.bufferedBytes).toBeGreaterThan(10_000);
  await clock.advance(100_000);
  expect(numbersOf(client)).toEqual(upTo(10));
  expect(link.toGateway.reading).toBe(true);
});

test('a member that moves is written all of its old group over its link, before the `ready` of the new one', async () => {
  const { sayNext, joinByLink, run } = await withLinks();
  const { client } = await joinByLink({ bytesPerSecond: 20_000 });
  await sayNext(60);
  client.send(identify('new'));
  client.send(say('here'));
  await run(15_000);
  expect(numbersOf(client).slice(0, 60)).toEqual(upTo(60));
  expect(client.updates.map(({ groupId }) => groupId)).toEqual([...upTo(60).map(() => 'g'), 'new']);
  const readies = client.received.flatMap(({ type }, index) => (type === 'ready' ? [index] : []));
  expect(readies.at(-1)).toBeGreaterThan(client.received.findLastIndex(({ groupId }) => groupId === 'g'));
});
