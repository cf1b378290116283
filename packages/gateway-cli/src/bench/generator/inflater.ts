import { constants, inflateRawSync } from 'node:zlib';

/** What a sender leaves out at the end of a compressed message (RFC 7692 §7.2.1). */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);
/** Messages that are remembered: more than are usually under way at once. */
const REMEMBERED = 16;

/** The request header for messages that are compressed, each by itself (RFC 7692). */
export const DEFLATE_HEADERS = {
  'Sec-WebSocket-Extensions': 'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
};

/**
 * Inflates messages that were compressed without the context of others. The same bytes, which many receive, are inflated once: one
 * inflater is to serve all clients of a run.
 */
export class Inflater {
  readonly #known: { compressed: Buffer; text: Buffer }[] = [];
  #oldest = 0;

  /** What `buffer[start … end)` is inflated to; to be read only. @throws Error where it is not compressed data. */
  inflate(buffer: Buffer, start: number, end: number): Buffer {
    for (const { compressed, text } of this.#known) {
      if (compressed.length === end - start && buffer.compare(compressed, 0, compressed.length, start, end) === 0) return text;
    }
    const compressed = Buffer.from(buffer.subarray(start, end));
    const text = inflateRawSync(Buffer.concat([compressed, TAIL]), { finishFlush: constants.Z_SYNC_FLUSH });
    this.#known[this.#oldest] = { compressed, text };
    this.#oldest = (this.#oldest + 1) % REMEMBERED;
    return text;
  }
}
