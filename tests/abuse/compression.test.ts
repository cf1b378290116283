import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type FrameParts, frame, OPCODE } from './support/frames.js';
import { handshake, type RawClient } from './support/raw-client.js';
import { attacked, type Rig } from './support/rig.js';

const OFFER = ['Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover'];
const RSV1 = 4;
const MB = 1024 * 1024;

/** A message's payload compressed (RFC 7692 §7.2.1); these have no tail to leave out, because they end their stream. */
const deflated = (payload: string | Uint8Array) => deflateRawSync(payload);
const compressed = (payload: string | Uint8Array): FrameParts => ({ payload: deflated(payload), rsv: RSV1 });
const bomb = deflated(Buffer.alloc(200 * MB, 'x'));
const GARBAGE = Buffer.alloc(1_000, 0xff);

const member = (rig: Rig): Promise<RawClient> => rig.identified('g', OFFER);

const FAULTS: [what: string, code: number, frames: FrameParts[]][] = [
  ['200 MB in 200 KB', 1009, [{ payload: bomb, rsv: RSV1 }]],
  [
    '200 MB in fragments',
    1009,
    [
      { payload: bomb.subarray(0, 100), rsv: RSV1, fin: false },
      { opcode: OPCODE.continuation, payload: bomb.subarray(100, 1_000), fin: false },
      { opcode: OPCODE.continuation, payload: bomb.subarray(1_000) },
    ],
  ],
  ['one byte over messageBytesMax', 1009, [compressed('x'.repeat(262_145))]],
  ['what does not inflate', 1007, [{ payload: GARBAGE, rsv: RSV1 }]],
  ['what inflates to no UTF-8', 1007, [compressed(Uint8Array.of(0x22, 0xff, 0x22))]],
  ['a binary message', 1003, [{ ...compressed('{}'), opcode: OPCODE.binary }]],
  ['a compressed ping (RFC 7692 §6.1)', 1002, [{ opcode: OPCODE.ping, payload: 'x', rsv: RSV1 }]],
  [
    'a continuation with RSV1 (RFC 7692 §6.1)',
    1002,
    [
      { payload: '{', fin: false },
      { opcode: OPCODE.continuation, payload: '}', rsv: RSV1 },
    ],
  ],
  ['RSV2 beside RSV1', 1002, [{ payload: deflated('{}'), rsv: RSV1 | 2 }]],
  [
    'empty fragments without end',
    1008,
    [{ rsv: RSV1, fin: false }, ...Array.from({ length: 1_100 }, () => ({ opcode: OPCODE.continuation, fin: false }))],
  ],
];

test.each(FAULTS)('with compression, %s is closed with %i', (_what, code, frames) =>
  attacked({ perMessageDeflate: true }, async (rig) => {
    const before = process.memoryUsage.rss();
    const client = await member(rig);
    client.write(Buffer.concat(frames.map(frame)));
    expect((await client.closeFrame()).code).toBe(code);
    expect(rig.disconnects.map((event) => event.code)).toEqual([code]);
    expect(process.memoryUsage.rss() - before).toBeLessThan(96 * MB);
  }),
);

test('20 bombs at once are all closed with 1009, and the bystander is served meanwhile', () =>
  attacked({ perMessageDeflate: true }, async (rig) => {
    const before = process.memoryUsage.rss();
    const clients = await Promise.all(Array.from({ length: 20 }, () => member(rig)));
    for (const client of clients) client.write(frame({ payload: bomb, rsv: RSV1 }));
    await rig.bystanderIsServed();
    for (const client of clients) expect((await client.closeFrame()).code).toBe(1009);
    expect(process.memoryUsage.rss() - before).toBeLessThan(96 * MB);
  }));

test('a compressed message counts in bytesPerSecondMax what it inflates to', () =>
  attacked({ perMessageDeflate: true, limits: { bytesBurst: 300_000 } }, async (rig) => {
    const client = await member(rig);
    const message = frame(compressed(`{"type":"heartbeat","id":"m-1","pad":"${'x'.repeat(200_000)}"}`));
    client.write(Buffer.concat([message, message]));
    expect((await client.nextOf('error')).payload.code).toBe('RATE_LIMITED');
  }));

test('a reset while messages are inflated leaves nothing behind', () =>
  attacked({ perMessageDeflate: true }, async (rig) => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => member(rig)));
    for (const client of clients) {
      client.write(
        frame({ payload: deflated(JSON.stringify({ type: 'heartbeat', pad: randomBytes(90_000).toString('hex') })), rsv: RSV1 }),
      );
      client.reset();
    }
    await rig.onlyBystanderIsLeft();
    expect(rig.disconnects).toHaveLength(20);
  }));

test.each([
  ['a window of 99 bits', 'permessage-deflate; server_max_window_bits=99'],
  ['a window of no number', 'permessage-deflate; server_max_window_bits=x'],
  ['a parameter twice', 'permessage-deflate; client_no_context_takeover; client_no_context_takeover'],
  ['a parameter that is unknown', 'permessage-deflate; bomb'],
  ['no token at all', ';;,,=="'],
  ['a thousand offers', Array(1_000).fill('x').join(',').concat(',')],
])('an offer of extensions with %s is refused with 400', (_what, offer) =>
  attacked({ perMessageDeflate: true }, async (rig) => {
    const client = await rig.tcp();
    client.write(handshake('/rt', [`Sec-WebSocket-Extensions: ${offer}`]));
    expect(await client.head()).toMatch(/^HTTP\/1\.1 400 /);
    await client.ended();
  }),
);
