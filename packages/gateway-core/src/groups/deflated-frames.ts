import { deflatedFrame } from '../transport/deflate.js';

/** What is kept beside a frame; about, `group-memory.test.ts` compares. */
const OVERHEAD_BYTES = 300;

/** The compressed frames of a log, each made when the first receiver that takes it reads. */
export class DeflatedFrames {
  readonly #frames = new Map<number, Buffer>();

  get(seq: number): Buffer | undefined {
    return this.#frames.get(seq);
  }

  /** Compresses a message's frame, and answers what that costs, in bytes. Nothing is kept where it does not pay. */
  add(seq: number, frame: Buffer): number {
    const deflated = deflatedFrame(frame);
    if (deflated === frame) return 0;
    this.#frames.set(seq, deflated);
    return deflated.length + OVERHEAD_BYTES;
  }

  /** Forgets that of a message that leaves the log, and answers the bytes that this frees. */
  drop(seq: number): number {
    const deflated = this.#frames.get(seq);
    if (deflated === undefined) return 0;
    this.#frames.delete(seq);
    return deflated.length + OVERHEAD_BYTES;
  }
}
