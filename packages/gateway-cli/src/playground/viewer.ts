import type { ServerResponse } from 'node:http';
import { Budget } from './budget.js';
import type { FeedEvent } from './wire.js';

/** What one viewer is sent at most. */
export const EVENTS_PER_SECOND_MAX = 200;
export const BYTES_PER_SECOND_MAX = 256 * 1024;
/** For how long a viewer's socket may take nothing. */
const STUCK_MS = 10_000;

/** Whoever looks at the feed: a stream of server-sent events (WHATWG HTML §9.2). */
export class Viewer {
  readonly #events: Budget;
  readonly #bytes: Budget;
  #pending: string[] = [];
  #left = 0;
  /** Since when its socket takes nothing, in monotonic milliseconds. */
  #stuckSince: number | undefined;
  /** Has not been told of everything, and is to be told all. */
  stale = true;
  /** Has never been told anything. */
  fresh = true;

  constructor(
    private readonly response: ServerResponse,
    /** Whose messages and details it is told of; `undefined`: messages of all groups. */
    readonly groupId: string | undefined,
    private readonly now: () => number,
  ) {
    this.#events = new Budget(EVENTS_PER_SECOND_MAX, now);
    this.#bytes = new Budget(BYTES_PER_SECOND_MAX, now);
    response.on('drain', () => {
      this.#stuckSince = undefined;
    });
  }

  /** Whether anything of events waits to be flushed. */
  get hasNews(): boolean {
    return this.#pending.length > 0 || this.#left > 0;
  }

  /** Whether it can be written to now. */
  get ready(): boolean {
    return this.#stuckSince === undefined && this.#bytes.hasRoom;
  }

  get stuck(): boolean {
    return this.#stuckSince !== undefined && this.now() - this.#stuckSince >= STUCK_MS;
  }

  /** Whether it takes one more event of this group, which is counted as left out otherwise. */
  takes(groupId: string | undefined): boolean {
    // What was before its first snapshot stands there.
    if (this.fresh) return false;
    if (this.groupId !== undefined && groupId !== undefined && groupId !== this.groupId) return false;
    if (this.ready && this.#events.hasRoom && this.#pending.length < EVENTS_PER_SECOND_MAX) return true;
    this.#left += 1;
    return false;
  }

  add(event: FeedEvent): void {
    this.#events.spend(1);
    const text = JSON.stringify(event);
    // Paid for at once, or what waits would be without a bound.
    this.#bytes.spend(Buffer.byteLength(text));
    this.#pending.push(text);
  }

  /** Sends the events that wait. */
  flush(): void {
    if (!this.hasNews || this.#stuckSince !== undefined) return;
    const [events, left] = [this.#pending, this.#left];
    this.#pending = [];
    this.#left = 0;
    this.#write('events', `{"events":[${events.join()}],"left":${left}}`);
  }

  /** Sends an event of the feed, whatever its size: the next waits until that is paid for. */
  send(name: string, text: string): void {
    this.#bytes.spend(Buffer.byteLength(text));
    this.#write(name, text);
  }

  /** Ends it. @param cut at once, whatever is unsent. */
  end(cut: boolean): void {
    if (cut) this.response.destroy();
    else this.response.end();
  }

  #write(name: string, text: string): void {
    // JSON text has no line breaks, so it is one line.
    if (!this.response.write(`event: ${name}\ndata: ${text}\n\n`)) this.#stuckSince ??= this.now();
  }
}
