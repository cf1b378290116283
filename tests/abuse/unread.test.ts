import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { textOf } from './support/frames.js';
import { HeldAnswer } from './support/held-answer.js';
import type { RawClient } from './support/raw-client.js';
import { attacked, type Rig } from './support/rig.js';

/** Rates that nobody reaches, so that what is behind them is tested. */
const NO_RATES = { messagesPerSecondMax: 0, bytesPerSecondMax: 0, errorsPerSecondMax: 0 };
const KB = 1024;
const MB = 1024 * KB;
/** Room for everything that a test process does besides; each of these floods is far larger. */
const MEMORY_ROOM = 96 * MB;

/** A member that sends and does not read, and the gateway's end of its connection. */
async function deaf(rig: Rig): Promise<{ client: RawClient; socket: Socket }> {
  const client = await rig.identified('g');
  const socket = rig.sockets.at(-1)!;
  client.freeze();
  return { client, socket };
}

test('a client that publishes and never reads costs the log and one high-water mark, then is closed as too slow', () =>
  attacked({ limits: NO_RATES }, async (rig) => {
    const { client, socket } = await deaf(rig);
    const message = textOf({ type: 'data_update', payload: { data: 'x'.repeat(200 * KB) } });
    const before = process.memoryUsage.rss();
    let [sent, mostOwed, mostLogged] = [0, 0, 0];
    while (rig.disconnects.length === 0 && sent < 400 * MB) {
      client.write(message);
      sent += message.length;
      await rig.bystanderIsServed();
      mostOwed = Math.max(mostOwed, socket.writableLength);
      mostLogged = Math.max(mostLogged, rig.gateway.stats().logBytes);
    }
    expect(rig.disconnects).toMatchObject([{ code: 1013 }]);
    expect(rig.gateway.stats().slowConsumersTotal).toBe(1);
    // `socketHighWaterMarkBytes` and one write of the same size; `logBytesMax` and what waits for the end of the turn.
    expect(mostOwed).toBeLessThanOrEqual(2 * 256 * KB);
    expect(mostLogged).toBeLessThanOrEqual(MB + 2 * 256 * KB);
    expect(process.memoryUsage.rss() - before).toBeLessThan(MEMORY_ROOM);
    // It does not answer the close frame either.
    await rig.pass(6_000);
    await rig.onlyBystanderIsLeft();
  }));

/** What is answered at length, so that it takes few to fill the buffers of the kernel. */
const ANSWERED: [what: string, type: string, message: object][] = [
  ['errors', 'error', { type: 'nonsense'.repeat(8), id: 'i'.repeat(128) }],
  ['readies', 'ready', { type: 'identify', payload: { clientType: 'app-client', metadata: { text: 'm'.repeat(4_000) } } }],
];

test.each(ANSWERED)(
  'a client that does not read its %s is not read from, and gets all of them once it reads',
  (_what, type, message) =>
    attacked({ limits: NO_RATES }, async (rig) => {
      const { client, socket } = await deaf(rig);
      const batch = Buffer.concat(Array.from({ length: 100 }, () => textOf(message)));
      let [sent, mostOwed] = [0, 0];
      const flood = async (): Promise<void> => {
        client.write(batch);
        sent += 100;
        await rig.bystanderIsServed();
        mostOwed = Math.max(mostOwed, socket.writableLength);
      };
      while (!socket.isPaused()) await flood();
      const { bytesRead } = socket;
      for (let index = 0; index < 20; index += 1) await flood();
      // 20 floods are far more than what a paused socket of Node takes in ahead, one read.
      expect(socket.bytesRead - bytesRead).toBeLessThanOrEqual(64 * KB);
      // `socketHighWaterMarkBytes`, and the answers to what the last read of 64 KB brought.
      expect(mostOwed).toBeLessThan(512 * KB);
      client.thaw();
      for (let answered = 0; answered < sent; answered += 1) await client.nextOf(type);
      await client.roundTrip();
    }),
);

test('a client whose socket takes nothing for slowConsumerTimeoutMs is closed with 1013', () =>
  attacked({ limits: { ...NO_RATES, logBytesMax: 0, logMessagesMax: 0 } }, async (rig) => {
    const { socket } = await deaf(rig);
    while (socket.writableLength < 256 * KB) await rig.gateway.publish('g', 'x'.repeat(200 * KB));
    await rig.pass(14_000);
    expect(rig.disconnects).toEqual([]);
    await rig.pass(2_000);
    expect(rig.disconnects).toMatchObject([{ code: 1013 }]);
    await rig.pass(6_000);
    await rig.onlyBystanderIsLeft();
  }));

test('a client that is always behind but reads on is not too slow', () =>
  attacked(
    { limits: { ...NO_RATES, logBytesMax: 0, logMessagesMax: 0 }, timings: { heartbeatTimeoutMs: 100_000 } },
    async (rig) => {
      const { client, socket } = await deaf(rig);
      // More than the kernel's buffers take in all rounds together.
      for (let bytes = 0; bytes < 32 * MB; bytes += 200 * KB) await rig.gateway.publish('g', 'x'.repeat(200 * KB));
      for (let round = 0; round < 4; round += 1) {
        const drained = new Promise((resolve) => socket.once('drain', resolve));
        client.thaw();
        await drained;
        client.freeze();
        expect(socket.writableLength).toBeGreaterThanOrEqual(256 * KB);
        await rig.pass(10_000);
        expect(rig.disconnects).toEqual([]);
      }
    },
  ));

test('a client that floods while a hook decides on it is not read from, and nothing that it said is lost', () => {
  const answer = new HeldAnswer();
  const authenticate = ({ token }: { token?: string }) => token !== 'slow' || answer.wait();
  return attacked({ authenticate, limits: NO_RATES }, async (rig) => {
    const client = await rig.identified('g');
    const socket = rig.sockets.at(-1)!;
    client.send({ type: 'identify', payload: { clientType: 'app-client', groupId: 'h', token: 'slow' } });
    let said = 0;
    const flood = async (): Promise<void> => {
      const messages = Array.from({ length: 1_000 }, (_, n) => textOf({ type: 'data_update', payload: { data: said + n } }));
      said += messages.length;
      client.write(Buffer.concat(messages));
      await rig.bystanderIsServed();
    };
    while (!socket.isPaused()) await flood();
    const { bytesRead } = socket;
    for (let index = 0; index < 10; index += 1) await flood();
    // What a paused socket of Node takes in ahead is one read, and these are ten.
    expect(socket.bytesRead - bytesRead).toBeLessThanOrEqual(64 * KB);
    answer.give();
    for (let n = 0; n < said; n += 1) {
      expect(await client.nextOf('data_update')).toMatchObject({ groupId: 'h', seq: n + 1, payload: { data: n } });
    }
  });
});
