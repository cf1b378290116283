import { sampledTraceparent } from '../data-body.js';
import { payloadStart, writeTextFrame } from '../transport/frame.js';

/** A new slab is as large as what the log holds, within these bounds: small logs stay small, and a long one is few slabs. */
export const SLAB_BYTES_MIN = 512;
export const SLAB_BYTES_MAX = 64 * 1024;

const BEFORE_SEQ = '{"type":"data_update","seq":';
const COMMA = 0x2c;

/**
 * Consecutive frames in one piece of memory. It is only ever appended to, so what was given to a socket stays as it is; and a log of
 * many messages is few objects, which is what the garbage collector pays for.
 */
export class LogSlab {
  readonly #memory: Buffer;
  /** For each frame where it ends, then when it came in monotonic milliseconds: one array, for one is kept warm more easily than two. */
  readonly #marks: number[] = [];

  constructor(
    readonly firstSeq: number,
    size: number,
  ) {
    this.#memory = Buffer.allocUnsafeSlow(size);
  }

  get size(): number {
    return this.#memory.length;
  }

  get used(): number {
    return this.#endOf(this.lastSeq);
  }

  get lastSeq(): number {
    return this.firstSeq + this.#marks.length / 2 - 1;
  }

  /** Writes the next frame; there must be room for it. */
  append(text: string, payloadLength: number, now: number): void {
    this.#marks.push(writeTextFrame(this.#memory, this.used, text, payloadLength), now);
  }

  /** The traceparent of a message, where it has one with the flag `sampled`. */
  sampledTraceparentOf(seq: number): string | undefined {
    const memory = this.#memory;
    let at = payloadStart(memory, this.#endOf(seq - 1)) + BEFORE_SEQ.length;
    while (memory[at] !== COMMA) at += 1;
    return sampledTraceparent(memory, at + 1);
  }

  /** The frames from `first` on, in a slab of their own without room for more. */
  from(first: number): LogSlab {
    const start = this.#endOf(first - 1);
    const slab = new LogSlab(first, this.used - start);
    this.#memory.copy(slab.#memory, 0, start, this.used);
    for (let seq = first; seq <= this.lastSeq; seq += 1) slab.#marks.push(this.#endOf(seq) - start, this.timeOf(seq));
    return slab;
  }

  /** When a message came, in monotonic milliseconds. */
  timeOf(seq: number): number {
    return this.#marks[(seq - this.firstSeq) * 2 + 1] as number;
  }

  /** Bytes of the frames from `first` to `last`. */
  lengthOf(first: number, last: number): number {
    return this.#endOf(last) - this.#endOf(first - 1);
  }

  /** The frames from `first` to `last`, not copied. */
  frames(first: number, last: number): Buffer {
    return this.#memory.subarray(this.#endOf(first - 1), this.#endOf(last));
  }

  #endOf(seq: number): number {
    return seq < this.firstSeq ? 0 : (this.#marks[(seq - this.firstSeq) * 2] as number);
  }
}

/** A message's text, which its frame carries. */
export function textOf(seq: number, body: string): string {
  return `${BEFORE_SEQ}${seq},${body}`;
}
