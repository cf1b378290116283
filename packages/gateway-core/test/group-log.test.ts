import { describe, expect, test } from 'vitest';
import { identify, long, say } from './support/messages.js';
import { setUp } from './support/set-up.js';

/** Nobody is refused for speaking fast in here. */
const FAST = { messagesPerSecondMax: 0, bytesPerSecondMax: 0 };

describe("a group's log is bounded", () => {
  test('in messages, by logMessagesMax', async () => {
    const { clock, gateway, join } = setUp({ limits: { logMessagesMax: 10 } });
    const client = await join('g');
    for (let n = 0; n < 25; n += 1) client.send(say(n));
    await clock.settle();
    expect(gateway.groups()).toMatchObject([{ logMessages: 10, position: { seq: 25 } }]);
    expect(client.data).toHaveLength(25);
  });

  test('in bytes, by logBytesMax', async () => {
    const { clock, gateway, join } = setUp({ limits: { logBytesMax: 5_000 } });
    const client = await join('g');
    for (let n = 0; n < 25; n += 1) client.send(say(`${n}${long(1_000)}`));
    await clock.settle();
    const { logBytes, logMessages } = gateway.groups()[0]!;
    expect(logMessages).toBe(4);
    expect(logBytes).toBeLessThanOrEqual(5_000);
    // The memory behind it: what is unused of the slabs comes on top, at the log's front and at its end.
    expect(gateway.stats().logBytes).toBeGreaterThan(logBytes);
    expect(gateway.stats().logBytes).toBeLessThanOrEqual(3 * 5_000);
  });

  test('also where nobody is in the group', async () => {
    const { clock, gateway } = setUp({ limits: { logBytesMax: 5_000, logMessagesMax: 10, logAgeMaxMs: 10_000 } });
    for (let n = 0; n < 4; n += 1) await gateway.publish('messages', n);
    for (let n = 0; n < 4; n += 1) await gateway.publish('bytes', `${n}${long(1_500)}`);
    await clock.settle();
    expect(gateway.groups().map(({ logMessages }) => logMessages)).toEqual([4, 3]);
    await clock.advance(6_000);
    for (let n = 0; n < 4; n += 1) await gateway.publish('messages', n);
    await clock.advance(4_000);
    expect(gateway.groups().map(({ groupId, logMessages }) => [groupId, logMessages])).toEqual([['messages', 4]]);
  });

  test('in age, by logAgeMaxMs', async () => {
    const { clock, gateway, join } = setUp({ limits: { logAgeMaxMs: 10_000 } });
    const client = await join('g');
    await clock.advance(1_000);
    const empty = gateway.stats().logBytes;
    client.send(say('old'));
    await clock.advance(6_000);
    client.send(say('young'));
    await clock.advance(3_000);
    expect(gateway.groups()).toMatchObject([{ logMessages: 2 }]);
    await clock.advance(1_000);
    expect(gateway.groups()).toMatchObject([{ logMessages: 1 }]);
    await clock.advance(6_000);
    expect(gateway.groups()).toMatchObject([{ logMessages: 0, logBytes: 0, position: { seq: 2 } }]);
    expect(gateway.stats().logBytes).toBe(empty);
  });

  test('holds one message that is larger than all of it for as long as it is being sent, and no longer', async () => {
    const { clock, gateway, join } = setUp({ limits: { logBytesMax: 1_000 } });
    const client = await join('g');
    client.send(say(long(5_000)));
    await clock.settle();
    expect(client.data).toEqual([long(5_000)]);
    expect(gateway.groups()).toMatchObject([{ logMessages: 0, logBytes: 0 }]);
  });

  test('by nothing where its limits are 0', async () => {
    const { clock, gateway, join } = setUp({
      limits: { ...FAST, logMessagesMax: 0, logBytesMax: 0, logAgeMaxMs: 0, logBytesTotalMax: 0, socketHighWaterMarkBytes: 0 },
    });
    const client = await join('g');
    for (let n = 0; n < 2_000; n += 1) client.send(say(`${n}${long(1_000)}`));
    await clock.settle();
    expect(client.data).toHaveLength(2_000);
    for (let beats = 0; beats < 20; beats += 1) {
      await clock.advance(20_000);
      client.send({ type: 'heartbeat' });
    }
    expect(gateway.groups()).toMatchObject([{ logMessages: 2_000 }]);
    expect(gateway.stats().logBytes).toBeGreaterThan(2_000_000);
  });
});

describe('all logs together are bounded, by logBytesTotalMax', () => {
  test('groups without members are forgotten first, the one idle for longest before the others', async () => {
    const { clock, gateway, join } = setUp({ limits: { ...FAST, logBytesTotalMax: 100_000 } });
    const client = await join('busy');
    for (const groupId of ['idle 1', 'idle 2', 'idle 3']) {
      await gateway.publish(groupId, long(20_000));
      await clock.advance(10);
    }
    for (let n = 0; n < 2; n += 1) client.send(say(long(22_000)));
    await clock.settle();
    expect(gateway.groups().map(({ groupId, logMessages }) => [groupId, logMessages])).toEqual([
      ['busy', 2],
      ['idle 2', 1],
      ['idle 3', 1],
    ]);
    expect(client.data).toHaveLength(2);
  });

  test('then the largest log gives its oldest messages: a quiet group keeps all, whatever the busy ones bring', async () => {
    const { clock, gateway, join } = setUp({ limits: { ...FAST, logBytesTotalMax: 2 ** 20 } });
    const quiet = await join('quiet');
    const busy = [await join('busy 0'), await join('busy 1'), await join('busy 2')];
    for (let n = 0; n < 20; n += 1) quiet.send(say(n));
    for (let n = 0; n < 400; n += 1) {
      busy[n % 3]?.send(say(long(16_000)));
      await clock.settle();
      expect(gateway.stats().logBytes).toBeLessThanOrEqual(2 ** 20);
    }
    const [first, ...others] = gateway.groups();
    expect(first).toMatchObject({ groupId: 'quiet', logMessages: 20 });
    // They share what is left, and it is not given up for nothing.
    const sizes = others.map(({ logBytes }) => logBytes);
    expect(Math.max(...sizes)).toBeLessThan(2 * Math.min(...sizes));
    expect(sizes.reduce((sum, size) => sum + size)).toBeGreaterThan(2 ** 19);
    expect(busy.map(({ data }) => data.length)).toEqual([134, 133, 133]);
  });

  test('a large log gives before many small ones, and no more than it has to', async () => {
    const { clock, gateway, join } = setUp({ limits: { ...FAST, logBytesTotalMax: 600_000, socketHighWaterMarkBytes: 0 } });
    const small = await Promise.all(Array.from({ length: 50 }, (_, n) => join(`small ${n}`)));
    const large = await join('large');
    for (const client of small) for (let n = 0; n < 5; n += 1) client.send(say(n));
    for (let n = 0; n < 350; n += 1) large.send(say(`${n} ${long(1_000)}`));
    await clock.settle();
    const messages = gateway.groups().map(({ groupId, logMessages }) => [groupId, logMessages]);
    expect(messages.slice(0, 50)).toEqual(small.map((_, n) => [`small ${n}`, 5]));
    for (let n = 0; n < 100; n += 1) {
      large.send(say(`${n} ${long(1_000)}`));
      await clock.settle();
      expect(gateway.groups().at(-1)?.logMessages).toBeGreaterThan(200);
    }
    expect(
      gateway
        .groups()
        .slice(0, 50)
        .every(({ logMessages }) => logMessages === 5),
    ).toBe(true);
    expect(large.data).toHaveLength(450);
  });

  test('compressed forms and keys count as well', async () => {
    const { clock, gateway, join } = setUp({ limits: FAST });
    const client = await join('g');
    await clock.advance(1_000);
    const before = gateway.stats().logBytes;
    for (let n = 0; n < 100; n += 1) client.send(say(1, { delivery: 'latest', key: `${n}${long(100)}` }));
    await clock.settle();
    const { logBytes } = gateway.groups()[0]!;
    expect(gateway.stats().logBytes - before).toBeGreaterThan(logBytes + 100 * 200);
  });

  test('where the groups alone are more than it, every log is empty, and messages still get through', async () => {
    const { clock, gateway, join } = setUp({ limits: { ...FAST, logBytesTotalMax: 1_000 } });
    const clients = [await join('a'), await join('b')];
    for (let n = 0; n < 5; n += 1) {
      for (const client of clients) client.send(say(n));
      await clock.settle();
    }
    expect(clients.map(({ data }) => data)).toEqual(Array(2).fill([0, 1, 2, 3, 4]));
    expect(gateway.groups().map(({ logMessages }) => logMessages)).toEqual([0, 0]);
  });
});

describe('groups', () => {
  test('without members keep their log and their epoch, until logAgeMaxMs after the last one left', async () => {
    const { clock, gateway, join } = setUp({ limits: { logAgeMaxMs: 10_000 } });
    const client = await join('g');
    client.send(say(1));
    await clock.settle();
    const { position } = gateway.groups()[0]!;
    client.close();
    await clock.advance(9_000);
    expect(gateway.groups()).toMatchObject([{ connections: 0, position }]);
    const again = await join('g');
    again.send(say(2));
    await clock.settle();
    expect(gateway.groups()).toMatchObject([{ connections: 1, position: { epoch: position.epoch, seq: 2 } }]);
    again.close();
    await clock.advance(10_000);
    expect(gateway.groups()).toEqual([]);
  });

  test('are remembered from when they were used last: left, or published to', async () => {
    const { clock, gateway, join } = setUp({ limits: { logAgeMaxMs: 10_000 } });
    const client = await join('left later');
    for (const groupId of ['used', 'unused', 'published to']) await gateway.publish(groupId, 1);
    await clock.advance(8_000);
    client.close();
    for (const groupId of ['used', 'published to']) await gateway.publish(groupId, 1);
    await clock.advance(8_000);
    await gateway.publish('used', 1);
    expect(gateway.groups().map(({ groupId }) => groupId)).toEqual(['left later', 'used', 'published to']);
    await clock.advance(5_000);
    expect(gateway.groups().map(({ groupId }) => groupId)).toEqual(['used']);
  });

  test('that come back after they were forgotten are other logs: another epoch, from seq 1', async () => {
    const { clock, gateway } = setUp({ limits: { logAgeMaxMs: 10_000 } });
    const before = await gateway.publish('g', 1);
    await clock.advance(20_000);
    const after = await gateway.publish('g', 1);
    expect(after.seq).toBe(1);
    expect(after.epoch).not.toBe(before.epoch);
  });

  test('with members are never forgotten', async () => {
    const { clock, gateway, join } = setUp({ limits: { logAgeMaxMs: 10_000 } });
    const client = await join('g');
    for (let beats = 0; beats < 5; beats += 1) {
      await clock.advance(20_000);
      client.send({ type: 'heartbeat' });
    }
    expect(gateway.groups()).toMatchObject([{ groupId: 'g', connections: 1 }]);
  });

  test('are at most groupsMax: the one without members for longest makes room, one with members never', async () => {
    const { clock, gateway, join } = setUp({ limits: { groupsMax: 3 } });
    await join('busy');
    for (const groupId of ['idle 1', 'idle 2']) await gateway.publish(groupId, 1);
    const client = await join('new');
    expect(gateway.groups().map(({ groupId }) => groupId)).toEqual(['busy', 'idle 2', 'new']);
    const other = await join('newer');
    await expect(gateway.publish('newest', 1)).rejects.toMatchObject({ code: 'TOO_MANY_GROUPS' });
    client.send(identify('new'));
    client.send(say('goes on'));
    other.close();
    await clock.settle();
    await gateway.publish('newest', 1);
    expect(client.data).toEqual(['goes on']);
    expect(gateway.groups().map(({ groupId }) => groupId)).toEqual(['busy', 'new', 'newest']);
  });

  test('are without a bound where groupsMax is 0', async () => {
    const { gateway, join } = setUp({ limits: { groupsMax: 0 } });
    for (let n = 0; n < 10; n += 1) await join(`g${n}`);
    expect(gateway.groups()).toHaveLength(10);
  });
});
