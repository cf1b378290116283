import type { Clock } from './clock.js';
import type { Limits } from './limits.js';
import type { SlicedTask, Slices } from './slices.js';
import { frameLength, writeTextFrame } from './transport/frame.js';
import type { GatewaySocket } from './transport/socket.js';

const NOTHING = Buffer.alloc(0);

/** What it needs of its surroundings: one object for all connections. */
export interface FlowParts {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly slices: Slices;
}

/**
 * What goes through a connection's socket, and what waits for it. Whether there is room is a state that is looked at with every write and
 * every sweep, and no event to wait for: a link that is always busy never drains.
 *
 * The part of a connection that every delivery needs. A base and no object beside it: one more that no cache holds would be a tenth of
 * what a delivery costs in a gateway of many groups.
 */
export abstract class FlowControl implements SlicedTask {
  /** Over the high-water mark, and not seen at half of it since: between the two nothing is written that the log can keep. */
  #full = false;
  /** Since when the socket is over the mark, as far as it was looked at, in monotonic milliseconds. */
  overMarkSince: number | undefined;
  /** What was unsent at the last look at a full socket, and when that had become less, in monotonic milliseconds. */
  #lastUnsentBytes = 0;
  #tookAt = 0;
  /** The socket was over the mark with an answer, and is not read from until it is under it. */
  #answersUnread = false;
  #pauses = 0;
  /** Since when it is not read from, as far as that was told, in monotonic milliseconds. */
  #unheardSince = 0;
  /** Texts of answers that leave with the next write, or at the end of the turn. */
  #held: string[] | undefined;
  /** Of the frames that its socket was handed. */
  bytesOut = 0;
  /** Who waits for room. */
  #waiting: (() => void)[] | undefined;

  constructor(
    readonly socket: GatewaySocket,
    protected readonly parts: FlowParts,
  ) {}

  /** Whether it may still send and be sent to. */
  abstract get live(): boolean;
  /** Its socket has room again. */
  protected abstract freed(): void;
  /** It is listened to again, after so many milliseconds. */
  protected abstract heardAgain(unheardMs: number): void;
  /** Its socket threw. */
  protected abstract broken(error: unknown): void;

  /** Over the high-water mark, and from then on until half of it. */
  get blocked(): boolean {
    if (this.#full) this.#look();
    return this.#full;
  }

  /** A handler keeps the client waiting: it is not listened to, through no fault of its own. */
  protected get keptWaiting(): boolean {
    return this.#pauses > (this.#answersUnread ? 1 : 0);
  }

  /** It is not read from. */
  protected get paused(): boolean {
    return this.#pauses > 0;
  }

  /** For how long a full socket has taken nothing, as far as it was looked at. */
  protected stalledMs(now: number): number {
    return this.#full ? now - this.#tookAt : 0;
  }

  /** Bytes that the network has not taken. */
  get unsentBytes(): number {
    let bytes = 0;
    this.call(() => {
      bytes = this.socket.bufferedBytes;
    });
    return bytes;
  }

  write(frames: Buffer): void {
    if (!this.live) return;
    try {
      const all = this.#held === undefined ? frames : this.#withHeld(frames);
      this.bytesOut += all.length;
      this.socket.write(all);
      // Not what `write` answers: Node answers by a mark of its own (16 KiB in Node 20), which may be above this one.
      if (!this.#full && this.socket.bufferedBytes < this.parts.limits.socketHighWaterMarkBytes) return;
    } catch (error) {
      this.broken(error);
      return;
    }
    this.#look();
  }

  /** Sends an answer. A client that does not read its answers is not read from either, until it is under the mark. */
  answer(frame: Buffer): void {
    this.write(frame);
    if (this.#answersUnread || this.overMarkSince === undefined) return;
    this.#answersUnread = true;
    this.pause();
  }

  /** Sends an answer, a JSON text, in one write with what else the connection is owed by the end of the turn, in the order of the answers. */
  hold(text: string): void {
    // One that has ended must still be read from, for the answer to its close frame.
    if (!this.live) return;
    if (this.#held !== undefined) {
      this.#held.push(text);
      return;
    }
    this.#held = [text];
    // After the groups that have something for it, whose writes take it along.
    this.parts.slices.add(this);
  }

  step(units: number): number {
    if (this.#held === undefined) return units;
    this.writeHeld();
    return units - 1;
  }

  /** Sends what is held now. */
  writeHeld(): void {
    if (this.#held !== undefined) this.answer(NOTHING);
  }

  /** The socket says that everything was taken. */
  drain(): void {
    this.#full = false;
    this.overMarkSince = undefined;
    this.#goOn();
  }

  /** Looks at a socket that was full, and goes on where it is not any more. */
  recheck(): void {
    if (!this.#full) return;
    this.#look();
    this.#goOn();
  }

  /** Resolves when there is room again, or nothing to wait for any more. */
  untilFree(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting = [...(this.#waiting ?? []), resolve];
    });
  }

  letGo(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const done of waiting) done();
  }

  /** Stops reading until as many `resume`s have come. */
  pause(): void {
    this.#pauses += 1;
    if (this.#pauses > 1) return;
    this.#unheardSince = this.parts.clock.monotonicMs();
    this.call(() => this.socket.pause());
  }

  resume(): void {
    this.#pauses -= 1;
    if (!this.live) return;
    const now = this.parts.clock.monotonicMs();
    // Also where another pause goes on: the silence that begins now is of its own.
    this.heardAgain(now - this.#unheardSince);
    this.#unheardSince = now;
    if (this.#pauses === 0) this.call(() => this.socket.resume());
  }

  /** The connection closes: nobody waits any more, and the answer to the close frame must be read. */
  protected endFlow(): void {
    this.letGo();
    if (this.#pauses > 0) this.call(() => this.socket.resume());
  }

  /** @returns `false`: the socket threw. That ends its own connection, and nobody else's turn. */
  protected call(call: () => void): boolean {
    try {
      call();
      return true;
    } catch (error) {
      this.broken(error);
      return false;
    }
  }

  #withHeld(frames: Buffer): Buffer {
    const held = this.#held as string[];
    this.#held = undefined;
    let size = frames.length;
    for (const text of held) size += frameLength(Buffer.byteLength(text));
    const all = Buffer.allocUnsafe(size);
    let at = 0;
    for (const text of held) at = writeTextFrame(all, at, text, Buffer.byteLength(text));
    all.set(frames, at);
    return all;
  }

  #look(): void {
    const { unsentBytes } = this;
    const { socketHighWaterMarkBytes } = this.parts.limits;
    if (!this.#full || unsentBytes < this.#lastUnsentBytes) this.#tookAt = this.parts.clock.monotonicMs();
    this.#lastUnsentBytes = unsentBytes;
    if (unsentBytes >= socketHighWaterMarkBytes) {
      this.#full = true;
      this.overMarkSince ??= this.parts.clock.monotonicMs();
      return;
    }
    this.overMarkSince = undefined;
    if (unsentBytes * 2 <= socketHighWaterMarkBytes) this.#full = false;
    // Not now: whoever looks is in the middle of a flush. What looks is one group; others may wait for the same room.
    if (this.#answersUnread || !this.#full) this.parts.clock.setImmediate(() => this.#goOn());
  }

  /** Goes on with what a full socket held up, as far as there is room. */
  #goOn(): void {
    if (!this.live) return;
    if (this.#answersUnread && this.overMarkSince === undefined) {
      this.#answersUnread = false;
      this.resume();
    }
    if (!this.#full) this.freed();
  }
}
