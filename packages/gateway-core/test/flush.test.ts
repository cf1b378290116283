import type { Gateway } from 'gateway-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { identify, long, say } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { setUp } from './support/set-up.js';

const limits = { messagesPerSecondMax: 0, bytesPerSecondMax: 0 };

async function joined({ gateway, clock }: { gateway: Gateway; clock: { advance(ms: number): Promise<void> } }, groupId: string) {
  const socket = new RecordingSocket(gateway);
  socket.send(identify(groupId));
  // Every presence update is out.
  await clock.advance(1_000);
  socket.writes.length = 0;
  return socket;
}

describe('at the end of a turn', () => {
  test('all messages of a group are one write for each member, of one buffer that they share', async () => {
    const set = setUp({ limits });
    const sockets = [await joined(set, 'g'), await joined(set, 'g'), await joined(set, 'g')];
    for (const socket of sockets) socket.writes.length = 0;
    for (let n = 0; n < 20; n += 1) sockets[n % 3]?.send(say(n));
    expect(sockets.map(({ writes }) => writes.length)).toEqual([0, 0, 0]);
    await set.clock.settle();
    expect(sockets.map(({ writes }) => writes.length)).toEqual([1, 1, 1]);
    expect(sockets[0]?.data).toEqual(Array.from({ length: 20 }, (_, n) => n));
    for (const { writes } of sockets) expect(writes[0]).toBe(sockets[0]?.writes[0]);
  });

  test('they are one write also after turns that brought more than one write carries', async () => {
    const set = setUp({ limits: { ...limits, socketHighWaterMarkBytes: 3_000 } });
    const socket = await joined(set, 'g');
    for (let turn = 0; turn < 5; turn += 1) {
      for (let n = 0; n < 4; n += 1) socket.send(say(long(1_000)));
      await set.clock.settle();
      socket.writes.length = 0;
      for (let n = 0; n < 3; n += 1) socket.send(say(n));
      expect(socket.writes).toEqual([]);
      await set.clock.settle();
      expect(socket.writes).toHaveLength(1);
    }
  });

  test('members that stand at one place share one buffer, wherever that is', async () => {
    const set = setUp({ limits });
    const first = await joined(set, 'g');
    const late = [new RecordingSocket(set.gateway), new RecordingSocket(set.gateway)];
    first.send(say('before'));
    for (const socket of late) socket.send(identify('g'));
    first.send(say('after'));
    await set.clock.settle();
    expect(first.data).toEqual(['before', 'after']);
    const [one, other] = late.map(({ writes }) => writes.filter((bytes) => bytes.includes('data_update')));
    expect(late.map(({ data }) => data)).toEqual([['after'], ['after']]);
    expect(one).toHaveLength(1);
    expect(one?.[0]).toBe(other?.[0]);
  });

  test('a lone message is written, and no later', async () => {
    const set = setUp();
    const socket = await joined(set, 'g');
    for (let n = 0; n < 3; n += 1) {
      socket.send(say(n));
      await set.clock.settle();
      expect(socket.data).toHaveLength(n + 1);
    }
    expect(socket.writes).toHaveLength(3);
  });

  test('nothing is written to who has nothing to get', async () => {
    const set = setUp();
    const [silent, talker] = [await joined(set, 'g'), await joined(set, 'h')];
    silent.writes.length = 0;
    talker.send(say(1));
    await set.clock.settle();
    expect(silent.writes).toEqual([]);
  });

  test('who joined in the turn shares nothing that was said before', async () => {
    const set = setUp();
    const [early, late] = [await joined(set, 'g'), await joined(set, 'h')];
    early.send(say('before'));
    late.send(identify('g'));
    await new Promise(setImmediate);
    early.send(say('after'));
    await set.clock.settle();
    expect(early.data).toEqual(['before', 'after']);
    expect(late.data).toEqual(['after']);
  });
});

describe('what waits for the end of a turn is bounded', () => {
  test('by the high-water mark: a turn that brings more is written in parts', async () => {
    const set = setUp({ limits: { ...limits, socketHighWaterMarkBytes: 5_000 } });
    const socket = await joined(set, 'g');
    for (let n = 0; n < 20; n += 1) socket.send(say(`${n} ${long(1_000)}`));
    expect(socket.data.length).toBeGreaterThanOrEqual(15);
    await set.clock.settle();
    expect(socket.writes.length).toBeGreaterThanOrEqual(4);
    for (const { length } of socket.writes) expect(length).toBeLessThanOrEqual(6_000);
    expect(socket.data).toEqual(Array.from({ length: 20 }, (_, n) => `${n} ${long(1_000)}`));
  });

  test('by half of logMessagesMax: nobody who keeps up loses anything to a turn that brings more than the log holds', async () => {
    const set = setUp({ limits: { ...limits, logMessagesMax: 4 } });
    const [socket, other] = [await joined(set, 'g'), await joined(set, 'g')];
    for (let n = 0; n < 50; n += 1) socket.send(say(n));
    expect(socket.data.length).toBeGreaterThanOrEqual(48);
    await set.clock.settle();
    for (const { data, closes } of [socket, other]) {
      expect(data).toEqual(Array.from({ length: 50 }, (_, n) => n));
      expect(closes).toEqual([]);
    }
  });

  test('a message that is larger than the high-water mark goes out alone', async () => {
    const set = setUp({ limits: { ...limits, socketHighWaterMarkBytes: 1_000 } });
    const socket = await joined(set, 'g');
    for (const text of ['small', long(10_000), 'small again']) socket.send(say(text));
    await set.clock.settle();
    expect(socket.data).toEqual(['small', long(10_000), 'small again']);
    expect(socket.writes.filter(({ length }) => length > 10_000).map(({ length }) => length)).toEqual([
      expect.closeTo(10_000, -3),
    ]);
  });
});

test('what a listener publishes in the middle of a flush is written to every member in the same turn', async () => {
  const set = setUp({ limits: { ...limits, socketHighWaterMarkBytes: 3_000, logMessagesMax: 5 } });
  const [first, slow, last] = [await joined(set, 'g'), await joined(set, 'g'), await joined(set, 'g')];
  const off = set.gateway.on('disconnect', () => void set.gateway.publish('g', 'somebody was too slow'));
  onTestFinished(off);
  slow.stuck = true;
  for (let n = 0; slow.closes.length === 0; n += 1) {
    first.send(say(`${n}${long(1_000)}`));
    await set.clock.settle();
  }
  expect(slow.closes).toMatchObject([{ code: 1013 }]);
  for (const { data } of [first, last]) expect(data.at(-1)).toBe('somebody was too slow');
});
