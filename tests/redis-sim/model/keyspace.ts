/** An entry of a stream. Its id is `<seq>-<sub>`, and no two have the same `seq`. */
export interface StreamEntry {
  readonly seq: number;
  readonly sub: number;
  readonly fields: readonly string[];
}

export interface Stream {
  readonly entries: StreamEntry[];
  /** The highest id that it ever had. */
  last: number;
}

/** What a key may hold. */
export type Value =
  | { type: 'string'; text: string }
  | { type: 'hash'; fields: Map<string, string> }
  | { type: 'set'; members: Set<string> }
  | { type: 'zset'; scores: Map<string, number> }
  | { type: 'list'; items: string[] }
  | { type: 'stream'; stream: Stream };
type Typed<Type extends Value['type']> = Value & { type: Type };

/** What the server says no with. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
}

const EMPTY = {
  string: () => ({ type: 'string', text: '' }),
  hash: () => ({ type: 'hash', fields: new Map() }),
  set: () => ({ type: 'set', members: new Set() }),
  zset: () => ({ type: 'zset', scores: new Map() }),
  list: () => ({ type: 'list', items: [] }),
  stream: () => ({ type: 'stream', stream: { entries: [], last: 0 } }),
} satisfies { [Type in Value['type']]: () => Typed<Type> };

/** Keys, their values, and when they end. Time is given with each command, as it stands still while a script runs. */
export class Keyspace {
  readonly #values = new Map<string, Value>();
  readonly #ends = new Map<string, number>();
  /** Unix milliseconds, with a fraction. */
  now = 0;

  get keys(): string[] {
    return [...this.#values.keys()].filter((key) => this.#value(key) !== undefined).sort();
  }

  /** @throws ReplyError where it is of another type. */
  find<Type extends Value['type']>(key: string, type: Type): Typed<Type> | undefined {
    const value = this.#value(key);
    if (value !== undefined && value.type !== type)
      throw new ReplyError('WRONGTYPE Operation against a key holding the wrong kind of value');
    return value as Typed<Type> | undefined;
  }

  /** As `find`, made where it is not there. */
  have<Type extends Value['type']>(key: string, type: Type): Typed<Type> {
    const known = this.find(key, type);
    if (known !== undefined) return known;
    const made = EMPTY[type]() as unknown as Typed<Type>;
    this.#values.set(key, made);
    return made;
  }

  has(key: string): boolean {
    return this.#value(key) !== undefined;
  }

  delete(key: string): boolean {
    const isThere = this.has(key);
    this.#values.delete(key);
    this.#ends.delete(key);
    return isThere;
  }

  /** Takes it out if nothing is left in it: a stream alone may be empty. */
  deleteEmpty(key: string): void {
    const value = this.#values.get(key);
    const isEmpty =
      (value?.type === 'hash' && value.fields.size === 0) ||
      (value?.type === 'set' && value.members.size === 0) ||
      (value?.type === 'zset' && value.scores.size === 0) ||
      (value?.type === 'list' && value.items.length === 0);
    if (isEmpty) this.delete(key);
  }

  /** @param atMs `undefined`: never. */
  endAt(key: string, atMs: number | undefined): boolean {
    if (!this.has(key)) return false;
    const had = this.#ends.has(key);
    if (atMs === undefined) return this.#ends.delete(key) && had;
    this.#ends.set(key, atMs);
    return true;
  }

  /** When it ends; `undefined`: never. */
  endOf(key: string): number | undefined {
    return this.has(key) ? this.#ends.get(key) : undefined;
  }

  clear(): void {
    this.#values.clear();
    this.#ends.clear();
  }

  /** What a key holds, in a form to compare. */
  dump(key: string): unknown {
    const value = this.#value(key);
    switch (value?.type) {
      case 'string':
        return value.text;
      case 'hash':
        return Object.fromEntries([...value.fields].sort());
      case 'set':
        return [...value.members].sort();
      case 'zset':
        return Object.fromEntries([...value.scores].sort());
      case 'list':
        return value.items;
      case 'stream':
        return value.stream.entries.map(({ seq, sub, fields }) => [`${seq}-${sub}`, fields]);
      case undefined:
        return undefined;
    }
  }

  #value(key: string): Value | undefined {
    const end = this.#ends.get(key);
    if (end !== undefined && end <= this.now) {
      this.#values.delete(key);
      this.#ends.delete(key);
    }
    return this.#values.get(key);
  }
}
