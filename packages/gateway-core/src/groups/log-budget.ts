/** What has a log that memory can be taken from. */
export interface LogOwner {
  /** Drops the oldest piece of its log. */
  giveMemory(): void;
}

/** Size classes from one power of two to the next: logs of one class differ by a fifth at most. */
const CLASSES_PER_OCTAVE = 4;

/** The memory of all logs of a gateway together, in bytes, and which of them are the largest. */
export class LogBudget {
  #bytes = 0;
  #rosterBytes = 0;
  /** By size class. A log changes its class seldom, so to know the largest costs a message nothing. */
  readonly #classes: (Set<LogOwner> | undefined)[] = [];

  constructor(
    private readonly bytesMax: number,
    /** More than `bytesMax` is held; called with each byte more. */
    private readonly exceeded: () => void,
  ) {}

  get bytes(): number {
    return this.#bytes;
  }

  get isExceeded(): boolean {
    return this.#bytes > this.bytesMax;
  }

  /** Counts memory that no log can give back, or with a negative number that it is free again. */
  hold(bytes: number): void {
    this.#bytes += bytes;
    if (bytes > 0 && this.isExceeded) this.exceeded();
  }

  /** As `hold`, of what groups know of who is there. */
  holdRoster(bytes: number): void {
    this.#rosterBytes += bytes;
    this.hold(bytes);
  }

  /** Whether rosters may hold so much more: they have half, for no log can make room for them. */
  hasRosterRoom(bytes: number): boolean {
    return (this.#rosterBytes + bytes) * 2 <= this.bytesMax;
  }

  /** Counts a log that was `before` bytes large and is `now`. */
  resized(owner: LogOwner, before: number, now: number): void {
    const [from, to] = [classOf(before), classOf(now)];
    if (from !== to) {
      this.#classes[from]?.delete(owner);
      if (now > 0) {
        this.#classes[to] ??= new Set();
        this.#classes[to].add(owner);
      }
    }
    this.hold(now - before);
  }

  /** One of the largest logs, to within a fifth; `undefined` where all are empty. */
  largest(): LogOwner | undefined {
    for (let size = this.#classes.length - 1; size >= 0; size -= 1) {
      const [owner] = this.#classes[size] ?? [];
      if (owner !== undefined) return owner;
    }
    return undefined;
  }
}

function classOf(bytes: number): number {
  return bytes <= 0 ? 0 : Math.floor(Math.log2(bytes) * CLASSES_PER_OCTAVE);
}
