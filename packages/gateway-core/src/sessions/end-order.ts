/** Has its place in an {@link EndOrder}: a link of a ring, alone at first. */
export class Ending {
  earlier: Ending = this;
  later: Ending = this;
  /** Monotonic milliseconds. */
  endsAt = Number.POSITIVE_INFINITY;
}

/** Stands between the last item of a ring and the first. */
class Ring extends Ending {
  constructor(readonly ttlMs: number) {
    super();
  }

  get isEmpty(): boolean {
    return this.later === this;
  }
}

/**
 * What ends when, at the same small cost for each change however many there are. Of those that live equally long, the one that was put last
 * ends last: so each `ttlMs` has a ring of its own, which needs no sorting.
 */
export class EndOrder<Item extends Ending> {
  /** By `ttlMs`; none is empty. */
  readonly #rings = new Map<number, Ring>();

  /** How many different `ttlMs` there are: each is looked at by `due`. */
  get ringCount(): number {
    return this.#rings.size;
  }

  /** Lets an item live for `ttlMs` from now, whatever was said before. */
  put(item: Item, ttlMs: number, now: number): void {
    this.#takeOut(item);
    let ring = this.#rings.get(ttlMs);
    if (ring === undefined) {
      ring = new Ring(ttlMs);
      this.#rings.set(ttlMs, ring);
    }
    item.endsAt = now + ttlMs;
    item.earlier = ring.earlier;
    item.later = ring;
    item.earlier.later = item;
    ring.earlier = item;
  }

  /** Takes out one after the other of those whose time is over. */
  *due(now: number): Generator<Item, void> {
    for (const ring of this.#rings.values()) {
      while (ring.later.endsAt <= now) {
        const item = ring.later as Item;
        this.#takeOut(item);
        yield item;
      }
    }
  }

  #takeOut(item: Item): void {
    const { earlier, later } = item;
    earlier.later = later;
    later.earlier = earlier;
    item.earlier = item;
    item.later = item;
    if (later instanceof Ring && later.isEmpty) this.#rings.delete(later.ttlMs);
  }
}
