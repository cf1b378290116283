/** Where an answer stands among those of its connection. */
interface Place {
  /** Sends it, once it is known. */
  send: (() => void) | undefined;
  readonly length: number;
}

/** The answers that a connection has still to be given: they leave in the order of its messages, whichever is known first. */
export class Unanswered {
  readonly #places: Place[] = [];
  #length = 0;
  #waiting: (() => void)[] = [];

  constructor(
    private readonly max: number,
    private readonly lengthMax: number,
  ) {}

  get isEmpty(): boolean {
    return this.#places.length === 0;
  }

  /** So many answers, or so much text of messages, are waited for that no more messages are to be taken up. */
  get isFull(): boolean {
    return this.#places.length >= this.max || this.#length >= this.lengthMax;
  }

  /** Takes an answer that is known. */
  add(send: () => void): void {
    this.#places.push({ send, length: 0 });
  }

  /**
   * Keeps the place of an answer that is not known yet.
   * @param length characters that are held in memory until then.
   * @returns what takes it.
   */
  reserve(length: number): (send: () => void) => void {
    const place: Place = { send: undefined, length };
    this.#places.push(place);
    this.#length += length;
    return (send) => {
      place.send = send;
      this.#leave();
    };
  }

  /** Resolves when the next answers have left. */
  untilNext(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #leave(): void {
    for (let [first] = this.#places; first?.send !== undefined; [first] = this.#places) {
      this.#places.shift();
      this.#length -= first.length;
      first.send();
    }
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
