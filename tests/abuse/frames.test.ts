import { constants } from 'node:buffer';
import { expect, test } from 'vitest';
import { closePayload, type FrameParts, frame, OPCODE } from './support/frames.js';
import { attacked } from './support/rig.js';

const MESSAGE = '{"type":"heartbeat"}';
/** Ends in the middle of a character of three bytes. */
const HALF_A_CHARACTER = Buffer.from('{"€').subarray(0, -1);
/** An overlong encoding of `/`, a surrogate, and a code point beyond Unicode: forbidden by RFC 3629 §3 and §10. */
const NOT_UTF8 = { overlong: [0xc0, 0xaf], surrogate: [0xed, 0xa0, 0x80], beyond: [0xf4, 0x90, 0x80, 0x80] };

const text = (payload: Uint8Array | number[]): FrameParts[] => [{ payload: Buffer.from(payload as number[]) }];
const close = (payload: Uint8Array): FrameParts[] => [{ opcode: OPCODE.close, payload }];

/** RFC 6455, by section; what of it `ws` or the gateway finds does not matter to a client. */
const VIOLATIONS: [what: string, code: number, frames: FrameParts[]][] = [
  ...[1, 2, 3, 4, 5, 6, 7].map((rsv): [string, number, FrameParts[]] => [
    `reserved bits ${rsv.toString(2).padStart(3, '0')} (§5.2)`,
    1002,
    [{ payload: MESSAGE, rsv }],
  ]),
  ['reserved bits in a control frame (§5.2)', 1002, [{ opcode: OPCODE.ping, rsv: 4 }]],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): [string, number, FrameParts[]] => [
    `reserved opcode ${opcode} (§5.2)`,
    1002,
    [{ payload: MESSAGE, opcode }],
  ]),
  ['an unmasked text frame (§5.1)', 1002, [{ payload: MESSAGE, masked: false }]],
  ['an unmasked ping (§5.1)', 1002, [{ opcode: OPCODE.ping, masked: false }]],
  ['an unmasked close frame (§5.1)', 1002, [{ opcode: OPCODE.close, masked: false }]],
  ['a fragmented ping (§5.5)', 1002, [{ opcode: OPCODE.ping, fin: false }]],
  ['a fragmented pong (§5.5)', 1002, [{ opcode: OPCODE.pong, fin: false }]],
  ['a fragmented close frame (§5.5)', 1002, [{ opcode: OPCODE.close, fin: false }]],
  ['a ping of 126 bytes (§5.5)', 1002, [{ opcode: OPCODE.ping, payload: 'x'.repeat(126) }]],
  ['a pong of 70,000 bytes (§5.5)', 1002, [{ opcode: OPCODE.pong, payload: 'x'.repeat(70_000) }]],
  ['a close frame of 126 bytes (§5.5)', 1002, close(closePayload(1000, 'x'.repeat(124)))],
  ['a continuation of nothing (§5.4)', 1002, [{ opcode: OPCODE.continuation, payload: MESSAGE }]],
  ['a continuation after a whole message (§5.4)', 1002, [{ payload: MESSAGE }, { opcode: OPCODE.continuation }]],
  ['a new message inside a fragmented one (§5.4)', 1002, [{ payload: '{', fin: false }, { payload: MESSAGE }]],
  ['a close frame of one byte (§5.5.1)', 1002, close(Buffer.from([3]))],
  ...[0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map((code): [string, number, FrameParts[]] => [
    `close code ${code} (§7.4)`,
    1002,
    close(closePayload(code)),
  ]),
  ['a text that is no UTF-8 (§8.1)', 1007, text([0x22, 0xff, 0x22])],
  ['a text with an overlong character (§8.1)', 1007, text(NOT_UTF8.overlong)],
  ['a text with a surrogate in UTF-8 (§8.1)', 1007, text(NOT_UTF8.surrogate)],
  ['a text beyond Unicode (§8.1)', 1007, text(NOT_UTF8.beyond)],
  ['a text that ends inside a character (§8.1)', 1007, text(HALF_A_CHARACTER)],
  [
    'a fragmented text whose fragments are no UTF-8 together (§8.1)',
    1007,
    [
      { payload: HALF_A_CHARACTER, fin: false },
      { opcode: OPCODE.continuation, payload: '"}' },
    ],
  ],
  ['a close reason that is no UTF-8 (§5.5.1)', 1007, close(closePayload(1000, Buffer.from(NOT_UTF8.surrogate)))],
  ['a binary message', 1003, [{ opcode: OPCODE.binary, payload: MESSAGE }]],
  ['an empty binary message', 1003, [{ opcode: OPCODE.binary }]],
  [
    'a fragmented binary message',
    1003,
    [
      { opcode: OPCODE.binary, payload: '{', fin: false },
      { opcode: OPCODE.continuation, payload: '}' },
    ],
  ],
  ['a header that declares one byte over messageBytesMax', 1009, [{ declared: 262_145 }]],
  [
    'fragments that are over messageBytesMax together',
    1009,
    [
      { payload: 'x'.repeat(200_000), fin: false },
      { opcode: OPCODE.continuation, declared: 62_145 },
    ],
  ],
  ['a header that declares 2^53 bytes', 1009, [{ declared: 2n ** 53n }]],
  ['a header that declares 2^63 bytes (§5.2)', 1009, [{ declared: 2n ** 63n }]],
  ['a header that declares 2^64 - 1 bytes (§5.2)', 1009, [{ declared: 2n ** 64n - 1n }]],
  [
    'one fragment more than messageFragmentsMax',
    1008,
    [{ payload: '{', fin: false }, ...Array.from({ length: 1024 }, () => ({ opcode: OPCODE.continuation, fin: false }))],
  ],
];

test.each(VIOLATIONS)('%s is closed with %i [R16] [R17] [R18] [R19] [R24] [R217]', (_what, code, frames) =>
  attacked({}, async (rig) => {
    const member = await rig.identified('g');
    member.write(Buffer.concat(frames.map(frame)));
    expect((await member.closeFrame()).code).toBe(code);
    // What is told inside is what was sent.
    expect(rig.disconnects.map((event) => event.code)).toEqual([code]);
  }),
);

test.each([1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 4200, 4999])('close code %i is answered in kind [R223]', (code) =>
  attacked({}, async (rig) => {
    const member = await rig.identified('g');
    member.write(frame({ opcode: OPCODE.close, payload: closePayload(code, 'why') }));
    expect((await member.closeFrame()).code).toBe(code);
    await rig.onlyBystanderIsLeft();
    expect(rig.disconnects).toMatchObject([{ code, reason: 'why' }]);
  }),
);

test('a fragmented text with pings between its fragments, inside a character, is one message', () =>
  attacked({}, async (rig) => {
    const member = await rig.identified('g');
    const bytes = Buffer.from(JSON.stringify({ type: 'data_update', payload: { data: '€' } }));
    const cut = bytes.indexOf('€') + 1;
    member.write(frame({ payload: bytes.subarray(0, cut), fin: false }));
    member.write(frame({ opcode: OPCODE.ping, payload: 'still here?' }));
    member.write(frame({ opcode: OPCODE.continuation, fin: false }));
    member.write(frame({ opcode: OPCODE.continuation, payload: bytes.subarray(cut) }));
    let next = await member.frame();
    while (next.opcode !== OPCODE.pong) next = await member.frame();
    expect(next.payload.toString()).toBe('still here?');
    expect((await member.nextOf('data_update')).payload.data).toBe('€');
  }));

test.each([2, 8] as const)('a length in %i bytes where one would do is read for what it says, as ws reads it', (lengthBytes) =>
  attacked({}, async (rig) => {
    const member = await rig.identified('g');
    member.write(frame({ payload: JSON.stringify({ type: 'data_update', payload: { data: 1 } }), lengthBytes }));
    expect((await member.nextOf('data_update')).payload.data).toBe(1);
  }),
);

test('without messageBytesMax, a message longer than a string can be is closed with 1009', () =>
  attacked({ limits: { messageBytesMax: 0, bytesBurst: 0 } }, async (rig) => {
    const member = await rig.identified('g');
    member.write(frame({ declared: constants.MAX_STRING_LENGTH + 1 }));
    expect((await member.closeFrame()).code).toBe(1009);
  }));
