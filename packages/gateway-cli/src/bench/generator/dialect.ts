/** What a text frame from a server is, as far as the generator has to know. */
export const FRAME = { other: 0, data: 1, ready: 2, presence: 3, error: 4, gap: 5, hello: 6, connected: 7, ping: 8 } as const;
/** One of {@link FRAME}. */
export type FrameKind = (typeof FRAME)[keyof typeof FRAME];

/** How a server is spoken to. One object serves all connections, so it keeps no state. */
export interface Dialect {
  /** Path of the upgrade request. */
  readonly path: string;
  /** A connection is a member of its group after this many `ready` frames. */
  readonly readyFrames: number;
  /** Tells frames apart by single bytes at fixed places; called once per delivery. */
  classify(buffer: Buffer, start: number, end: number): FrameKind;
  /** What has to be said to become a member of the group, or undefined where {@link answer} says it. */
  join(group: string): string | undefined;
  /** What a frame of this kind is answered with. */
  answer(kind: FrameKind, group: string): string | undefined;
  /** A message that the server sends to all members of the group. */
  publication(group: string, data: string): string;
  /** Sent to stay alive; undefined where the server needs nothing. */
  heartbeat(): string | undefined;
}
