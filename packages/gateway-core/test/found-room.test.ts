import { describe, expect, test } from 'vitest';
import { identify, long } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { setUp } from './support/set-up.js';

const timings = { heartbeatTimeoutMs: 1_000_000, slowConsumerTimeoutMs: 0 };

/** A member over its mark, whose link is so busy that it never drains. No time passes in these tests, so no sweep comes. */
async function overTheMark(limits: object) {
  const set = setUp({ timings, limits: { socketHighWaterMarkBytes: 1_000, ...limits } });
  const socket = new RecordingSocket(set.gateway);
  socket.send(identify('g'));
  await set.clock.settle();
  socket.stuck = true;
  await set.gateway.publish('g', long(1_500));
  await set.clock.settle();
  expect(socket.bufferedBytes).toBeGreaterThan(1_000);
  return { ...set, socket };
}

describe('room in a socket is found at the next write, without a drain or a sweep', () => {
  test('by a message of its group: who was answered over the mark is read from again under it', async () => {
    const { clock, gateway, socket } = await overTheMark({});
    socket.send({ type: 'nonsense' });
    expect(socket.reading).toBe(false);
    socket.bufferedBytes = 700;
    await gateway.publish('g', 1);
    await clock.settle();
    expect(socket.reading).toBe(true);
    // Over half of the mark: nothing is written that the log can keep.
    expect(socket.data).toHaveLength(1);
  });

  test('by an answer: a move that waited for it goes on', async () => {
    const { clock, gateway, socket } = await overTheMark({ messagesPerSecondMax: 1, messagesBurst: 3 });
    await gateway.publish('g', 'last words');
    await clock.settle();
    socket.send(identify('h'));
    await clock.settle();
    expect(gateway.connections()[0]?.groups).toEqual(['g']);
    socket.bufferedBytes = 0;
    socket.stuck = false;
    // One too many, which is answered at once.
    for (let n = 0; n < 2; n += 1) socket.send({ type: 'heartbeat' });
    await clock.settle();
    expect(gateway.connections()[0]?.groups).toEqual(['h']);
    expect(socket.data.at(-1)).toBe('last words');
  });
});
