import { payloadOf } from '../transport/frame.js';

/** Whole, unmasked text frames (RFC 6455 §5.2), as a gateway writes them, one by one. */
export function* framesOf(frames: Buffer): Generator<Buffer> {
  for (let at = 0; at < frames.length; ) {
    if (frames[at] !== 0x81) throw new Error(`not an unfragmented text frame: it begins with 0x${frames[at]?.toString(16)}`);
    let length = frames[at + 1] as number;
    let start = at + 2;
    if (length === 126) {
      length = frames.readUInt16BE(start);
      start += 2;
    } else if (length === 127) {
      length = Number(frames.readBigUInt64BE(start));
      start += 8;
    }
    const end = start + length;
    if (end > frames.length) throw new Error('a frame ends before its payload does');
    yield frames.subarray(at, end);
    at = end;
  }
}

/** The payloads of whole, unmasked text frames. */
export function* textsOf(frames: Buffer): Generator<string> {
  for (const frame of framesOf(frames)) yield payloadOf(frame).toString();
}
