import type { LogPosition } from 'gateway-protocol';
import type { PlaceState } from './place-states.js';
import type { Replay } from './replay.js';

/** Why messages are lost to a receiver: its cursor is where the log no longer reaches, or the log was lost by the broker. */
export type Loss = 'behind' | 'reset';

/** One connection, as a group needs it. */
export interface Receiver {
  /** Its socket is over the high-water mark. Found under it at a pass over the members or at `Group.catchUp`, it is written to again. */
  readonly blocked: boolean;
  /** It takes compressed frames. */
  readonly deflate: boolean;
  /** Its socket has ended: it is owed nothing any more. */
  readonly gone: boolean;
  /** It speaks dialect 2: where messages are lost to it, it is told so, and goes on. */
  readonly hearsGaps: boolean;
  write(frames: Buffer): void;
  /** Messages of the group are lost to it, and it cannot be told. */
  lost(reason: Loss): void;
  /** It has been written all of a replay, and the `sync` at its end: it stands at this position of the group. */
  synced?(groupId: string, position: LogPosition, replay: Replay): void;
  /** Messages of a group are lost to it, and it was told. */
  gapped?(groupId: string, from: number, to: number): void;
}

/** Takes what receivers of dialect 2 were told of where they stand. */
export interface StandingListener<Who> {
  synced(who: Who, groupId: string, position: LogPosition, replay: Replay): void;
  /** Messages of a group are lost to it. */
  gapped(who: Who, groupId: string, from: number, to: number): void;
}

/** How far a receiver has been written to. A class, so that what there is most of is one object each. */
export class Cursor {
  /** Changed by `movePlace` alone. */
  state: PlaceState = 'live';
  /** It could not be written to at some pass since it last stood at the head. */
  behind = false;
  /** Where it began, or was brought to by `begin`: what came since is in one of the counts below, or after the cursor. */
  start: number;
  /** Messages since then: written, passed over as `latest` or `volatile`, and told of as lost. */
  written = 0;
  latest = 0;
  volatile = 0;
  lost = 0;
  /** While it is `replaying`. */
  replay: Replay | undefined;

  constructor(
    public receiver: Receiver,
    /** `seq` of the last message written to the socket. */
    public cursor: number,
    /** The version of the presence that it was last written, or knew as it joined; it is owed any other one. */
    public presenceSeen: number,
  ) {
    this.start = cursor;
  }
}

/** Of all groups of a gateway. */
export interface FanOutCounters {
  /** Messages handed to sockets, passed over because the receiver was behind, and lost to a receiver, which was told; and how often it was. */
  delivered: number;
  passedOver: number;
  lost: number;
  gaps: number;
}

/** Of a cursor that was never told who is there, or is to be told anew. */
export const NONE_SEEN = -1;

/** Takes the place of a receiver whose connection is gone. */
export const NOBODY: Receiver = { blocked: true, deflate: false, gone: true, hearsGaps: false, write: () => {}, lost: () => {} };

/** Brings a member to a place in the log, where its books begin anew. */
export function startAt(member: Cursor, cursor: number): void {
  member.cursor = cursor;
  member.start = cursor;
  member.written = 0;
  member.latest = 0;
  member.volatile = 0;
  member.lost = 0;
}
