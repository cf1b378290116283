/** The yes of a hook, held back until the test gives it. */
export class HeldAnswer {
  /** Resolves when the hook was asked. */
  readonly asked: Promise<void>;
  readonly #given: Promise<true>;
  #ask!: () => void;
  #give!: (yes: true) => void;

  constructor() {
    this.asked = new Promise((resolve) => {
      this.#ask = resolve;
    });
    this.#given = new Promise((resolve) => {
      this.#give = resolve;
    });
  }

  /** The hook's part. */
  wait(): Promise<true> {
    this.#ask();
    return this.#given;
  }

  give(): void {
    this.#give(true);
  }
}
