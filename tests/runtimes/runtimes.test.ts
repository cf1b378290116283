import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { frame, OPCODE, textOf } from '../abuse/support/frames.js';
import { handshake, RawClient } from '../abuse/support/raw-client.js';
import { selfSigned } from '../shared-server/support/self-signed.js';
import { CLI, RUNTIMES, Running, SERVING } from './runtimes.js';

const KB = 1024;
const NO_RATES = { messagesPerSecondMax: 0, bytesPerSecondMax: 0, errorsPerSecondMax: 0 };
/** An answer of this length is compressed, and is short then. */
const LONG = 'long '.repeat(2_000);

describe.each(RUNTIMES)('on $name', ({ program, args }) => {
  // Skipped where the binary does not come for the platform.
  const on = test.skipIf(program === undefined);

  async function cli(...flags: string[]) {
    const running = new Running(program as string, [
      ...args,
      CLI,
      'serve',
      '--port',
      '0',
      '--host',
      '127.0.0.1',
      '--no-pretty',
      ...flags,
    ]);
    const { port } = await running.line(({ msg }) => msg.startsWith('listening on ws://'));
    return { running, port: Number(port) };
  }

  async function serving(options: object) {
    const running = new Running(program as string, [...args, SERVING, JSON.stringify(options)]);
    const { port } = await running.line((line) => line.port !== undefined);
    return { running, port: Number(port) };
  }

  on('gateway-cli serve answers /health, and drains at SIGTERM: clients are told, and it ends with code 0', async () => {
    const { running, port } = await cli();
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    const client = await RawClient.open(port);
    await client.identify('g');
    running.kill('SIGTERM');
    expect((await client.closeFrame()).code).toBe(1012);
    client.write(frame({ opcode: OPCODE.close, payload: Buffer.from([3, 244]) }));
    expect(await running.exit).toEqual([0, null]);
    expect(await running.stderr).toBe('');
  });

  on.each([
    ['a path that is not served', 404, handshake('/other')],
    ['an origin that is not allowed', 403, handshake('/rt', ['Origin: https://other.example'])],
    ['a version that nobody speaks', 426, handshake().replace('Version: 13', 'Version: 7')],
    ['a key that is none', 400, handshake().replace(/Key: .*/, 'Key: short')],
  ])('a handshake with %s is refused with %i', async (_what, status, request) => {
    const { port } = await cli('--allowed-origin', 'https://app.example');
    const client = await RawClient.tcp(port);
    client.write(request);
    expect(await client.head()).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  });

  on('a silent client is pinged, and closed with 4200 where it does not answer', async () => {
    const { port } = await cli('--heartbeat-interval-ms', '60', '--heartbeat-timeout-ms', '200', '--sweep-interval-ms', '20');
    const client = await RawClient.open(port);
    const opcodes: number[] = [];
    for (;;) {
      const { opcode, payload } = await client.frame();
      opcodes.push(opcode);
      if (opcode === OPCODE.close) {
        expect(payload.readUInt16BE(0)).toBe(4200);
        break;
      }
    }
    expect(opcodes).toContain(OPCODE.ping);
  });

  on('a client that comes back misses nothing', async () => {
    const { port } = await cli();
    const identify = { clientType: 'app-client', groupId: 'g' };
    const [ada, bob, back] = [await RawClient.open(port), await RawClient.open(port), await RawClient.open(port)];
    await ada.nextOf('ready');
    ada.send({ type: 'identify', version: '2', payload: identify });
    const ready = await ada.nextOf('ready');
    const { epoch, seq } = (await ada.nextOf('sync')).payload;
    await bob.identify('g');
    ada.reset();
    const sent = Array.from({ length: 50 }, (_, n) => n);
    for (const n of sent) bob.send({ type: 'data_update', payload: { data: n } });
    await bob.roundTrip();
    const resume = { token: ready.payload.resume.token, groups: { g: { epoch, seq } } };
    await back.nextOf('ready');
    back.send({ type: 'identify', version: '2', payload: { clientType: 'app-client', resume } });
    expect((await back.nextOf('ready')).payload).toMatchObject({ resumed: true, memberId: ready.payload.memberId });
    const got: unknown[] = [];
    for (let message = await back.message(); message.type !== 'sync'; message = await back.message())
      if (message.type === 'data_update') got.push(message.payload.data);
    expect(got.slice(0, -1)).toEqual(sent);
  });

  on.each([
    ['over TCP', false],
    ['over TLS', true],
  ])('%s messages are compressed where a client agrees, and the same as sent', async (_over, tls) => {
    const { port } = await serving({ perMessageDeflate: true, ...(tls && { tls: selfSigned() }) });
    const client = new WebSocket(`${tls ? 'wss' : 'ws'}://127.0.0.1:${port}/rt`, { rejectUnauthorized: false });
    const messages: Record<string, { data?: string }>[] = [];
    client.on('message', (text) => messages.push(JSON.parse(String(text))));
    await once(client, 'open');
    expect(client.extensions).toContain('permessage-deflate');
    client.send(JSON.stringify({ type: 'identify', payload: { clientType: 'app-client', groupId: 'g' } }));
    client.send(JSON.stringify({ type: 'data_update', payload: { data: LONG } }));
    while (messages.at(-1)?.payload?.data === undefined) await once(client, 'message');
    expect(messages.at(-1)?.payload?.data).toBe(LONG);
    // @ts-expect-error Not in its types: what came over the connection.
    expect(client._socket.bytesRead).toBeLessThan(LONG.length / 2);
    client.terminate();
  });

  on.each<[string, number, Buffer[]]>([
    ['a message beyond messageBytesMax', 1009, [textOf({ type: 'x', payload: 'x'.repeat(257 * KB) })]],
    ['a length beyond messageBytesMax that is only declared', 1009, [frame({ declared: 1n << 40n })]],
    [
      'a fragmented message beyond messageBytesMax',
      1009,
      Array.from({ length: 5 }, (_, n) => frame({ opcode: n === 0 ? 1 : 0, fin: false, payload: 'x'.repeat(64 * KB) })),
    ],
    ['an unmasked frame', 1002, [frame({ payload: '{}', masked: false })]],
    ['reserved bits', 1002, [frame({ payload: '{}', rsv: 1 })]],
    ['a reserved opcode', 1002, [frame({ opcode: 3 })]],
    ['a text that is no UTF-8', 1007, [frame({ payload: Buffer.from([0x22, 0xff, 0x22]) })]],
    ['a binary message', 1003, [frame({ opcode: OPCODE.binary, payload: 'x' })]],
  ])('%s is closed with %i', async (_what, code, frames) => {
    const { port } = await cli('--bytes-per-second-max', '0', '--close-timeout-ms', '200');
    const client = await RawClient.open(port);
    await client.identify('g');
    client.write(Buffer.concat(frames));
    expect((await client.closeFrame()).code).toBe(code);
    await client.ended();
  });

  on('more fragments than messageFragmentsMax are closed with 1008', async () => {
    const { port } = await cli('--bytes-per-second-max', '0');
    const client = await RawClient.open(port);
    await client.identify('g');
    const parts = [...JSON.stringify({ type: 'data_update', payload: { data: 'x'.repeat(1_100) } })];
    const frames = parts.map((payload, n) =>
      frame({ opcode: n === 0 ? OPCODE.text : OPCODE.continuation, fin: n === parts.length - 1, payload }),
    );
    client.write(Buffer.concat(frames));
    expect((await client.closeFrame()).code).toBe(1008);
  });

  on('a client that sends fragments of a message that never ends is closed with 4200', async () => {
    const { port } = await cli('--heartbeat-interval-ms', '60', '--heartbeat-timeout-ms', '200', '--sweep-interval-ms', '20');
    const client = await RawClient.open(port);
    client.write(frame({ payload: '{', fin: false }));
    for (;;) {
      const { opcode, payload } = await client.frame();
      // One more for each of the gateway's pings, which it does not answer otherwise.
      if (opcode === OPCODE.ping) client.write(frame({ opcode: OPCODE.continuation, fin: false }));
      if (opcode !== OPCODE.close) continue;
      expect(payload.readUInt16BE(0)).toBe(4200);
      break;
    }
  });

  on('a client that pings and never reads costs bounded memory, and others are served', async () => {
    const { running, port } = await cli('--close-timeout-ms', '500');
    const [deaf, other] = [await RawClient.open(port), await RawClient.open(port)];
    await deaf.identify('g');
    await other.identify('g');
    deaf.freeze();
    const pings = Buffer.concat(Array.from({ length: 2_000 }, () => frame({ opcode: OPCODE.ping, payload: 'x'.repeat(125) })));
    const before = running.residentBytes();
    for (let bytes = 0; bytes < 64 * KB * KB && !deaf.closed; bytes += pings.length) {
      deaf.write(pings);
      await other.roundTrip();
    }
    expect(running.residentBytes() - before).toBeLessThan(32 * KB * KB);
  });

  on('a ping is answered amid messages, with its own payload', async () => {
    const { port } = await cli();
    const client = await RawClient.open(port);
    await client.identify('g');
    for (let n = 0; n < 50; n += 1) {
      client.send({ type: 'data_update', payload: { data: n } });
      client.write(frame({ opcode: OPCODE.ping, payload: `ping ${n}` }));
    }
    const pongs: string[] = [];
    const data: number[] = [];
    while (pongs.length < 50 || data.length < 50) {
      const { opcode, payload } = await client.frame();
      if (opcode === OPCODE.pong) pongs.push(payload.toString());
      else if (opcode === OPCODE.text) {
        const message = JSON.parse(payload.toString());
        if (message.type === 'data_update') data.push(message.payload.data);
      }
    }
    expect(pongs).toEqual(data.map((n) => `ping ${n}`));
    expect(data).toEqual(Array.from({ length: 50 }, (_, n) => n));
  });

  on('a client that does not read its answers is not read from, and gets all of them once it reads', async () => {
    const { running, port } = await serving({ limits: NO_RATES });
    const [deaf, other] = [await RawClient.open(port), await RawClient.open(port)];
    await deaf.identify('g');
    await other.identify('g');
    deaf.freeze();
    const before = running.residentBytes();
    const batch = Buffer.concat(Array.from({ length: 100 }, () => textOf({ type: 'nonsense'.repeat(8), id: 'i'.repeat(128) })));
    // What the gateway does not read stays with the client, once the kernel holds no more.
    let sent = 0;
    for (; deaf.unsentBytes < 8 * KB * KB; sent += 100) {
      expect(sent * (batch.length / 100)).toBeLessThan(64 * KB * KB);
      deaf.write(batch);
      if (sent % 10_000 === 0) await other.roundTrip();
    }
    expect(running.residentBytes() - before).toBeLessThan(64 * KB * KB);
    deaf.thaw();
    for (let answered = 0; answered < sent; answered += 1) await deaf.nextOf('error');
    await deaf.roundTrip();
  });

  on('a member that stands still until its socket is full gets everything once it reads', async () => {
    const { port } = await serving({ limits: { ...NO_RATES, logBytesMax: 64 * KB * KB } });
    const [still, other] = [await RawClient.open(port), await RawClient.open(port)];
    await still.identify('g');
    await other.identify('g');
    still.freeze();
    const sent = Array.from({ length: 160 }, (_, n) => n);
    // Beyond what the kernel takes: 4 MiB for one that does not read, and as much on its side.
    const fill = 'x'.repeat(100 * KB);
    for (const n of sent) {
      other.send({ type: 'data_update', payload: { data: { n, fill } } });
      if (n % 10 === 9) await other.roundTrip();
    }
    still.thaw();
    const got: number[] = [];
    while (got.length < sent.length) {
      const { n } = (await still.nextOf('data_update')).payload.data;
      if (n !== undefined) got.push(n);
    }
    expect(got).toEqual(sent);
  });

  on('a client that publishes and never reads is closed as too slow, and others are served', async () => {
    const { running, port } = await serving({ limits: NO_RATES });
    const [slow, other] = [await RawClient.open(port), await RawClient.open(port)];
    await slow.identify('g');
    await other.identify('g');
    slow.freeze();
    const message = textOf({ type: 'data_update', payload: { data: 'x'.repeat(200 * KB) } });
    const before = running.residentBytes();
    const ended = running.line(({ disconnect }) => disconnect !== undefined);
    let over = false;
    void ended.then(() => {
      over = true;
    });
    for (let sent = 0; !over && sent < 400 * KB * KB; sent += message.length) {
      slow.write(message);
      await other.roundTrip();
    }
    expect(over).toBe(true);
    expect(await ended).toEqual({ disconnect: 1013 });
    expect(running.residentBytes() - before).toBeLessThan(96 * KB * KB);
    await other.roundTrip();
  });
});
