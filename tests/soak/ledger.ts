/** What all clients know together: what stands at each place of each log, and where each message is. */
export class Ledger {
  readonly #ids = new Map<string, string>();
  readonly #places = new Map<string, string>();
  /** What must not be, in words; the first few. */
  readonly faults: string[] = [];

  fault(what: string): void {
    if (this.faults.length < 20) this.faults.push(what);
  }

  /** A client was told, by a message or an ack, that a message is there. */
  note(groupId: string, epoch: string, seq: number, id: string): void {
    const place = `${groupId} ${epoch} ${seq}`;
    const known = this.#ids.get(place);
    if (known === id) return;
    if (known !== undefined) this.fault(`${place} holds ${known} and ${id}`);
    if (this.#places.has(id)) this.fault(`${id} is at ${this.#places.get(id)} and at ${place}`);
    this.#ids.set(place, id);
    this.#places.set(id, place);
  }

  /** Messages that somebody knows of. */
  get size(): number {
    return this.#places.size;
  }

  has(id: string): boolean {
    return this.#places.has(id);
  }
}
