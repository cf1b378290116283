/** First byte of an unfragmented text frame: FIN and opcode 1 (RFC 6455 §5.2). */
export const FIN_TEXT = 0x81;

/** Bytes before the payload of an unmasked frame (RFC 6455 §5.2). */
export function headerLength(payloadLength: number): number {
  return payloadLength < 126 ? 2 : payloadLength < 65_536 ? 4 : 10;
}

/** Bytes of an unmasked frame. */
export function frameLength(payloadLength: number): number {
  return headerLength(payloadLength) + payloadLength;
}

/** Writes the header of an unmasked, unfragmented frame and returns where its payload begins. */
export function writeHeader(target: Buffer, at: number, firstByte: number, payloadLength: number): number {
  target[at] = firstByte;
  if (payloadLength < 126) {
    target[at + 1] = payloadLength;
    return at + 2;
  }
  if (payloadLength < 65_536) {
    target[at + 1] = 126;
    target[at + 2] = payloadLength >>> 8;
    target[at + 3] = payloadLength & 0xff;
    return at + 4;
  }
  target[at + 1] = 127;
  target.writeUInt32BE(Math.floor(payloadLength / 2 ** 32), at + 2);
  target.writeUInt32BE(payloadLength % 2 ** 32, at + 6);
  return at + 10;
}

/**
 * Writes one text frame as a server sends it, and returns where it ends. A string with lone surrogates is written with U+FFFD in their
 * place: what goes out is always UTF-8.
 * @param payloadLength of `text` in UTF-8.
 */
export function writeTextFrame(target: Buffer, at: number, text: string, payloadLength: number): number {
  const payloadAt = writeHeader(target, at, FIN_TEXT, payloadLength);
  target.write(text, payloadAt, payloadLength);
  return payloadAt + payloadLength;
}

/** One text frame as a server sends it. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafe(headerLength(length) + length);
  writeTextFrame(frame, 0, text, length);
  return frame;
}

/** What an unmasked frame carries. */
export function payloadOf(frame: Buffer): Buffer {
  return frame.subarray(payloadStart(frame, 0));
}

/** Where the payload begins of an unmasked frame that begins at `at`. */
export function payloadStart(memory: Buffer, at: number): number {
  const marker = memory[at + 1] as number;
  return at + (marker < 126 ? 2 : marker === 126 ? 4 : 10);
}
