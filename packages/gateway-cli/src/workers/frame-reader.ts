/** Of the length that stands in front of each frame. */
const LENGTH_BYTES = 4;
/** A length beyond it is none: the two ends do not speak of the same thing. */
const FRAME_BYTES_MAX = 256 * 1024 * 1024;

/** Cuts what a socket carries into frames: each is the length of what follows, in 32 bits, and that. */
export class FrameReader {
  #chunks: Buffer[] = [];
  /** Of the first chunk, what was read. */
  #offset = 0;
  /** What is there and was not read, in bytes. */
  #length = 0;
  /** How much must be there before it is worth a look. */
  #needed = LENGTH_BYTES;

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
  }

  /**
   * The next frame without its length: a view, which stays as it is. `undefined`: it has not all come.
   * @throws Error where what stands there can be no length.
   */
  next(): Buffer | undefined {
    if (this.#length < this.#needed) return undefined;
    const bytes = this.#whole();
    const length = bytes.readUInt32LE(this.#offset);
    if (length > FRAME_BYTES_MAX) throw new Error(`a frame of ${length} bytes`);
    this.#needed = LENGTH_BYTES + length;
    if (this.#length < this.#needed) return undefined;
    const from = this.#offset + LENGTH_BYTES;
    this.#offset = from + length;
    this.#length -= this.#needed;
    this.#needed = LENGTH_BYTES;
    if (this.#length === 0) this.#chunks = [];
    if (this.#length === 0) this.#offset = 0;
    return bytes.subarray(from, from + length);
  }

  /** What is there in one piece. A frame of many chunks is put together once, for nobody looks before it is needed. */
  #whole(): Buffer {
    if (this.#chunks.length > 1) {
      const [first = Buffer.alloc(0), ...rest] = this.#chunks;
      this.#chunks = [Buffer.concat([first.subarray(this.#offset), ...rest])];
      this.#offset = 0;
    }
    return this.#chunks[0] as Buffer;
  }
}
