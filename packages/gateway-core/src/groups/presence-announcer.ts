import { presenceFrame } from '../answers.js';
import type { Clock, TimerHandle } from '../clock.js';
import { isPromise } from '../maybe-promise.js';
import type { GroupPresence, PresenceStore } from '../presence/presence-store.js';
import type { Membership } from './group.js';
import type { Groups } from './groups.js';

interface Schedule {
  /** Runs while an interval does. */
  timer: TimerHandle | undefined;
  /** The store has not answered yet: another answer could come before this one, and be overwritten by it. */
  asking: boolean;
  /** Presence changed since the store was asked. */
  changed: boolean;
}

/**
 * Sends a group's newest presence to its members: at the end of the turn of a first change, then at most once per
 * `presenceIntervalMs`. Presence is state and not in the log: a member that is behind is owed only the newest.
 */
export class PresenceAnnouncer {
  /** Groups with an update due, or with one in the current interval. */
  readonly #schedules = new Map<string, Schedule>();
  readonly #unwatch: () => void;

  constructor(
    private readonly store: PresenceStore,
    private readonly groups: Groups,
    private readonly clock: Clock,
    private readonly intervalMs: number,
    private readonly report: {
      announced: (groupId: string, info: GroupPresence) => void;
      failed: (error: unknown, where: string) => void;
    },
  ) {
    this.#unwatch = store.watch((groupId) => this.changed(groupId));
  }

  /** The group's presence, or who is to be told of it, has changed. */
  changed(groupId: string): void {
    const schedule = this.#schedules.get(groupId);
    if (schedule !== undefined) {
      schedule.changed = true;
    } else if (this.groups.get(groupId) !== undefined) {
      const fresh: Schedule = { timer: undefined, asking: false, changed: true };
      this.#schedules.set(groupId, fresh);
      this.clock.setImmediate(() => this.#goOn(groupId, fresh));
    }
  }

  /** Sends what a member is owed since it was behind. */
  settle(membership: Membership): void {
    if (!membership.presenceOwed) return;
    const { group } = membership;
    this.#ask(group.groupId, (frame) => {
      // Before the store answered it may have left, or have been told something newer.
      if (group.memberships.has(membership) && membership.presenceOwed) write(membership, frame);
    });
  }

  /** Sends one member the group's newest presence, changed or not. */
  tell(membership: Membership): void {
    membership.presenceOwed = true;
    if (!membership.receiver.blocked) this.settle(membership);
  }

  close(): void {
    this.#unwatch();
    for (const { timer } of this.#schedules.values()) if (timer !== undefined) this.clock.clearTimeout(timer);
    this.#schedules.clear();
  }

  /** Announces what has changed once the interval is over and the store has answered; where nothing has, the group is quiet. */
  #goOn(groupId: string, schedule: Schedule): void {
    // The gateway may have closed meanwhile.
    if (this.#schedules.get(groupId) !== schedule || schedule.timer !== undefined || schedule.asking) return;
    if (schedule.changed) this.#announce(groupId, schedule);
    else this.#schedules.delete(groupId);
  }

  #announce(groupId: string, schedule: Schedule): void {
    schedule.changed = false;
    schedule.asking = true;
    schedule.timer = this.clock.setTimeout(() => {
      schedule.timer = undefined;
      this.#goOn(groupId, schedule);
    }, this.intervalMs);
    const send = (frame: Buffer, info: GroupPresence) => {
      const memberships = this.groups.get(groupId)?.memberships;
      if (memberships === undefined || memberships.size === 0) return;
      for (const membership of memberships) write(membership, frame);
      this.report.announced(groupId, info);
    };
    this.#ask(groupId, send, () => {
      schedule.asking = false;
      this.#goOn(groupId, schedule);
    });
  }

  #ask(groupId: string, send: (frame: Buffer, info: GroupPresence) => void, done = () => {}): void {
    const failed = (error: unknown) => this.report.failed(error, 'presence.info');
    const answer = (info: GroupPresence) => send(presenceFrame(this.clock.now(), groupId, info), info);
    try {
      const info = this.store.info(groupId);
      if (isPromise(info)) {
        info.then(answer).then(undefined, failed).then(done);
        return;
      }
      answer(info);
    } catch (error) {
      failed(error);
    }
    done();
  }
}

function write(membership: Membership, frame: Buffer): void {
  membership.presenceOwed = membership.receiver.blocked;
  if (!membership.presenceOwed) membership.receiver.write(frame);
}
