import type { History, HistoryEntry } from '../history.js';

/** What is known of one place in a log, from whoever saw it. */
export interface Place {
  groupId: string;
  epoch: string;
  seq: number;
  id: string | undefined;
  /** Member id of its sender. */
  from?: string | undefined;
  /** JSON of its data; unknown where only an `ack` speaks of it. */
  text: string | undefined;
  delivery: string | undefined;
  key: string | undefined;
  seenAtMs: number;
}

/** A place about which two say different things. */
export interface Contradiction {
  atMs: number;
  text: string;
}

/** What a client said it would publish. */
export interface Said {
  atMs: number;
  who: string;
  life: string;
  groupId: string;
  text: string;
  delivery: string;
  key?: string | undefined;
  resends?: boolean | undefined;
}

/**
 * What was in the logs, as far as clients can tell: put together from the acknowledgements and messages of all of them. Two that contradict each
 * other are a broken promise by themselves.
 */
export class Truth {
  readonly #places = new Map<string, Place>();
  readonly #heads = new Map<string, number>();
  readonly contradictions: Contradiction[] = [];
  /** By id, what was published. */
  readonly said = new Map<string, Said>();
  /** By id, where it was seen. */
  readonly places = new Map<string, Place[]>();

  constructor({ entries }: History) {
    /** The group of a message, by its connection and id: an `ack` does not say it. */
    const groups = new Map<string, string>();
    for (const entry of entries) {
      if (entry.kind === 'published') this.said.set(entry.id, entry);
      else if (entry.kind === 'sent' && entry.message.type === 'data_update') this.#sent(entry, groups);
      else if (entry.kind === 'received' && entry.message.type === 'ack') this.#acked(entry, groups);
    }
  }

  at(groupId: string, epoch: string, seq: number): Place | undefined {
    return this.#places.get(`${groupId} ${epoch} ${seq}`);
  }

  /** The last place of a log that anybody knows of: what came after the end of a connection is in it. */
  lastOf(groupId: string, epoch: string): number {
    return this.#heads.get(`${groupId} ${epoch}`) ?? 0;
  }

  /** Somebody has seen a message at a place. */
  add(place: Place): void {
    const key = `${place.groupId} ${place.epoch} ${place.seq}`;
    const known = this.#places.get(key);
    if (known === undefined) {
      const log = `${place.groupId} ${place.epoch}`;
      this.#heads.set(log, Math.max(this.#heads.get(log) ?? 0, place.seq));
      const own = { ...place };
      this.#places.set(key, own);
      if (own.id !== undefined) this.places.set(own.id, [...(this.places.get(own.id) ?? []), own]);
      return;
    }
    const differs = known.id !== place.id || (known.text !== undefined && place.text !== undefined && known.text !== place.text);
    if (differs) {
      const text = `${key} is ${known.id} ${known.text}, and ${place.id} ${place.text}`;
      this.contradictions.push({ atMs: place.seenAtMs, text });
    }
    known.text ??= place.text;
    known.from ??= place.from;
  }

  #sent(entry: HistoryEntry & { kind: 'sent' }, groups: Map<string, string>): void {
    const { id, groupId, payload, delivery = 'reliable', key } = entry.message;
    if (id === undefined || groupId === undefined) return;
    groups.set(`${entry.connection} ${id}`, groupId);
    const { who, life, atMs } = entry;
    if (!this.said.has(id)) this.said.set(id, { atMs, who, life, groupId, text: JSON.stringify(payload?.data), delivery, key });
  }

  #acked(entry: HistoryEntry & { kind: 'received' }, groups: ReadonlyMap<string, string>): void {
    const { id, epoch, seq } = entry.message.payload as { id: string; epoch?: string; seq?: number };
    const groupId = groups.get(`${entry.connection} ${id}`);
    if (groupId === undefined || epoch === undefined || seq === undefined) return;
    this.add({ groupId, epoch, seq, id, text: undefined, delivery: undefined, key: undefined, seenAtMs: entry.atMs });
  }
}
