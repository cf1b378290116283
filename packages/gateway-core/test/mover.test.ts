import { expect, test } from 'vitest';
import { identify, long, say } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { setUp } from './support/set-up.js';

test('a mover is in its new group before a listener of its leave can need the room', async () => {
  const { gateway, clock } = setUp({ limits: { groupsMax: 2 } });
  const mover = new RecordingSocket(gateway);
  mover.send(identify('old'));
  await clock.settle();
  const refusals: unknown[] = [];
  gateway.on('leave', () => gateway.publish('third', 1).catch((error: unknown) => refusals.push(error)));
  mover.send(identify('new'));
  await clock.settle();
  mover.send(say('hello'));
  await clock.settle();
  expect(mover.data).toEqual(['hello']);
  expect(gateway.groups().map(({ groupId }) => groupId)).toContain('new');
  expect(refusals).toEqual([]);
});

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
  expect(saidBeforeLeave).toBeGreaterThan(2);
  expect(mover.data).toEqual(said.slice(0, saidBeforeLeave));
});
