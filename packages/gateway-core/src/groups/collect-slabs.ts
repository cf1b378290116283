import type { Chunk } from './chunk.js';
import type { LogSlab } from './log-slab.js';

/** What follows the cursor up to `until`, as much as fits into `bytesMax`, but at least one message; of each slab it is one piece. */
export function collectSlabs(slabOf: (seq: number) => LogSlab, cursor: number, until: number, bytesMax: number): Chunk {
  const pieces: Buffer[] = [];
  let room = bytesMax;
  let end = cursor;
  while (end < until && room > 0) {
    const from = end + 1;
    const slab = slabOf(from);
    let to = Math.min(slab.lastSeq, until);
    if (slab.lengthOf(from, to) > room) {
      to = from;
      while (slab.lengthOf(from, to + 1) <= room) to += 1;
    }
    const length = slab.lengthOf(from, to);
    if (pieces.length > 0 && length > room) break;
    pieces.push(slab.frames(from, to));
    room -= length;
    end = to;
  }
  const bytes = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
  return { bytes, end, messages: end - cursor, latest: 0, volatile: 0 };
}
