import type { Standing } from './standing.js';

/** What a text frame from a server is, as far as the generator has to know. */
export const FRAME = {
  other: 0,
  data: 1,
  ready: 2,
  presence: 3,
  error: 4,
  gap: 5,
  hello: 6,
  connected: 7,
  ping: 8,
  sync: 9,
  ack: 10,
} as const;
/** The `id` of a publication that is to be acknowledged; its digits are the message's number. */
export const ID = 'm-0000000000';
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
  join(group: string, standing?: Standing): string | undefined;
  /** What a frame of this kind is answered with. */
  answer(kind: FrameKind, group: string, standing?: Standing): string | undefined;
  /** Keeps what a frame says of where a client stands; called for each frame of a client that resumes. */
  note?(standing: Standing, kind: FrameKind, buffer: Buffer, start: number, end: number): void;
  /** A message that the server sends to all members of the group. Where the dialect has acknowledgements on, with {@link ID}. */
  publication(group: string, data: string): string;
  /** Sent to stay alive; undefined where the server needs nothing. */
  heartbeat(): string | undefined;
}
