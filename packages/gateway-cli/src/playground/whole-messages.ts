import { dataOf } from './message-event.js';

/** For all messages that are kept, in characters. */
export const KEPT_CHARACTERS_MAX = 4 * 1024 * 1024;

/** The messages that viewers were shown cut, for who asks for the rest. The oldest go first. */
export class WholeMessages {
  readonly #texts = new Map<number, string>();
  #characters = 0;

  /** @param n the number of its event. */
  keep(n: number, text: string): void {
    this.#texts.set(n, text);
    this.#characters += text.length;
    for (const [oldest, { length }] of this.#texts) {
      if (this.#characters <= KEPT_CHARACTERS_MAX) return;
      this.#texts.delete(oldest);
      this.#characters -= length;
    }
  }

  /** The JSON text of a message's data; `undefined` where it is not kept, or no longer. */
  data(n: number): string | undefined {
    const text = this.#texts.get(n);
    return text === undefined ? undefined : dataOf(text);
  }
}
