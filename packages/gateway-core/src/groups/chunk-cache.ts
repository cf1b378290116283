import type { Chunk, GroupLog } from './group-log.js';

/** What the members read in one pass over them: whoever stands at the same place, in the same way, shares one buffer. */
export class ChunkCache {
  #key = -1;
  #chunk: Chunk | undefined;
  /** All but the first; nearly always everybody reads the same. */
  #others: Map<number, Chunk> | undefined;

  constructor(private readonly log: GroupLog) {}

  read(cursor: number, behind: boolean, deflate: boolean): Chunk {
    const key = cursor * 4 + (behind ? 2 : 0) + (deflate ? 1 : 0);
    if (key === this.#key) return this.#chunk as Chunk;
    const known = this.#others?.get(key);
    if (known !== undefined) return known;
    const chunk = this.log.read(cursor, { behind, deflate });
    if (this.#chunk === undefined) {
      this.#key = key;
      this.#chunk = chunk;
    } else {
      this.#others ??= new Map();
      this.#others.set(key, chunk);
    }
    return chunk;
  }
}
