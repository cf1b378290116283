/**
 * What one publisher sent to its group and how many members have it. Each member checks the order of its own messages; the
 * ledger knows when a message has reached them all.
 */
export class Ledger {
  readonly group: string;
  /** Number of the publisher in the group: order is promised among one publisher's messages. */
  readonly stream: number;
  /** Messages published so far; also the number of the next one. */
  sent = 0;
  /** Messages that every member has, or will not get. */
  completed = 0;
  /** Called with each message that has reached all. */
  onComplete: (ledger: Ledger) => void = () => {};
  private members = 0;
  private departed = 0;
  private readonly sentAt: Float64Array;
  private readonly arrivals: Uint32Array;

  /** `inFlightMax`: most messages that are published and not completed, at any time. */
  constructor(group: string, inFlightMax: number, stream = 0) {
    this.group = group;
    this.stream = stream;
    this.sentAt = new Float64Array(inFlightMax);
    this.arrivals = new Uint32Array(inFlightMax);
  }

  get inFlight(): number {
    return this.sent - this.completed;
  }

  get inFlightMax(): number {
    return this.sentAt.length;
  }

  /** A member joins; it is to get every message from now on, beginning with the number that this answers. */
  enter(): number {
    this.members++;
    // What is in flight was not meant for it.
    for (let number = this.completed; number < this.sent; number++) this.arrivals[number % this.inFlightMax]!++;
    return this.sent;
  }

  /** A member that was to get `next` next is gone. */
  leave(next: number): void {
    this.missed(next, this.sent);
    this.departed++;
  }

  /** Notes a message published at `at` and answers its number. @throws RangeError beyond `inFlightMax`. */
  publish(at: number): number {
    if (this.inFlight >= this.inFlightMax) throw new RangeError(`more than ${this.inFlightMax} messages in flight`);
    const slot = this.sent % this.inFlightMax;
    this.sentAt[slot] = at;
    this.arrivals[slot] = this.departed;
    return this.sent++;
  }

  /** One member has message `number`. Answers when it was published. */
  arrived(number: number): number {
    const slot = number % this.inFlightMax;
    const sentAt = this.sentAt[slot]!;
    if (++this.arrivals[slot]! === this.members) this.complete();
    return sentAt;
  }

  /** One member will not get the messages from `from` up to and without `to`. */
  missed(from: number, to: number): void {
    for (let number = Math.max(from, this.completed); number < to; number++) this.arrived(number);
  }

  private complete(): void {
    this.completed++;
    this.onComplete(this);
  }
}
