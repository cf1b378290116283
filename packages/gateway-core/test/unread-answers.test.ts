import { describe, expect, test } from 'vitest';
import { waitOn } from './support/asynchronous.js';
import { heartbeat, long, say } from './support/messages.js';
import { RecordingSocket } from './support/recording-socket.js';
import { setUp } from './support/set-up.js';
import { limits, timings, upTo, withSlow } from './support/slow-member.js';

describe('a client that does not read its answers', () => {
  test('is not read from, until it has', async () => {
    const { slow } = await withSlow();
    for (let n = 0; n < 100 && slow.reading; n += 1) slow.send({ type: 'hello', id: long(100) });
    expect(slow.reading).toBe(false);
    expect(slow.bufferedBytes).toBeLessThan(4_000);
    slow.drain();
    expect(slow.reading).toBe(true);
    expect(slow.flow).toEqual(['pause', 'resume']);
    slow.stuck = true;
    for (let n = 0; n < 100 && slow.reading; n += 1) slow.send({ type: 'hello', id: long(100) });
    expect(slow.flow).toEqual(['pause', 'resume', 'pause']);
  });

  test('of dialect 2, which are the acks of what it says, is not read from either', async () => {
    const { clock, gateway } = setUp({ limits: { socketHighWaterMarkBytes: 1_000, messagesPerSecondMax: 0 } });
    const socket = new RecordingSocket(gateway);
    socket.send({ type: 'identify', version: '2', payload: { clientType: 'app-client', groupId: 'g' } });
    await clock.advance(1_000);
    socket.stuck = true;
    const ids: string[] = [];
    while (ids.length < 100 && socket.reading) {
      ids.push(`${ids.length} ${long(100)}`);
      socket.send(say(ids.length, { id: ids.at(-1) }));
      await clock.settle();
    }
    expect(socket.reading).toBe(false);
    expect(socket.bufferedBytes).toBeLessThan(4_000);
    socket.drain();
    expect(socket.reading).toBe(true);
    await clock.settle();
    const received = socket.received as { type: string; payload: { id?: string } }[];
    expect(received.flatMap(({ type, payload }) => (type === 'ack' ? [payload.id] : []))).toEqual(ids);
    expect(socket.data).toHaveLength(ids.length);
  });

  test('still lives for as long as heartbeatTimeoutMs, no longer', async () => {
    const { clock, slow } = await withSlow({ timings: { heartbeatTimeoutMs: 25_000, slowConsumerTimeoutMs: 0 } });
    while (slow.reading) slow.send({ type: 'hello', id: long(100) });
    await clock.advance(25_000);
    expect(slow.closes).toMatchObject([{ code: 4200 }]);
  });

  test('is read from again when it is being closed, or the answer to the close frame would not be seen', async () => {
    const { gateway, slow } = await withSlow();
    while (slow.reading) slow.send({ type: 'hello', id: long(100) });
    gateway.disconnect(gateway.connections()[1]?.connectionId as string);
    expect(slow.closes).toMatchObject([{ code: 4003 }]);
    expect(slow.reading).toBe(true);
  });

  test('reads on where it stopped, in order', async () => {
    const { clock, join } = setUp({ limits });
    const client = await join('g');
    client.stopReading();
    for (let n = 0; n < 60; n += 1) client.send({ type: 'hello', id: `${n}${long(100)}` });
    client.send(heartbeat());
    client.send(say('after all of them'));
    await clock.settle();
    client.startReading();
    for (let turns = 0; turns < 10; turns += 1) {
      await clock.settle();
      client.startReading();
    }
    const replies = client.received.flatMap((message) => (message.type === 'error' ? [message.payload.inReplyTo] : []));
    expect(replies).toEqual(upTo(60).map((n) => `${n}${long(100)}`));
    expect(client.data).toEqual(['after all of them']);
  });

  test('is read from once they were taken, though its groups fill its socket up again', async () => {
    const { slow, sayAndSettle } = await withSlow();
    await sayAndSettle(...upTo(20));
    slow.send({ type: 'hello' });
    expect(slow.reading).toBe(false);
    slow.takeAll();
    expect(slow.bufferedBytes).toBeGreaterThan(1_000);
    expect(slow.reading).toBe(true);
  });

  test('and whose messages wait for a hook is read from when both are over', async () => {
    const { clock, slow } = await withSlow((fake) => ({
      limits: { ...limits, messagesPerSecondMax: 1, messagesBurst: 4, socketHighWaterMarkBytes: 1_000 },
      timings,
      authorize: ({ action }) => action === 'join' || waitOn(fake, 100)().then(() => true),
    }));
    slow.send(say('in the hook'));
    slow.send(say('waits'));
    expect(slow.flow).toEqual(['pause']);
    for (let n = 0; n < 10; n += 1) slow.listener.ping();
    expect(slow.bufferedBytes).toBeGreaterThan(1_000);
    await clock.advance(200);
    expect(slow.flow).toEqual(['pause']);
    slow.drain();
    expect(slow.flow).toEqual(['pause', 'resume']);
  });

  test('is not read from while the gateway closes and waits for it, either', async () => {
    const { clock, gateway, slow, sayAndSettle } = await withSlow();
    await sayAndSettle(...upTo(20));
    const closing = gateway.close({ graceMs: 10_000 });
    await clock.settle();
    for (let n = 0; n < 100 && slow.reading; n += 1) slow.send({ type: 'hello', id: long(100) });
    expect(slow.reading).toBe(false);
    slow.drain();
    await clock.settle();
    expect(slow.closes).toMatchObject([{ code: 1012 }]);
    slow.listener.closed(1012, '');
    await closing;
  });
});
