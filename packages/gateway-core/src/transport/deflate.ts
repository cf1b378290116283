import { constants, deflateRawSync } from 'node:zlib';
import { headerLength, payloadOf, writeHeader } from './frame.js';

/** First byte of an unfragmented, compressed text frame: FIN, RSV1 and opcode 1 (RFC 7692 §6). */
const FIN_RSV1_TEXT = 0xc1;
/** A shorter payload goes out as it is: deflating it costs more than it saves. */
const THRESHOLD_BYTES = 1_024;

/**
 * The same message compressed, as a frame of its own: without the context of any other message it is right for every receiver, so it
 * is made once (RFC 7692 §7.2.1). Answers the frame itself where compression does not pay.
 */
export function deflatedFrame(frame: Buffer): Buffer {
  const payload = payloadOf(frame);
  if (payload.length < THRESHOLD_BYTES) return frame;
  const deflated = deflateRawSync(payload, { level: constants.Z_BEST_SPEED, finishFlush: constants.Z_SYNC_FLUSH });
  // The last four bytes, 00 00 ff ff, are left out; the receiver puts them back.
  const length = deflated.length - 4;
  const compressed = Buffer.allocUnsafeSlow(headerLength(length) + length);
  deflated.copy(compressed, writeHeader(compressed, 0, FIN_RSV1_TEXT, length), 0, length);
  return compressed.length < frame.length ? compressed : frame;
}
