/** First byte of an unfragmented text frame: FIN and opcode 1 (RFC 6455 §5.2). */
const FIN_TEXT = 0x81;

/**
 * One unmasked, unfragmented text frame, as a server sends it (RFC 6455 §5.1, §5.2).
 * A string with lone surrogates is framed with U+FFFD in their place: what goes out is always UTF-8.
 */
export function textFrame(text: string): Buffer {
  return framed(FIN_TEXT, Buffer.byteLength(text), (frame, at) => frame.write(text, at));
}

/** A frame of `length` payload bytes, which `fill` writes from `at` on. */
export function framed(firstByte: number, length: number, fill: (frame: Buffer, at: number) => void): Buffer {
  const at = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(at + length);
  frame[0] = firstByte;
  if (at === 2) {
    frame[1] = length;
  } else if (at === 4) {
    frame[1] = 126;
    frame[2] = length >>> 8;
    frame[3] = length & 0xff;
  } else {
    frame[1] = 127;
    frame.writeUInt32BE(Math.floor(length / 2 ** 32), 2);
    frame.writeUInt32BE(length % 2 ** 32, 6);
  }
  fill(frame, at);
  return frame;
}

/** What a frame of `framed` carries. */
export function payloadOf(frame: Buffer): Buffer {
  const marker = frame[1] as number;
  return frame.subarray(marker < 126 ? 2 : marker === 126 ? 4 : 10);
}
