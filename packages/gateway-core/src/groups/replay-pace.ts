import type { Clock, TimerHandle } from '../clock.js';
import { RateLimit } from '../rate-limit.js';
import type { SlicedTask, Slices } from '../slices.js';
import type { Cursor } from './cursor.js';

/** Who writes a replay. */
interface Replayer {
  /** Goes on with it. @returns units of work, a write to a socket being one. */
  replayOn(member: Cursor): number;
}

/** What a write counts as at least: it costs as much as writing so many bytes more. */
const WRITE_BYTES = 8 * 1024;
/** What may be written at once is what the rate allows in this time. */
const BURST_S = 0.1;
/** The shortest wait for more: so long together is fewer and larger pieces of work. */
const WAIT_MS = 10;

/**
 * Holds the replays of all groups together to a rate, so that a crowd that comes back at once leaves the time for what is live. Beyond it
 * they wait in a queue and take turns, one read of the log each.
 */
export class ReplayPace implements SlicedTask {
  readonly #rate: RateLimit;
  readonly #isOff: boolean;
  /** When as much may be written at once again as at first, in monotonic milliseconds. */
  #fullAt = Number.NEGATIVE_INFINITY;
  /** Places whose replay waits, the one that has waited longest first. */
  readonly #waiting = new Map<Cursor, Replayer>();
  /** Goes on behind those that have had their turn: to begin anew would be to look through all that have left. */
  #turns = this.#waiting.entries();
  /** Whose turn it is. */
  #turn: Cursor | undefined;
  /** Runs while the rate allows nothing more. */
  #timer: TimerHandle | undefined;
  /** `step` is to be called. */
  #queued = false;

  constructor(
    private readonly clock: Clock,
    private readonly slices: Slices,
    /** `limits.replayBytesPerSecondMax`; `Infinity`: no bound. */
    bytesPerSecondMax: number,
  ) {
    this.#rate = new RateLimit(bytesPerSecondMax, bytesPerSecondMax * BURST_S);
    this.#isOff = bytesPerSecondMax === Number.POSITIVE_INFINITY;
  }

  /** Whether a replay may write its next piece now. Where it may not, it waits, and `replayOn` is called when it may. */
  admits(member: Cursor, replayer: Replayer): boolean {
    if (this.#isOff) return true;
    if (this.#turn === member) {
      this.#turn = undefined;
      return true;
    }
    if (this.#waiting.size === 0 && this.#waitMs() === 0) return true;
    // One that waits already keeps its place.
    this.#waiting.set(member, replayer);
    this.#schedule();
    return false;
  }

  /** So many bytes of the log were written to a replay. */
  wrote(bytes: number): void {
    this.spend(Math.max(bytes, WRITE_BYTES));
  }

  /** So much was written that does not wait, and that replays have to make up for. */
  spend(bytes: number): void {
    if (!this.#isOff) this.#fullAt = this.#rate.after(this.#fullAt, bytes, this.clock.monotonicMs());
  }

  /** Its replay is over, or its member gone. */
  leave(member: Cursor): void {
    if (this.#waiting.delete(member) && this.#waiting.size === 0) this.close();
  }

  /** Lets those go on that wait, each for a piece, as far as the rate allows. */
  step(units: number): number {
    let left = units;
    while (left > 0) {
      if (this.#waiting.size === 0 || this.#waitMs() > 0) {
        this.#queued = false;
        if (this.#waiting.size > 0) this.#schedule();
        return left;
      }
      const [member, replayer] = this.#next();
      this.#waiting.delete(member);
      this.#turn = member;
      try {
        left -= replayer.replayOn(member);
      } finally {
        this.#turn = undefined;
      }
    }
    return left;
  }

  /** Nobody waits any more. */
  close(): void {
    this.#waiting.clear();
    this.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** The one that has waited longest; there is one. */
  #next(): [Cursor, Replayer] {
    const { value } = this.#turns.next();
    if (value !== undefined) return value;
    this.#turns = this.#waiting.entries();
    return this.#turns.next().value as [Cursor, Replayer];
  }

  #waitMs(): number {
    return this.#rate.waitMs(this.#fullAt, this.clock.monotonicMs());
  }

  #schedule(): void {
    if (this.#queued || this.#timer !== undefined) return;
    const waitMs = this.#waitMs();
    if (waitMs === 0) {
      this.#queued = true;
      this.slices.add(this);
      return;
    }
    this.#timer = this.clock.setTimeout(
      () => {
        this.#timer = undefined;
        this.#schedule();
      },
      Math.max(waitMs, WAIT_MS),
    );
  }
}
