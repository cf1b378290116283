import { randomFillSync } from 'node:crypto';

/** Opcodes of RFC 6455 §5.2. */
export const OPCODE = { text: 0x1, binary: 0x2, close: 0x8, ping: 0x9, pong: 0xa } as const;

/** Bytes of a client frame's header (RFC 6455 §5.2): two, the extended length, and the masking key. */
export function headerLength(payloadLength: number): number {
  if (payloadLength < 126) return 6;
  return payloadLength < 65_536 ? 8 : 14;
}

const KEYS = Buffer.alloc(4096);
let nextKey = KEYS.length;

/** A masking key from a pool of random bytes: a key for each frame (RFC 6455 §5.3) without a system call for each. */
function takeKey(): number {
  if (nextKey === KEYS.length) {
    randomFillSync(KEYS);
    nextKey = 0;
  }
  nextKey += 4;
  return nextKey - 4;
}

/**
 * Masks the payload that already lies at `offset + headerLength(length)` and writes the frame's header before it.
 * Returns the offset after the frame.
 */
export function frameInPlace(target: Buffer, offset: number, opcode: number, length: number): number {
  let at = offset;
  target[at++] = 0x80 | opcode;
  if (length < 126) {
    target[at++] = 0x80 | length;
  } else if (length < 65_536) {
    target[at++] = 0x80 | 126;
    at = target.writeUInt16BE(length, at);
  } else {
    target[at++] = 0x80 | 127;
    at = target.writeUInt32BE(0, at);
    at = target.writeUInt32BE(length, at);
  }
  const key = takeKey();
  at += KEYS.copy(target, at, key, key + 4);
  for (let i = 0; i < length; i++) target[at + i]! ^= KEYS[key + (i & 3)]!;
  return at + length;
}

/** One masked client frame. */
export function encodeFrame(opcode: number, payload: string | Buffer): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  const header = headerLength(bytes.length);
  const frame = Buffer.allocUnsafe(header + bytes.length);
  bytes.copy(frame, header);
  frameInPlace(frame, 0, opcode, bytes.length);
  return frame;
}
