/** The gateway that has a member, and since which generation. */
export interface Owner {
  readonly node: string;
  readonly since: number;
}

/** Who has which member, in the order in which a server was told: not what its own fence is, which is judged by this. */
export class MemberOwners {
  readonly #owners = new Map<string, Owner>();
  readonly #told: { readonly change: number; readonly key: string; readonly fields: readonly string[] }[] = [];

  /** Those of a server that begins with so many changes of this one's. */
  forked(changes: number): MemberOwners {
    const forked = new MemberOwners();
    for (const { change, key, fields } of this.#told) if (change < changes) forked.told(key, fields, change);
    return forked;
  }

  /** What a member's record is changed to; no fields: it is gone. */
  told(key: string, fields: readonly string[], change: number): void {
    this.#told.push({ change, key, fields });
    if (fields.length === 0) this.#owners.delete(key);
    const [node, generation] = [fieldOf(fields, 'n'), Number(fieldOf(fields, 'g'))];
    if (node !== undefined && this.#owners.get(key)?.node !== node) this.#owners.set(key, { node, since: generation });
  }

  of(key: string): Owner | undefined {
    return this.#owners.get(key);
  }
}

function fieldOf(fields: readonly string[], name: string): string | undefined {
  const at = fields.findIndex((field, index) => index % 2 === 0 && field === name);
  return at < 0 ? undefined : fields[at + 1];
}
