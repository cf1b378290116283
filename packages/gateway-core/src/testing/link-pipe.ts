import { Writable } from 'node:stream';
import type { TimerHandle } from '../clock.js';
import type { LinkDirection, Piece, PipeOptions } from './link-direction.js';

/** Above this many bytes a socket's `write` answers `false`: the `writableHighWaterMark` of `net.Socket` in Node 20. */
const WRITABLE_HIGH_WATER_MARK_BYTES = 16 * 1024;
/** The payload of a TCP segment on Ethernet (RFC 9293 §3.7.1). */
const SEGMENT_BYTES = 1_460;
/** Stands for what is written: nobody looks at it. */
const FILLER = Buffer.alloc(4_096);
/** The most that Node reads from a socket at once. */
const READ_BYTES_MAX = 64 * 1024;

/**
 * One way of a link: the sender's socket and kernel, the wire, the receiver's kernel. The sender's socket is a stream of Node, as
 * `net.Socket` is one: when `write` says no, what is buffered, and when it has drained are Node's own answers.
 */
export class LinkPipe implements LinkDirection {
  readonly #sender: Writable;
  /** What the sender's socket has asked its kernel to take; it asks for nothing more before all of that was taken. */
  #request: { left: number; taken: () => void } | undefined;
  #kernelBytes = 0;
  #inFlightBytes = 0;
  #unreadBytes = 0;
  #transmitting: TimerHandle;
  /** Arrivals under way, the next one first. */
  #flight: (() => void)[] = [];
  #stalled = false;
  /** Arrivals whose time came while it was stalled. */
  #due = 0;
  /** What is not read yet, with the place in the stream where it ends. */
  #pieces: { endsAt: number; read: () => void }[] = [];
  #sentBytes = 0;
  #readBytes = 0;
  #reading = true;
  /** The receiver's process stands still. */
  #held = false;
  /** News that came meanwhile. */
  #untold: (() => void) | undefined;
  /** When the last segment arrives: none overtakes another. */
  #lastArrivalMs = 0;
  /** The receiver is being given what was read. */
  #givingOut = false;

  constructor(private readonly options: PipeOptions) {
    const request = (bytes: number, taken: () => void) => {
      this.#request = { left: bytes, taken };
      this.#fillKernel();
      this.#transmit();
    };
    this.#sender = new Writable({
      highWaterMark: WRITABLE_HIGH_WATER_MARK_BYTES,
      write: (chunk: Buffer, _encoding, taken) => request(chunk.length, taken),
      // What was written while the kernel took nothing is asked for as one, like `net.Socket` does.
      writev: (chunks, taken) => request(bytesOf(chunks.map(({ chunk }) => chunk)), taken),
    });
  }

  get bufferedBytes(): number {
    return this.#sender.writableLength;
  }

  get kernelBytes(): number {
    return this.#kernelBytes;
  }

  get inFlightBytes(): number {
    return this.#inFlightBytes;
  }

  get unreadBytes(): number {
    return this.#unreadBytes;
  }

  get reading(): boolean {
    return this.#reading && !this.#held;
  }

  /** Sends pieces as one write. `false`: the sender's socket wants to be waited for, and will drain. */
  send(...pieces: Piece[]): boolean {
    const before = this.#sentBytes;
    for (const { bytes, read } of pieces) {
      this.#sentBytes += bytes;
      this.#pieces.push({ endsAt: this.#sentBytes, read });
    }
    // As `ws-transport.ts` asks: what the kernel has taken is nothing to wait for.
    const bytes = this.#sentBytes - before;
    const filler = bytes > FILLER.length ? Buffer.alloc(bytes) : FILLER.subarray(0, bytes);
    return this.#sender.write(filler) || this.#sender.writableLength === 0;
  }

  /** Calls once when the sender's socket has drained: when its kernel has taken everything. */
  onceDrained(drained: () => void): void {
    this.#sender.once('drain', drained);
  }

  /** The receiver stops reading; once its buffer is full, the sender's kernel keeps the rest. */
  pause(): void {
    this.#reading = false;
  }

  /** The receiver reads on, in a later step, as in Node. */
  resume(): void {
    this.#reading = true;
    queueMicrotask(() => this.#read());
  }

  /** The receiver's process stands still: what arrives waits in its kernel, and so does the news of an end. */
  hold(): void {
    this.#held = true;
  }

  /** The receiver's process goes on. */
  release(): void {
    this.#held = false;
    const told = this.#untold;
    this.#untold = undefined;
    told?.();
    queueMicrotask(() => this.#read());
  }

  /** Tells the receiver, once its process goes on. */
  inform(told: () => void): void {
    if (this.#held) this.#untold ??= told;
    else told();
  }

  /** Nothing moves on the wire. */
  stall(): void {
    this.#stalled = true;
  }

  restore(): void {
    this.#stalled = false;
    while (this.#due > 0 && !this.#stalled) {
      this.#due -= 1;
      this.#flight.shift()?.();
    }
    this.#transmit();
  }

  /** The sender is gone: what it still had is lost, and the receiver is told after what is on the way already. */
  reset(told: () => void): void {
    this.#dropUnsent();
    this.#fly(() => {
      this.discard();
      this.inform(told);
    });
  }

  /** The receiver is gone: nothing arrives any more. */
  discard(): void {
    this.#dropUnsent();
    this.#flight = [];
    this.#due = 0;
    this.#inFlightBytes = 0;
    this.#unreadBytes = 0;
    this.#pieces = [];
  }

  #dropUnsent(): void {
    this.options.clock.clearTimeout(this.#transmitting);
    this.#transmitting = undefined;
    this.#request = undefined;
    this.#kernelBytes = 0;
    this.#sender.destroy();
  }

  #fillKernel(): void {
    const request = this.#request;
    if (request === undefined) return;
    const taken = Math.min(request.left, this.options.kernelBufferBytes - this.#kernelBytes);
    this.#kernelBytes += taken;
    request.left -= taken;
    if (request.left > 0) return;
    this.#request = undefined;
    request.taken();
  }

  /** Puts segments on the wire, one after the other, for as long as the receiver has room for them. */
  #transmit(): void {
    const { clock, bytesPerSecond, receiveBufferBytes } = this.options;
    while (this.#transmitting === undefined && !this.#stalled) {
      const room = receiveBufferBytes - this.#inFlightBytes - this.#unreadBytes;
      const bytes = Math.min(SEGMENT_BYTES, this.#kernelBytes, room);
      if (bytes === 0) return;
      if (bytesPerSecond === Number.POSITIVE_INFINITY) {
        this.#depart(bytes);
        continue;
      }
      const departed = () => {
        this.#transmitting = undefined;
        this.#depart(bytes);
        this.#transmit();
      };
      this.#transmitting = clock.setTimeout(departed, (bytes / bytesPerSecond) * 1_000);
    }
  }

  #depart(bytes: number): void {
    this.#kernelBytes -= bytes;
    this.#inFlightBytes += bytes;
    this.#fly(() => {
      this.#inFlightBytes -= bytes;
      this.#unreadBytes += bytes;
      this.#read();
    });
    this.#fillKernel();
  }

  #fly(arrive: () => void): void {
    this.#flight.push(arrive);
    const { clock, latencyMs } = this.options;
    const now = clock.monotonicMs();
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, now + latencyMs());
    if (this.#lastArrivalMs > now) clock.setTimeout(() => this.#land(), this.#lastArrivalMs - now);
    else this.#land();
  }

  #land(): void {
    if (this.#stalled) this.#due += 1;
    else this.#flight.shift()?.();
  }

  #read(): void {
    if (this.#givingOut) return;
    this.#givingOut = true;
    try {
      while (this.reading && this.#unreadBytes > 0) {
        const bytes = Math.min(this.#unreadBytes, READ_BYTES_MAX);
        this.#unreadBytes -= bytes;
        this.#readBytes += bytes;
        // All of it: who pauses in the middle of a read is given the rest of it all the same.
        for (let piece = this.#nextRead(); piece !== undefined; piece = this.#nextRead()) piece.read();
        this.#transmit();
      }
    } finally {
      this.#givingOut = false;
    }
  }

  #nextRead() {
    const [piece] = this.#pieces;
    return piece !== undefined && piece.endsAt <= this.#readBytes ? this.#pieces.shift() : undefined;
  }
}

function bytesOf(chunks: readonly Buffer[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0);
}
