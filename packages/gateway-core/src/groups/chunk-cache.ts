import type { Chunk } from './chunk.js';
import type { GroupLog } from './group-log.js';

/** Kept beside the first; those who are behind stand anywhere, and each has a copy made for it. */
const OTHERS_MAX = 16;
/** Presences that chunks are kept with: that of dialect 1, and what nearly all of dialect 2 are owed. */
const PRESENCES_MAX = 3;

/** A chunk, and whether the presence stands before its messages. */
export interface CachedChunk extends Chunk {
  readonly presence: boolean;
}

/** What the members read in one pass over them: whoever stands at the same place, in the same way, shares one buffer. */
export class ChunkCache {
  #key = -1;
  #chunk: CachedChunk | undefined;
  /** All but the first; nearly always everybody reads the same. */
  #others: Map<number, CachedChunk> | undefined;
  #presences: Buffer[] | undefined;

  constructor(
    private readonly log: GroupLog,
    /** The most that a presence and messages are put together to. */
    private readonly bytesMax: number,
  ) {}

  /** @param presence what is due beside the messages, and goes with them as one write where there is room. */
  read(cursor: number, behind: boolean, deflate: boolean, presence: Buffer | undefined): CachedChunk {
    const key = cursor * 16 + this.#numberOf(presence) * 4 + (behind ? 2 : 0) + (deflate ? 1 : 0);
    if (key === this.#key) return this.#chunk as CachedChunk;
    const known = this.#others?.get(key);
    if (known !== undefined) return known;
    const frame = this.#numberOf(presence) === 0 ? undefined : presence;
    const chunk = this.#withPresence(this.log.read(cursor, { behind, deflate }), frame);
    if (this.#chunk === undefined) {
      this.#key = key;
      this.#chunk = chunk;
    } else {
      this.#others ??= new Map();
      if (this.#others.size === OTHERS_MAX) this.#others.clear();
      this.#others.set(key, chunk);
    }
    return chunk;
  }

  /** From 1; 0: none, or one too many, which is written by itself. */
  #numberOf(presence: Buffer | undefined): number {
    if (presence === undefined) return 0;
    this.#presences ??= [];
    const index = this.#presences.indexOf(presence);
    if (index >= 0) return index + 1;
    return this.#presences.length < PRESENCES_MAX ? this.#presences.push(presence) : 0;
  }

  #withPresence(chunk: Chunk, frame: Buffer | undefined): CachedChunk {
    const { bytes, end, messages, latest, volatile } = chunk;
    if (frame === undefined || bytes === undefined || bytes.length + frame.length > this.bytesMax) {
      return { bytes, end, messages, latest, volatile, presence: false };
    }
    return { bytes: Buffer.concat([frame, bytes]), end, messages, latest, volatile, presence: true };
  }
}
