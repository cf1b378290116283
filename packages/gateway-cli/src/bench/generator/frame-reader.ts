import type { Inflater } from './inflater.js';

/** Gets each whole frame of a server: its opcode, and its payload as `buffer[start … end)`, valid only during the call. */
export interface FrameSink {
  onFrame(opcode: number, buffer: Buffer, start: number, end: number): void;
}

/** A server frame's header is at most this long: two bytes and eight of extended length (RFC 6455 §5.2). */
const HEADER_MAX = 10;
/** Longer than anything a gateway sends in one frame; beyond it the stream is taken to be out of step. */
const FRAME_BYTES_MAX = 64 * 1024 * 1024;

/** Set in the first byte of a frame whose payload is compressed (RFC 7692 §6). */
const RSV1 = 0x40;

/** Bytes of the frame that begins at `start`, or 0 while its header is not complete. `extensions`: the bits that may be set for them. */
function frameSize(buffer: Buffer, start: number, end: number, extensions: number): number {
  if (end - start < 2) return 0;
  const first = buffer[start]!;
  const length = buffer[start + 1]!;
  // Neither other extensions nor fragments nor masks: nothing was negotiated, and no server of the bench splits a message.
  if ((first & 0xf0 & ~extensions) !== 0x80 || (length & 0x80) !== 0)
    throw new Error(`unexpected frame header 0x${buffer.toString('hex', start, start + 2)}`);
  if (length < 126) return 2 + length;
  if (length === 126) return end - start < 4 ? 0 : 4 + ((buffer[start + 2]! << 8) | buffer[start + 3]!);
  if (end - start < HEADER_MAX) return 0;
  const size = HEADER_MAX + buffer.readUInt32BE(start + 2) * 2 ** 32 + buffer.readUInt32BE(start + 6);
  if (size > FRAME_BYTES_MAX) throw new Error(`frame of ${size} bytes`);
  return size;
}

/**
 * Walks the frames in what a socket received: reads headers and steps over payloads. Only a frame that reaches over the end of
 * a chunk is copied.
 */
export class FrameReader {
  private readonly sink: FrameSink;
  private rest: Buffer | undefined;
  private restLength = 0;
  private readonly extensions: number;

  /** `inflater`: given where messages may be compressed. */
  constructor(
    sink: FrameSink,
    private readonly inflater: Inflater | undefined = undefined,
  ) {
    this.sink = sink;
    this.extensions = inflater === undefined ? 0 : RSV1;
  }

  /** Takes the first `length` bytes of `chunk`, which the caller may use again afterwards. @throws Error where RFC 6455 is broken. */
  push(chunk: Buffer, length: number): void {
    let at = this.restLength > 0 ? this.completeRest(chunk, length) : 0;
    while (at < length) {
      const size = frameSize(chunk, at, length, this.extensions);
      if (size === 0 || at + size > length) break;
      this.emit(chunk, at, size);
      at += size;
    }
    if (at < length) this.keep(chunk, at, length);
  }

  private emit(buffer: Buffer, start: number, size: number): void {
    const length = buffer[start + 1]!;
    const header = length < 126 ? 2 : length === 126 ? 4 : HEADER_MAX;
    const first = buffer[start]!;
    if ((first & RSV1) === 0) {
      this.sink.onFrame(first & 0x0f, buffer, start + header, start + size);
      return;
    }
    const text = this.inflater!.inflate(buffer, start + header, start + size);
    this.sink.onFrame(first & 0x0f, text, 0, text.length);
  }

  /** Adds to the kept beginning of a frame what it lacks, and no more. Returns where the next frame begins in the chunk. */
  private completeRest(chunk: Buffer, length: number): number {
    let at = 0;
    while (at < length) {
      const size = frameSize(this.rest!, 0, this.restLength, this.extensions);
      // Without a whole header the size is unknown: one more byte, then look again.
      const wanted = size === 0 ? this.restLength + 1 : size;
      const end = Math.min(length, at + wanted - this.restLength);
      this.keep(chunk, at, end, wanted);
      at = end;
      if (size > 0 && this.restLength === size) {
        this.restLength = 0;
        this.emit(this.rest!, 0, size);
        return at;
      }
    }
    return at;
  }

  private keep(chunk: Buffer, from: number, to: number, capacity = HEADER_MAX): void {
    const needed = Math.max(this.restLength + to - from, capacity);
    if (this.rest === undefined || this.rest.length < needed) {
      const larger = Buffer.allocUnsafeSlow(needed);
      this.rest?.copy(larger, 0, 0, this.restLength);
      this.rest = larger;
    }
    this.restLength += chunk.copy(this.rest, this.restLength, from, to);
  }
}
