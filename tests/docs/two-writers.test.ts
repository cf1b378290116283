import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { createGateway, type Gateway } from 'gateway-core';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { closePayload, FrameReader, frame, OPCODE, type ReceivedFrame, textOf } from '../abuse/support/frames.js';
import { handshake } from '../abuse/support/raw-client.js';
import { selfSigned } from '../shared-server/support/self-signed.js';
import { read } from '../tidy/tree.js';

// What docs/adr/0002-raw-socket-frames.md says of two writers on one socket: the gateway's data frames, and the control frames of `ws`.

const GROUP = 'g';
/** What waits in the server's end, beyond what the kernel's buffers took: frames of both writers are then in one queue. */
const BACKLOG_BYTES = 2 * 1024 * 1024;
/** One for each length field of a frame (RFC 6455 §5.2), and beyond ASCII: bytes are not characters. */
const TEXTS = ['short', 'ü'.repeat(300), '→'.repeat(80_000)];
const PINGS = 40;
/** For what must come: how often to look, and a bound for the failing case. */
const SOON = { interval: 1, timeout: 10_000 };

interface Scene {
  gateway: Gateway;
  /** The server's end. */
  far: Socket;
  /** The client's end. */
  near: Socket;
  frames: ReceivedFrame[];
}

/** A member of the group whose client does not read, and a backlog for it. */
async function backlogged(tls: boolean): Promise<Scene & { messages: number }> {
  const certificate = tls ? selfSigned() : undefined;
  const server: Server = certificate ? createTlsServer(certificate) : createServer();
  let far: Socket | undefined;
  server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => {
    far = socket;
  });
  const limits = { logBytesMax: 0, logMessagesMax: 0, messagesPerSecondMax: 0, socketHighWaterMarkBytes: 4 * BACKLOG_BYTES };
  const gateway = createGateway({ server, limits: { ...limits, messageBytesMax: 1024 * 1024 } });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const near = certificate
    ? connectTls({ port, host: '127.0.0.1', ca: certificate.cert, servername: 'localhost' })
    : connect(port, '127.0.0.1');
  onTestFinished(async () => {
    near.destroy();
    await gateway.close();
    server.close();
  });
  near.on('error', () => {});
  await once(near, tls ? 'secureConnect' : 'connect');
  near.write(handshake());
  const frames = framesOf(near);
  near.write(textOf({ type: 'identify', payload: { clientType: 'app-client', groupId: GROUP } }));
  await vi.waitUntil(() => frames.length >= 3, SOON);
  near.pause();
  let messages = 0;
  for (; (far as Socket).writableLength < BACKLOG_BYTES; messages += 1) {
    await gateway.publish(GROUP, TEXTS[messages % TEXTS.length]);
    // The turn ends, and with it goes what it brought.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { gateway, far: far as Socket, near, frames, messages };
}

function framesOf(socket: Socket): ReceivedFrame[] {
  const frames: ReceivedFrame[] = [];
  const reader = new FrameReader();
  let head: Buffer | undefined = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    let bytes: Buffer = chunk;
    if (head !== undefined) {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) return;
      bytes = head.subarray(end + 4);
      head = undefined;
    }
    frames.push(...reader.read(bytes));
  });
  return frames;
}

const texts = (frames: ReceivedFrame[]) =>
  frames.filter(({ opcode }) => opcode === OPCODE.text).map(({ payload }) => JSON.parse(payload.toString()));
const updates = (frames: ReceivedFrame[]) => texts(frames).filter(({ type }) => type === 'data_update');

describe.each([
  ['TCP', false],
  ['TLS', true],
])('over %s', (_, tls) => {
  test('pongs stand between whole messages, however much of both waits for the socket', async () => {
    const { gateway, far, near, frames, messages } = await backlogged(tls);
    for (let n = 0; n < PINGS; n += 1) {
      // Not writableLength, which shrinks when the kernel takes more: this counts what waits as well, and only grows.
      const before = far.bytesWritten;
      near.write(frame({ opcode: OPCODE.ping, payload: `ping ${n}` }));
      await vi.waitUntil(() => far.bytesWritten > before, SOON);
      await gateway.publish(GROUP, TEXTS[n % TEXTS.length]);
    }
    near.resume();
    await vi.waitUntil(() => frames.at(-1)?.payload.includes(`"seq":${messages + PINGS},`), SOON);
    const pongs = frames.filter(({ opcode }) => opcode === OPCODE.pong).map(({ payload }) => payload.toString());
    expect(pongs).toEqual(Array.from({ length: PINGS }, (_, n) => `ping ${n}`));
    const received = updates(frames);
    expect(received.map(({ seq }) => seq)).toEqual(Array.from({ length: messages + PINGS }, (_, n) => n + 1));
    for (const [n, { payload }] of received.slice(0, messages).entries()) expect(payload.data).toBe(TEXTS[n % TEXTS.length]);
  });

  test.each<[string, (scene: Scene) => void, number]>([
    ['the gateway', ({ gateway }) => gateway.disconnect(gateway.connections()[0]?.connectionId as string, 4003), 4003],
    ['the client', ({ near }) => near.write(frame({ opcode: OPCODE.close, payload: closePayload(1000) })), 1000],
  ])('the close frame is the last, behind all that was written, where %s closes', async (_who, close, code) => {
    const scene = await backlogged(tls);
    const { gateway, far, near, frames, messages } = scene;
    const before = far.bytesWritten;
    close(scene);
    // The gateway's close frame, of its own accord or in answer.
    await vi.waitUntil(() => far.bytesWritten > before, SOON);
    await gateway.publish(GROUP, 'too late');
    near.resume();
    // The answer to a close frame of the gateway; where the client closed, this one is ignored.
    near.write(frame({ opcode: OPCODE.close, payload: closePayload(code) }));
    if (!near.destroyed) await once(near, 'close');
    const last = frames.at(-1);
    expect([last?.opcode, last?.payload.readUInt16BE(0)]).toEqual([OPCODE.close, code]);
    expect(updates(frames)).toHaveLength(messages);
  });
});

test('no data message goes through ws, whose asynchronous paths are for data alone', () => {
  expect(read('packages/gateway-core/src/transport/ws-transport.ts')).not.toMatch(/\.send\(/);
});
