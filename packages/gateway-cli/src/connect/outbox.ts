import { randomUUID } from 'node:crypto';

/** A publish that is not answered yet. */
export interface Publish {
  id: string;
  /** As it is sent, each time: by its `id` the gateway knows that it is the same. */
  frame: string;
  /** The connection on which it waits for its turn. */
  turnOn?: object | undefined;
  settle(error?: string): void;
}

/** What was published and is not answered, in the order in which it was. */
export class Outbox {
  readonly #publishes = new Map<string, Publish>();

  get(id: string): Publish | undefined {
    return this.#publishes.get(id);
  }

  values(): IterableIterator<Publish> {
    return this.#publishes.values();
  }

  /** @returns what it is settled with. */
  add(envelope: object, send: (publish: Publish) => void): Promise<string | undefined> {
    const id = randomUUID();
    return new Promise((resolve) => {
      const settle = (error?: string) => {
        this.#publishes.delete(id);
        resolve(error);
      };
      const publish = { id, frame: JSON.stringify({ ...envelope, id }), settle };
      this.#publishes.set(id, publish);
      send(publish);
    });
  }
}
