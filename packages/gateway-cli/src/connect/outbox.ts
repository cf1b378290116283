import { randomUUID } from 'node:crypto';

/** Publishes that are unanswered at once. */
export const IN_FLIGHT_MAX = 64;

/** A publish that is not answered yet. */
export interface Publish {
  id: string;
  /** As it is sent, each time: by its `id` the gateway knows that it is the same. */
  frame: string;
  settle(error?: string): void;
}

/** What was published and is not answered, in the order in which it was. */
export class Outbox {
  readonly #publishes = new Map<string, Publish>();
  #room: (() => void)[] = [];

  get(id: string): Publish | undefined {
    return this.#publishes.get(id);
  }

  values(): IterableIterator<Publish> {
    return this.#publishes.values();
  }

  /**
   * Waits for room, and hands it to `send`.
   * @returns what it is settled with.
   */
  async add(envelope: object, send: (publish: Publish) => void): Promise<string | undefined> {
    while (this.#publishes.size >= IN_FLIGHT_MAX) await new Promise<void>((resolve) => this.#room.push(resolve));
    const id = randomUUID();
    return new Promise((resolve) => {
      const settle = (error?: string) => {
        this.#publishes.delete(id);
        for (const done of this.#room.splice(0)) done();
        resolve(error);
      };
      const publish = { id, frame: JSON.stringify({ ...envelope, id }), settle };
      this.#publishes.set(id, publish);
      send(publish);
    });
  }
}
