import type { Context } from './context.js';

/** Shortest time between two states of one group, in milliseconds: faster is for nobody's eyes. */
const INTERVAL_MS = 50;

/** What this member says of itself in a group: the newest wins, and it is said again after each join. */
export class OwnState {
  #text: string | undefined;
  #isSaid = true;
  #resting = false;

  /** @param send answers whether it was given to the socket. */
  constructor(
    private readonly context: Context,
    private readonly send: (text: string) => boolean,
  ) {}

  set(text: string): void {
    this.#text = text;
    this.#isSaid = false;
    // At the end of the turn: of several in one turn the last counts.
    queueMicrotask(() => this.#flush());
  }

  /** The gateway may not know it: a member that came anew has none. */
  again(): void {
    this.#isSaid = this.#text === undefined;
    this.#flush();
  }

  #flush(): void {
    if (this.#isSaid || this.#resting || this.#text === undefined) return;
    this.#isSaid = this.send(this.#text);
    if (!this.#isSaid) return;
    this.#resting = true;
    this.context.deadlines.add(INTERVAL_MS, () => {
      this.#resting = false;
      this.#flush();
    });
  }
}
