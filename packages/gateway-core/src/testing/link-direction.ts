import type { Clock } from '../clock.js';

/** What one way of a link can carry and hold. */
export interface PipeOptions {
  readonly clock: Clock;
  readonly bytesPerSecond: number;
  readonly kernelBufferBytes: number;
  readonly receiveBufferBytes: number;
  /** Asked for each segment. */
  readonly latencyMs: () => number;
}

/** Where the bytes of one way of a {@link MemoryLink} are. */
export interface LinkDirection {
  /**
   * Written, and not taken by the sender's kernel yet: Node's `writableLength`. As there, a write counts until all of it was taken, and what
   * is written meanwhile becomes one write.
   */
  readonly bufferedBytes: number;
  /** In the sender's kernel. */
  readonly kernelBytes: number;
  /** On the way. */
  readonly inFlightBytes: number;
  /** Arrived, and not read yet. */
  readonly unreadBytes: number;
  /** Whether the receiver reads. */
  readonly reading: boolean;
}

/** Something whole in the stream of bytes, as a frame is. */
export interface Piece {
  readonly bytes: number;
  /** Its last byte was read. */
  readonly read: () => void;
}
