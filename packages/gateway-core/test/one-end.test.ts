import { describe, expect, test } from 'vitest';
import { identify, long, say } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { setUp } from './support/set-up.js';
import { withSlow } from './support/slow-member.js';

/** A socket whose network fails in the middle of a write, once it is told to. */
class Failing extends RecordingSocket {
  fails = false;

  override write(frames: Buffer): boolean {
    if (this.fails) throw new Error('the network failed');
    return super.write(frames);
  }
}

describe('what comes to light while a connection ends does not change its end', () => {
  test.each([
    ['a kick', 4003, 'host'],
    ['its own close', 1000, 'client'],
  ] as const)('its socket fails with the last messages: %s', async (_, code, by) => {
    const set = setUp();
    const { clock, gateway, events } = set;
    const socket = new Failing(gateway);
    socket.send(identify('g'));
    await clock.advance(1_000);
    void gateway.publish('g', 'last words');
    socket.fails = true;
    if (by === 'host') gateway.disconnect(gateway.connections()[0]!.connectionId);
    else socket.listener.closed(1000, '');
    await clock.advance(10_000);
    expect(events('disconnect')).toMatchObject([{ code, by }]);
    expect(events('leave')).toHaveLength(1);
    expect(gateway.stats()).toMatchObject({ connections: 0, closing: 0, droppedMembers: 0 });
  });

  test('its log has moved on: it is not counted as too slow', async () => {
    const { clock, gateway, slow, sayAndSettle, events } = await withSlow({
      limits: { messagesPerSecondMax: 0, bytesPerSecondMax: 0, socketHighWaterMarkBytes: 3_000, logBytesMax: 4_000 },
    });
    await sayAndSettle(0, 1, 2, 3, 4);
    const id = gateway.connections()[1]!.connectionId;
    slow.send(say(long(3_900)));
    await clock.settle();
    gateway.disconnect(id);
    expect(events('disconnect')).toMatchObject([{ connectionId: id, code: 4003, by: 'host' }]);
    expect(gateway.stats()).toMatchObject({ slowConsumersTotal: 0 });
    slow.listener.closed(1006, '');
    await clock.settle();
    expect(events('disconnect')).toHaveLength(1);
  });
});
