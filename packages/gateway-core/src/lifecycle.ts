import { readyFrame } from './answers.js';
import type { Clock } from './clock.js';
import type { Connection } from './connection.js';
import type { Emitter } from './emitter.js';
import type { GatewayEvents } from './events.js';
import type { Groups } from './groups/groups.js';
import type { PresenceAnnouncer } from './groups/presence-announcer.js';
import type { Ending, HubListener } from './hub.js';
import type { Members } from './members/members.js';
import type { Router } from './router.js';
import type { SessionKeeper } from './sessions/session-keeper.js';
import type { Timings } from './timings.js';

/** What a ping or pong counts in bytes: its header and mask (RFC 6455 §5.2); its payload is 125 at most. */
const CONTROL_FRAME_BYTES = 6;

/** What happens to groups, members and sessions as connections come, speak and go. */
export class Lifecycle implements HubListener {
  messagesIn = 0;
  bytesIn = 0;

  constructor(
    private readonly parts: {
      clock: Clock;
      timings: Timings;
      events: Emitter<GatewayEvents>;
      groups: Groups;
      members: Members;
      sessions: SessionKeeper;
      announcer: PresenceAnnouncer;
      router: Router;
      failed: (error: unknown, where: string, about?: { connectionId: string }) => void;
    },
  ) {}

  opened(connection: Connection): void {
    const { clock, timings, events } = this.parts;
    const { connectionId, remoteAddress } = connection;
    connection.answer(readyFrame(clock.now(), connectionId, timings));
    events.emit('connection', { connectionId, remoteAddress });
  }

  message(connection: Connection, text: string, byteLength: number): void {
    this.messagesIn += 1;
    this.bytesIn += byteLength;
    this.parts.router.receive(connection, text, byteLength);
  }

  ping(connection: Connection): void {
    this.parts.router.spend(connection, CONTROL_FRAME_BYTES);
  }

  drained(connection: Connection): void {
    for (const membership of connection.memberships) {
      membership.group.catchUp(membership);
      this.parts.announcer.settle(membership);
    }
    connection.drained();
  }

  broken(connection: Connection, error: unknown): void {
    this.parts.failed(error, 'socket', { connectionId: connection.connectionId });
  }

  leaving(connection: Connection): void {
    for (const membership of connection.memberships) {
      connection.left(membership);
      this.parts.groups.remove(membership);
    }
  }

  ended(connection: Connection, code: number, reason: string, ending: Ending): void {
    const { members, events } = this.parts;
    const { connectionId, member } = connection;
    if (member !== undefined) {
      if (ending === 'dropped') members.drop(member);
      else members.end(member);
    }
    events.emit('disconnect', { connectionId, memberId: member?.memberId, code, reason });
  }

  sweep(now: number): void {
    const { groups, members, sessions, failed } = this.parts;
    groups.sweep(now);
    members.sweep(now);
    sessions.sweep().catch((error: unknown) => failed(error, 'sessions.expire'));
  }
}
