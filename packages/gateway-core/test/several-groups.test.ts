import { expect, test } from 'vitest';
import { long } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { setUp } from './support/set-up.js';

test('room that is noticed as one group is written serves the others that wait for it too (FC_SEED=7, run 24381)', async () => {
  const { clock, gateway } = setUp({ limits: { socketHighWaterMarkBytes: 1_000 }, timings: { heartbeatTimeoutMs: 600_000 } });
  const socket = new RecordingSocket(gateway);
  const resume = { groups: { g: {}, h: {} } };
  socket.send({ type: 'identify', version: '2', payload: { clientType: 'app-client', resume } });
  await clock.advance(1_000);
  socket.stuck = true;
  await gateway.publish('g', `1 ${long(1_200)}`);
  await clock.settle();
  await gateway.publish('h', '2 waits');
  await clock.settle();
  expect(socket.data).toHaveLength(1);
  // Taken without a word, as by a socket whose own mark was not reached.
  socket.stuck = false;
  socket.bufferedBytes = 0;
  await gateway.publish('g', '3 finds the room');
  await clock.settle();
  expect(socket.data.map((text) => Number.parseInt(text as string, 10))).toEqual([1, 3, 2]);
});
