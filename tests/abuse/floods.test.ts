import { expect, test } from 'vitest';
import { frame, OPCODE, textOf } from './support/frames.js';
import { attacked, POLL } from './support/rig.js';

/** Rates that nobody reaches, so that what is behind them is tested. */
const NO_RATES = { messagesPerSecondMax: 0, bytesPerSecondMax: 0, errorsPerSecondMax: 0 };

const heartbeats = (count: number) => Buffer.concat(Array.from({ length: count }, () => textOf({ type: 'heartbeat' })));

test('empty fragments without end are closed with 1008 at messageFragmentsMax [R19]', () =>
  attacked({ limits: NO_RATES }, async (rig) => {
    const member = await rig.identified('g');
    member.write(frame({ fin: false }));
    const empty = Buffer.concat(Array.from({ length: 2_000 }, () => frame({ opcode: OPCODE.continuation, fin: false })));
    member.write(empty);
    expect((await member.closeFrame()).code).toBe(1008);
  }));

test('as many fragments as messageFragmentsMax are one message', () =>
  attacked({ limits: { messageFragmentsMax: 50 } }, async (rig) => {
    const member = await rig.identified('g');
    const bytes = Buffer.from(JSON.stringify({ type: 'data_update', payload: { data: 'x'.repeat(100) } }));
    for (let index = 0; index < 50; index += 1) {
      const payload = index < 49 ? bytes.subarray(index, index + 1) : bytes.subarray(index);
      member.write(frame({ opcode: index === 0 ? OPCODE.text : OPCODE.continuation, fin: index === 49, payload }));
    }
    expect((await member.nextOf('data_update')).payload.data).toBe('x'.repeat(100));
  }));

test('a message that drips in byte by byte is closed with 1008 long before it is whole', () =>
  attacked({}, async (rig) => {
    const member = await rig.identified('g');
    member.write(frame({ payload: '"', declared: 200_000 }));
    let sent = 0;
    const closed = member.closeFrame();
    for (let open = true; open; sent += 1) {
      member.write('x');
      // A turn of the loop for each byte, so that the gateway gets each in a read of its own.
      open = await Promise.race([closed.then(() => false), new Promise<true>((resolve) => setImmediate(resolve, true))]);
    }
    expect((await closed).code).toBe(1008);
    expect(sent).toBeLessThan(5_000);
  }));

test('pings are answered while they are read, and in order', () =>
  attacked({}, async (rig) => {
    const member = await rig.identified('g');
    for (let round = 0; round < 20; round += 1) {
      for (let index = 0; index < 10; index += 1) member.write(frame({ opcode: OPCODE.ping, payload: `${round}:${index}` }));
      for (let index = 0; index < 10; index += 1) {
        let next = await member.frame();
        while (next.opcode !== OPCODE.pong) next = await member.frame();
        expect(next.payload.toString()).toBe(`${round}:${index}`);
      }
    }
  }));

test('a ping flood that reads no pongs is cut, and the pongs owed to it are bounded by socketHighWaterMarkBytes', () =>
  attacked({ limits: NO_RATES }, async (rig) => {
    const member = await rig.identified('g');
    const socket = rig.sockets.at(-1)!;
    member.freeze();
    let mostOwed = 0;
    const flood = Buffer.concat(Array.from({ length: 500 }, () => frame({ opcode: OPCODE.ping, payload: 'p'.repeat(125) })));
    await expect
      .poll(() => {
        member.write(flood);
        mostOwed = Math.max(mostOwed, socket.writableLength);
        return rig.disconnects.length;
      }, POLL)
      .toBe(1);
    expect(mostOwed).toBeGreaterThan(0);
    expect(mostOwed).toBeLessThanOrEqual(256 * 1024);
    await rig.onlyBystanderIsLeft();
  }));

for (const [what, opcode] of [
  ['pings', OPCODE.ping],
  ['pongs', OPCODE.pong],
] as const) {
  test(`a flood of ${what} is told RATE_LIMITED and then closed with 4100, like a flood of messages [R35]`, () =>
    attacked({}, async (rig) => {
      const member = await rig.identified('g');
      // All in one read: messagesBurst, 400, of which the identify was one; errorsBurst, 100; and the last one.
      member.write(Buffer.concat(Array.from({ length: 399 + 100 + 1 }, () => frame({ opcode }))));
      for (let index = 0; index < 101; index += 1) {
        expect((await member.nextOf('error')).payload).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 5 });
      }
      expect((await member.closeFrame()).code).toBe(4100);
    }));
}

test('over messagesBurst a message is RATE_LIMITED, passes after retryAfterMs, and those who go on are closed with 4100', () =>
  attacked({}, async (rig) => {
    const member = await rig.identified('g');
    member.write(heartbeats(400));
    const { payload } = await member.nextOf('error');
    expect(payload).toEqual({ code: 'RATE_LIMITED', message: expect.any(String), status: 429, retryable: true, retryAfterMs: 5 });
    await rig.clock.advance(payload.retryAfterMs);
    await member.roundTrip();
    // The error before this flood was the first of errorsBurst, 100.
    member.write(heartbeats(100));
    for (let index = 0; index < 100; index += 1) expect((await member.nextOf('error')).payload.code).toBe('RATE_LIMITED');
    expect((await member.closeFrame()).code).toBe(4100);
  }));

test('over bytesBurst a message is RATE_LIMITED, and not delivered', () =>
  attacked({ limits: { messageBytesMax: 1_000, bytesBurst: 1_500, bytesPerSecondMax: 1_000 } }, async (rig) => {
    const member = await rig.identified('g');
    const message = (n: number) => ({ type: 'data_update', payload: { data: `${n}${'x'.repeat(900)}` } });
    member.send(message(1));
    expect((await member.nextOf('data_update')).seq).toBe(1);
    member.send(message(2));
    const { payload } = await member.nextOf('error');
    expect(payload).toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: expect.any(Number) });
    await rig.clock.advance(payload.retryAfterMs);
    member.send(message(3));
    const { seq, payload: received } = await member.nextOf('data_update');
    expect([seq, received.data[0]]).toEqual([2, '3']);
  }));

test.each([
  ['what is not JSON', '{', 'BAD_JSON'],
  ['unknown types', { type: 'nonsense' }, 'UNKNOWN_TYPE'],
  ['messages to a group of others', { type: 'data_update', groupId: 'h', payload: { data: 1 } }, 'NOT_A_MEMBER'],
])('an error flood of %s is closed with 4002 after errorsBurst', (_what, message, code) =>
  attacked({}, async (rig) => {
    const member = await rig.identified('g');
    const flood = Buffer.concat(Array.from({ length: 150 }, () => textOf(message)));
    member.write(flood);
    for (let index = 0; index < 101; index += 1) expect((await member.nextOf('error')).payload.code).toBe(code);
    expect((await member.closeFrame()).code).toBe(4002);
  }),
);

test('a flood in one turn gets its answers up to the close, and nothing after it', () =>
  attacked({}, async (rig) => {
    const member = await rig.identified('g');
    const spoken = textOf({ type: 'data_update', payload: { data: 'after' } });
    member.write(Buffer.concat([...Array.from({ length: 101 }, () => textOf('{')), spoken]));
    await member.closeFrame();
    expect(rig.gateway.groups().find(({ groupId }) => groupId === 'g')?.position.seq).toBe(0);
  }));
