import { expect, test } from 'vitest';
import { identify, say } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { setUp } from './support/set-up.js';

const limits = { messagesPerSecondMax: 0, bytesPerSecondMax: 0 };

/** A socket of a host's own transport that breaks its contract. */
class ThrowingSocket extends RecordingSocket {
  throws = false;

  override write(frames: Buffer): boolean {
    if (this.throws) throw new Error('no socket any more');
    return super.write(frames);
  }
}

test('a socket that throws ends its connection, is reported, and costs nobody a message', async () => {
  // With half of four messages a flush comes in the middle of the turn, and another one at its end.
  const { gateway, clock, events } = setUp({ limits: { ...limits, logMessagesMax: 4 } });
  const talker = new RecordingSocket(gateway);
  const broken = new ThrowingSocket(gateway);
  const other = new RecordingSocket(gateway);
  const elsewhere = new RecordingSocket(gateway);
  for (const socket of [talker, broken, other]) socket.send(identify('g'));
  elsewhere.send(identify('h'));
  await clock.advance(1_000);
  broken.throws = true;
  talker.send(say(1));
  talker.send(say(2));
  elsewhere.send(say('x'));
  await clock.settle();
  talker.send(say(3));
  elsewhere.send(say('y'));
  await clock.settle();
  expect(talker.data).toEqual([1, 2, 3]);
  expect(other.data).toEqual([1, 2, 3]);
  expect(elsewhere.data).toEqual(['x', 'y']);
  expect(broken.closes).toEqual([{ code: 1013, reason: 'the socket failed' }]);
  expect(events('error')).toMatchObject([{ where: 'socket', error: new Error('no socket any more') }]);
});
