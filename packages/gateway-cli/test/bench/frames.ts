import { OPCODE } from '../../src/bench/generator/frame-writer.js';

/** A frame as a server sends it: unmasked. */
export function serverFrame(payload: string | Buffer, opcode: number = OPCODE.text): Buffer {
  const bytes = Buffer.from(payload as string);
  const { length } = bytes;
  let header: Buffer;
  if (length < 126) header = Buffer.from([0x80 | opcode, length]);
  else if (length < 65_536) header = Buffer.from([0x80 | opcode, 126, length >> 8, length & 0xff]);
  else {
    header = Buffer.alloc(10);
    header[0] = 0x80 | opcode;
    header[1] = 127;
    header.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([header, bytes]);
}

/** Takes client frames apart, as a server would (RFC 6455 §5.3). */
export function unmask(bytes: Buffer): { opcode: number; payload: string }[] {
  const frames = [];
  let at = 0;
  while (at < bytes.length) {
    const opcode = bytes[at]! & 0x0f;
    if ((bytes[at + 1]! & 0x80) === 0) throw new Error('a client frame without a mask');
    let length = bytes[at + 1]! & 0x7f;
    at += 2;
    if (length === 126) {
      length = bytes.readUInt16BE(at);
      at += 2;
    } else if (length === 127) {
      length = Number(bytes.readBigUInt64BE(at));
      at += 8;
    }
    const key = bytes.subarray(at, at + 4);
    at += 4;
    const payload = Buffer.from(bytes.subarray(at, at + length)).map((byte, i) => byte ^ key[i % 4]!);
    frames.push({ opcode, payload: Buffer.from(payload).toString() });
    at += length;
  }
  return frames;
}
