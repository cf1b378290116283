import { writeTextFrame } from '../transport/frame.js';

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
