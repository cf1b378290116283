import type { LogPosition } from 'gateway-protocol';
import { readyFrame } from './answers.js';
import type { Clock } from './clock.js';
import type { Connection } from './connection.js';
import type { Emitter } from './emitter.js';
import type { EndCause } from './end-causes.js';
import type { GatewayEvents } from './events.js';
import type { Group } from './groups/group.js';
import type { Groups } from './groups/groups.js';
import type { Replay } from './groups/replay.js';
import type { HubListener } from './hub.js';
import type { Members } from './members/members.js';
import type { Resumes } from './members/resumes.js';
import type { RecentEnds } from './recent-ends.js';
import type { SessionKeeper } from './sessions/session-keeper.js';
import type { Timings } from './timings.js';

/** What happens to groups, members and sessions as connections come and go. */
export class Lifecycle implements HubListener {
  constructor(
    private readonly parts: {
      clock: Clock;
      timings: Timings;
      events: Emitter<GatewayEvents>;
      groups: Groups;
      members: Members;
      resumes: Resumes;
      sessions: SessionKeeper;
      ends: RecentEnds;
      failed: (error: unknown, where: string, about?: { connectionId: string }) => void;
    },
  ) {}

  opened(connection: Connection): void {
    const { clock, timings, events } = this.parts;
    const { connectionId, remoteAddress } = connection;
    // A socket may close as it is written to; listeners hear of its beginning first all the same.
    events.after(() => {
      events.emit('connection', { connectionId, remoteAddress });
      connection.answer(readyFrame(clock.now(), connectionId, timings));
    });
  }

  freed(connection: Connection): void {
    for (const membership of connection.memberships) membership.group.catchUp(membership);
    connection.letGo();
  }

  broken({ connectionId }: Connection, error: unknown): void {
    this.parts.failed(error, 'socket', { connectionId });
  }

  gapped({ member }: Connection, groupId: string, from: number, to: number): void {
    if (member === undefined) return;
    const { memberId } = member;
    const { groups, ends, events } = this.parts;
    ends.gapped(memberId, groups.get(groupId) as Group, from, to);
    events.emit('gap', { memberId, groupId, from, to });
  }

  synced(connection: Connection, groupId: string, position: LogPosition, { outcome, reason, replayed }: Replay): void {
    const { connectionId, member, live } = connection;
    // Its socket may have broken as it was told.
    if (member === undefined || !live || !this.parts.events.has('sync')) return;
    const { memberId } = member;
    this.parts.events.emit('sync', { connectionId, memberId, groupId, ...position, outcome, reason, replayed });
  }

  leaving({ member, fenced }: Connection): void {
    if (member !== undefined && !fenced) this.parts.members.detach(member);
  }

  ended(connection: Connection, { code, reason, ending, by }: EndCause): void {
    const { connectionId, member, fenced, sentence, bytesIn, bytesOut } = connection;
    const { members, ends, events } = this.parts;
    if (member !== undefined && !fenced) {
      ends.ended(member.memberId, { code, reason, by });
      // One that was to be ended does not escape that by ending itself.
      if ((sentence ?? { ending }).ending === 'dropped') members.drop(member);
      else members.end(member);
    }
    const { memberId, identity } = member ?? {};
    events.emit('disconnect', { connectionId, memberId, principal: identity?.principal, code, reason, by, bytesIn, bytesOut });
  }

  *sweep(now: number): Generator<number, void> {
    const { groups, members, resumes, sessions, failed } = this.parts;
    yield* groups.sweep(now);
    yield* members.sweep(now);
    yield* resumes.sweep(now);
    yield* sessions.sweep((error) => failed(error, 'sessions.expire'));
  }
}
