import { expect, test } from 'vitest';
import { identify, long, say } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { setUp } from './support/set-up.js';

test('a mover whose socket is full gets everything that was said before it left, whenever it was said', async () => {
  const { gateway, clock, join } = setUp({ limits: { socketHighWaterMarkBytes: 500, messagesBurst: 0 } });
  const mover = new RecordingSocket(gateway);
  mover.send(identify('old'));
  const speaker = await join('old');

  const said: unknown[] = [];
  let saidBeforeLeave = Number.NaN;
  const speak = (data: unknown) => {
    said.push(data);
    speaker.send(say(data));
  };
  gateway.on('leave', () => {
    saidBeforeLeave = said.length;
  });
  // Something is said in every step that the move takes; each message fills the socket, which drains now and then.
  mover.stuck = true;
  speak(long(600));
  speak(long(600));
  mover.send(identify('new'));
  for (let step = 1; Number.isNaN(saidBeforeLeave) && step < 1_000; step += 1) {
    await null;
    if (step % 10 === 0) mover.drain();
    mover.stuck = true;
    speak(step + long(600));
  }
  mover.drain();
  await clock.settle();
  expect(saidBeforeLeave).toBeGreaterThan(1);
  expect(mover.data).toEqual(said.slice(0, saidBeforeLeave));
});
