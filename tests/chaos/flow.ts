import type { Socket } from 'node:net';

/** What a network does to everything that passes it. */
export interface Weather {
  /** Each way. */
  delayMs: number;
  /** Up to so much more, another for each piece; what was sent first still comes first. */
  jitterMs: number;
  /** `Infinity`: as fast as it can. */
  bytesPerSecond: number;
  /** Nothing moves; it goes on when this is `false` again. */
  isHeld: boolean;
}

/** So much is on the way at once; then the sender is not read from, and sees a full buffer. */
const ON_THE_WAY_MAX = 65_536;
/** A slow link gives what it carries little by little. */
const PIECE_BYTES = 2_048;
const POLL_MS = 10;

/** One direction of a connection: what is read from one socket is written to the other, after its time. */
export class Flow {
  /** What comes is dropped from here on, and neither end is told. */
  isLost = false;
  readonly #queue: { bytes: Buffer | 'end'; dueMs: number }[] = [];
  #waiting = 0;
  #lastMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
    private readonly weather: Weather,
    private readonly random: () => number,
  ) {
    from.on('data', (bytes: Buffer) => this.#take(bytes));
    from.on('end', () => this.#add('end', 0));
  }

  /** Forgets what is on the way. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#queue.length = 0;
  }

  #take(bytes: Buffer): void {
    if (this.isLost) return;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      this.#add(piece, (piece.length / this.weather.bytesPerSecond) * 1_000);
    }
    if (this.#waiting > ON_THE_WAY_MAX) this.from.pause();
  }

  #add(bytes: Buffer | 'end', takesMs: number): void {
    if (this.isLost) return;
    const { delayMs, jitterMs } = this.weather;
    this.#lastMs = Math.max(this.#lastMs + takesMs, performance.now() + delayMs + this.random() * jitterMs + takesMs);
    this.#queue.push({ bytes, dueMs: this.#lastMs });
    if (bytes !== 'end') this.#waiting += bytes.length;
    if (this.#timer === undefined) this.#move();
  }

  #move(): void {
    this.#timer = undefined;
    while (!this.weather.isHeld) {
      const next = this.#queue[0];
      if (next === undefined || this.to.destroyed) return;
      const inMs = next.dueMs - performance.now();
      // A link has no memory of its own: what the receiver does not take stays on the way, and its sender waits.
      if (inMs > 1 || this.to.writableNeedDrain) {
        this.#later(Math.max(inMs, POLL_MS));
        return;
      }
      this.#queue.shift();
      this.#give(next.bytes);
    }
    this.#later(POLL_MS);
  }

  #give(bytes: Buffer | 'end'): void {
    if (bytes === 'end') {
      if (!this.isLost) this.to.end();
      return;
    }
    this.#waiting -= bytes.length;
    if (this.#waiting <= ON_THE_WAY_MAX) this.from.resume();
    if (!this.isLost) this.to.write(bytes);
  }

  #later(ms: number): void {
    this.#timer = setTimeout(() => this.#move(), ms);
  }
}
