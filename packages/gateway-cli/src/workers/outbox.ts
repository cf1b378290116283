import type { Duplex } from 'node:stream';
import type { Clock } from 'gateway-core';

/** Memory that frames are put together in. */
const SLAB_BYTES = 64 * 1024;
const LENGTH_BYTES = 4;

/** What goes over one socket: the frames of a turn of the event loop are one write. */
export class Outbox {
  #slab = Buffer.allocUnsafe(SLAB_BYTES);
  /** Where in the slab what was not handed to the socket begins, and ends. */
  #start = 0;
  #end = 0;
  #isScheduled = false;

  /** @param written is told after the kernel has taken a write. */
  constructor(
    private readonly socket: Duplex,
    private readonly clock: Pick<Clock, 'setImmediate'>,
    private readonly written: () => void = () => {},
  ) {}

  /** What the kernel has not taken yet, in bytes. */
  get waitingBytes(): number {
    return this.socket.writableLength + this.#end - this.#start;
  }

  /**
   * Adds a frame.
   * @param bytesMax how long it can be at most.
   * @param write puts it into a buffer from an offset on. @returns where it ends.
   */
  add(bytesMax: number, write: (buffer: Buffer, offset: number) => number): void {
    if (this.socket.destroyed) return;
    this.#schedule();
    if (this.#slab.length - this.#end < LENGTH_BYTES + bytesMax) {
      this.#handOver();
      this.#slab = Buffer.allocUnsafe(Math.max(SLAB_BYTES, LENGTH_BYTES + bytesMax));
      this.#start = 0;
      this.#end = 0;
    }
    const from = this.#end + LENGTH_BYTES;
    const end = write(this.#slab, from);
    this.#slab.writeUInt32LE(end - from, this.#end);
    this.#end = end;
  }

  /** Writes what there is, without waiting for the end of the turn. */
  flush(): void {
    if (this.#end === this.#start || this.socket.destroyed) return;
    this.#handOver(this.written);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.socket.cork();
    this.clock.setImmediate(() => {
      this.#isScheduled = false;
      this.flush();
      this.socket.uncork();
    });
  }

  #handOver(written?: () => void): void {
    if (this.#end === this.#start) return;
    this.socket.write(this.#slab.subarray(this.#start, this.#end), written);
    this.#start = this.#end;
  }
}
