import type { Chunk } from './chunk.js';
import type { GroupLog } from './group-log.js';

/** Kept beside the first; those who are behind stand anywhere, and each has a copy made for it. */
const OTHERS_MAX = 16;

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

  constructor(
    private readonly log: GroupLog,
    /** What is due beside the messages, and goes with them as one write where that is no longer than `bytesMax`. */
    private readonly presence: Buffer | undefined,
    private readonly bytesMax: number,
  ) {}

  read(cursor: number, behind: boolean, deflate: boolean, presence: boolean): CachedChunk {
    const key = cursor * 8 + (behind ? 4 : 0) + (deflate ? 2 : 0) + (presence ? 1 : 0);
    if (key === this.#key) return this.#chunk as CachedChunk;
    const known = this.#others?.get(key);
    if (known !== undefined) return known;
    const chunk = this.#withPresence(this.log.read(cursor, { behind, deflate }), presence);
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

  #withPresence({ bytes, end, messages }: Chunk, wanted: boolean): CachedChunk {
    const frame = wanted ? this.presence : undefined;
    if (frame === undefined || bytes === undefined || bytes.length + frame.length > this.bytesMax) {
      return { bytes, end, messages, presence: false };
    }
    return { bytes: Buffer.concat([frame, bytes]), end, messages, presence: true };
  }
}
