import { describe, expect, test } from 'vitest';
import { limits, MESSAGE_BYTES, numbersOf, withLinks } from './support/link-member.js';
import { codesOf, identify, presencesOf, readiesOf, say } from './support/messages.js';
import { upTo } from './support/slow-member.js';

/** The group says ten messages a second, and the link carries a tenth more: it keeps up, and is not idle until it has caught up. */
const SAYS_EVERY_MS = 100;
const BYTES_PER_SECOND = (MESSAGE_BYTES * 1_000 * 1.1) / SAYS_EVERY_MS;
const BURST = 50;
/** For this long it is busy with the burst, and then some. */
const BUSY_MS = 30_000;

/**
 * A member that reads as fast as its link allows. A burst has taken its socket over the mark, and what is said since is nearly as much as
 * the link carries: the socket goes under the mark again and again, and never holds nothing, so Node reports no `drain`.
 */
async function withBusyLink() {
  const set = await withLinks({ limits: { ...limits, logMessagesMax: 1_000 } });
  const member = await set.joinByLink({ bytesPerSecond: BYTES_PER_SECOND, latencyMs: 50 });
  const busyUntil = set.clock.monotonicMs() + BUSY_MS;
  let [most, least] = [0, Number.POSITIVE_INFINITY];
  const look = () => {
    if (set.clock.monotonicMs() > busyUntil) return;
    const { bufferedBytes } = member.link.toClient;
    most = Math.max(most, bufferedBytes);
    least = Math.min(least, bufferedBytes);
  };
  await set.sayNext(BURST);
  return {
    ...set,
    ...member,
    /** Moves time while the group talks. */
    talk: (seconds: number, each: () => unknown = () => {}) =>
      set.run(seconds * 1_000, SAYS_EVERY_MS, async () => {
        look();
        await set.sayNext(1);
        look();
        await each();
      }),
    /** It was over the mark and under it, and never held nothing. */
    expectBusy: () => {
      expect(most).toBeGreaterThanOrEqual(limits.socketHighWaterMarkBytes);
      expect(least).toBeLessThan(limits.socketHighWaterMarkBytes);
      expect(least).toBeGreaterThan(0);
    },
  };
}

describe('a client at the end of a link that is always busy', () => {
  test('gets everything, and is not called slow', async () => {
    const { client, talk, run, gateway, expectBusy } = await withBusyLink();
    await talk(60);
    expectBusy();
    await run(60_000);
    expect(numbersOf(client)).toEqual(upTo(BURST + 600));
    expect(gateway.stats().slowConsumersTotal).toBe(0);
  });

  test('is read from again after an answer that found its socket full: its heartbeats are heard', async () => {
    const { client, link, talk, expectBusy, events } = await withBusyLink();
    client.send({ type: 'nonsense' });
    await talk(60);
    expect(events('disconnect')).toEqual([]);
    expectBusy();
    expect(codesOf(client)).toEqual(['UNKNOWN_TYPE']);
    expect(link.toGateway.reading).toBe(true);
    expect(link.toGateway.unreadBytes).toBe(0);
  });

  test('is read from by turns if it goes on asking for answers, and gets each of them', async () => {
    const { client, talk, run, events } = await withBusyLink();
    let asked = 0;
    await talk(40, () => {
      if (asked < 60) client.send({ type: 'nonsense' });
      asked += 1;
    });
    await run(60_000);
    expect(events('disconnect')).toEqual([]);
    expect(codesOf(client)).toHaveLength(60);
  });

  test('moves to another group once it has caught up', async () => {
    const { client, talk, run, expectBusy, gateway } = await withBusyLink();
    client.send(identify('new'));
    client.send(say('here'));
    await talk(90);
    expect(gateway.connections()[1]).toMatchObject({ groups: ['new'] });
    expectBusy();
    await run(30_000);
    expect(readiesOf(client)).toHaveLength(3);
    const inOld = client.updates.filter(({ groupId }) => groupId === 'g').map(({ seq }) => seq);
    expect(inOld).toEqual(upTo(inOld.length).map((n) => n + 1));
    expect(client.updates.at(-1)).toMatchObject({ groupId: 'new', seq: 1, payload: { data: 'here' } });
  });

  test('is told the newest presence that it is owed', async () => {
    const { client, talk, join, expectBusy } = await withBusyLink();
    const before = presencesOf(client).length;
    await join('g');
    await join('g');
    await talk(20);
    expectBusy();
    expect(presencesOf(client).slice(before).at(-1)).toMatchObject({ details: { members: 4 } });
  });

  test('is told presence once for each time that it was owed, not again and again', async () => {
    const { client, talk, join } = await withBusyLink();
    const before = presencesOf(client).length;
    await join('g');
    await talk(20);
    expect(presencesOf(client).length - before).toBe(1);
  });
});

test('a mark below the one of Node’s streams is kept as well: a slow link holds no more than twice of it', async () => {
  const { sayNext, joinByLink, run } = await withLinks({ limits: { ...limits, socketHighWaterMarkBytes: 4_000 } });
  const { client, link } = await joinByLink({ bytesPerSecond: 5_000 });
  let most = 0;
  await run(10_000, 100, async () => {
    await sayNext(1);
    most = Math.max(most, link.toClient.bufferedBytes);
  });
  expect(most).toBeGreaterThanOrEqual(4_000);
  expect(most).toBeLessThanOrEqual(8_000);
  expect(numbersOf(client)).toEqual(upTo(client.data.length));
});

describe('a client that has sent its close frame', () => {
  test('has left then, though its TCP connection does not end', async () => {
    const { joinByLink, clock, gateway, events } = await withLinks();
    const { client, link } = await joinByLink({ latencyMs: 100 });
    client.close();
    await clock.advance(150);
    link.stall();
    await clock.advance(100);
    expect(gateway.groups()).toMatchObject([{ connections: 1 }]);
    expect(events('disconnect')).toMatchObject([{ code: 1000 }]);
    expect(await gateway.presence('g')).toMatchObject({ details: { members: 1 } });
    expect(gateway.stats()).toMatchObject({ connections: 1, closing: 1 });
    await clock.advance(6_000);
    expect(gateway.stats()).toMatchObject({ connections: 1, closing: 0 });
  });

  test('has left then, though what it is owed takes long to be written', async () => {
    const { joinByLink, sayNext, clock, gateway } = await withLinks();
    const { client } = await joinByLink({ bytesPerSecond: 2_000, latencyMs: 100 });
    await sayNext(30);
    client.close();
    await clock.advance(200);
    expect(gateway.groups()).toMatchObject([{ connections: 1 }]);
  });
});
