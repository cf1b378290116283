/** First byte of an unfragmented text frame: FIN and opcode 1 (RFC 6455 §5.2). */
const FIN_TEXT = 0x81;

/**
 * One unmasked, unfragmented text frame, as a server sends it (RFC 6455 §5.1, §5.2).
 * A string with lone surrogates is framed with U+FFFD in their place: what goes out is always UTF-8.
 */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  if (length < 126) {
    const frame = Buffer.allocUnsafe(2 + length);
    frame[0] = FIN_TEXT;
    frame[1] = length;
    frame.write(text, 2);
    return frame;
  }
  if (length < 65_536) {
    const frame = Buffer.allocUnsafe(4 + length);
    frame[0] = FIN_TEXT;
    frame[1] = 126;
    frame[2] = length >>> 8;
    frame[3] = length & 0xff;
    frame.write(text, 4);
    return frame;
  }
  const frame = Buffer.allocUnsafe(10 + length);
  frame[0] = FIN_TEXT;
  frame[1] = 127;
  frame.writeUInt32BE(Math.floor(length / 2 ** 32), 2);
  frame.writeUInt32BE(length % 2 ** 32, 6);
  frame.write(text, 10);
  return frame;
}
