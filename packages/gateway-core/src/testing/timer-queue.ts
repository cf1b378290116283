/** A task and its moment. */
export interface Timer {
  readonly at: number;
  /** Timers of one moment run in the order in which they were set. */
  readonly order: number;
  readonly task: () => void;
  /** Its place in the queue; -1 where it is in none. Only the queue changes it. */
  place: number;
}

/** Whether a timer runs before another one. */
export function isSooner(one: Timer, other: Timer): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

/**
 * Timers, the soonest first: a binary heap. To add, to take or to cancel one of n costs about log2(n) comparisons, and to look at the next
 * one none. A cancelled timer is gone at once, so `size` is exact.
 * @example
 * const queue = new TimerQueue();
 * queue.add({ at: 5, order: 1, task: () => {}, place: -1 });
 * queue.next?.at; // 5
 */
export class TimerQueue {
  readonly #heap: Timer[] = [];

  constructor(private readonly isBefore: (one: Timer, other: Timer) => boolean = isSooner) {}

  get size(): number {
    return this.#heap.length;
  }

  /** The soonest timer. */
  get next(): Timer | undefined {
    return this.#heap[0];
  }

  add(timer: Timer): void {
    this.#rise(timer, this.#heap.length);
  }

  /** Takes a timer out; one that is not in the queue is left alone. */
  remove(timer: Timer): void {
    const { place } = timer;
    if (this.#heap[place] !== timer) return;
    timer.place = -1;
    const last = this.#heap.pop() as Timer;
    if (last === timer) return;
    // The last one takes its place, which may be too low or too high for it.
    this.#rise(last, place);
    if (last.place === place) this.#sink(last, place);
  }

  /** Puts a timer at a place, or as far above it as it belongs. */
  #rise(timer: Timer, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = this.#heap[above] as Timer;
      if (!this.isBefore(timer, parent)) break;
      this.#put(parent, place);
      place = above;
    }
    this.#put(timer, place);
  }

  /** Puts a timer at a place, or as far below it as it belongs. */
  #sink(timer: Timer, from: number): void {
    let place = from;
    for (;;) {
      let below = place * 2 + 1;
      let child = this.#heap[below];
      if (child === undefined) break;
      const other = this.#heap[below + 1];
      if (other !== undefined && this.isBefore(other, child)) {
        below += 1;
        child = other;
      }
      if (!this.isBefore(child, timer)) break;
      this.#put(child, place);
      place = below;
    }
    this.#put(timer, place);
  }

  #put(timer: Timer, place: number): void {
    this.#heap[place] = timer;
    timer.place = place;
  }
}
