import type { BrokerEntry } from '../broker/broker.js';
import { headerLength } from '../transport/frame.js';
import { LogSlab, SLAB_BYTES_MAX, textOf } from './log-slab.js';

/** An entry to be put in front of a log, and the bytes that its text takes alone and as a frame. */
export interface OlderEntry {
  readonly entry: BrokerEntry;
  readonly text: string;
  readonly length: number;
  readonly frameLength: number;
}

/** Room in a log. */
export interface Room {
  readonly messages: number;
  readonly bytes: number;
}

/** Those that follow each other up to the log's first one, oldest first; of them the newest for which there is room. */
export function olderEntries(entries: readonly BrokerEntry[], firstSeq: number, room: Room): OlderEntry[] {
  const older: OlderEntry[] = [];
  let bytes = 0;
  for (let index = entries.length - 1; index >= 0; index -= 1) {
    const entry = entries[index] as BrokerEntry;
    // The log has it.
    if (entry.seq >= firstSeq) continue;
    const text = textOf(entry.seq, entry.body);
    const length = Buffer.byteLength(text);
    const frameLength = headerLength(length) + length;
    bytes += frameLength;
    if (entry.seq !== firstSeq - older.length - 1 || older.length >= room.messages || bytes > room.bytes) break;
    older.push({ entry, text, length, frameLength });
  }
  return older.reverse();
}

/** Slabs with the frames of entries, which have come at `now`. */
export function slabsOf(older: readonly OlderEntry[], now: number): LogSlab[] {
  const slabs: LogSlab[] = [];
  let bytesLeft = bytesOf(older);
  for (const { entry, text, length, frameLength } of older) {
    let slab = slabs[slabs.length - 1];
    if (slab === undefined || slab.size - slab.used < frameLength) {
      slab = new LogSlab(entry.seq, Math.max(frameLength, Math.min(bytesLeft, SLAB_BYTES_MAX)));
      slabs.push(slab);
    }
    slab.append(text, length, now);
    bytesLeft -= frameLength;
  }
  return slabs;
}

/** Of their frames. */
export function bytesOf(older: readonly OlderEntry[]): number {
  return older.reduce((sum, { frameLength }) => sum + frameLength, 0);
}
