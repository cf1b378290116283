/** A table of Lua: `1` to `length` in an array, everything else in a map. */
export class Table {
  readonly #items: unknown[] = [];
  readonly #fields = new Map<unknown, unknown>();

  constructor(items: readonly unknown[] = [], fields: readonly (readonly [unknown, unknown])[] = []) {
    for (const [at, item] of items.entries()) this.set(at + 1, item);
    for (const [key, value] of fields) this.set(key, value);
  }

  get length(): number {
    return this.#items.length;
  }

  get(key: unknown): unknown {
    if (typeof key === 'number' && key >= 1 && key <= this.#items.length) return this.#items[key - 1];
    return this.#fields.get(key);
  }

  set(key: unknown, value: unknown): void {
    const items = this.#items;
    if (key === items.length + 1 && value !== undefined) {
      items.push(value);
      this.#fields.delete(key);
      for (let next = items.length + 1; this.#fields.has(next); next += 1) {
        items.push(this.#fields.get(next));
        this.#fields.delete(next);
      }
    } else if (typeof key === 'number' && key >= 1 && key <= items.length) {
      if (value !== undefined) items[key - 1] = value;
      else for (const [at, moved] of items.splice(key - 1).entries()) if (at > 0) this.#fields.set(key + at, moved);
    } else if (value === undefined) this.#fields.delete(key);
    else if (key === undefined) throw new TypeError('index is nil');
    else this.#fields.set(key, value);
  }

  get items(): readonly unknown[] {
    return this.#items;
  }

  entries(): [unknown, unknown][] {
    return [...this.#items.map((item, at) => [at + 1, item] as [unknown, unknown]), ...this.#fields];
  }
}
