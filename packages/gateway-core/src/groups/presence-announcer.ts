import type { PresenceInfo } from 'gateway-protocol';
import type { Clock, TimerHandle } from '../clock.js';
import { isPromise } from '../maybe-promise.js';
import type { PresenceStore } from '../presence/presence-store.js';
import { textFrame } from '../transport/frame.js';
import type { Membership } from './group.js';
import type { Groups } from './groups.js';

interface Schedule {
  /** Runs while an interval does; `undefined` until the end of the turn of the first change. */
  timer: TimerHandle | undefined;
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
      announced: (groupId: string, info: PresenceInfo) => void;
      failed: (error: unknown, where: string) => void;
    },
  ) {
    this.#unwatch = store.watch((groupId) => this.changed(groupId));
  }

  /** The group's presence, or who is to be told of it, has changed. */
  changed(groupId: string): void {
    const schedule = this.#schedules.get(groupId);
    if (schedule !== undefined) {
      schedule.changed = schedule.timer !== undefined;
    } else if (this.groups.get(groupId) !== undefined) {
      const fresh: Schedule = { timer: undefined, changed: false };
      this.#schedules.set(groupId, fresh);
      this.clock.setImmediate(() => this.#announce(groupId, fresh));
    }
  }

  /** Sends what a member is owed since it was behind. */
  settle(membership: Membership): void {
    if (!membership.presenceOwed) return;
    const { group } = membership;
    this.#ask(group.groupId, (frame) => {
      // It may have left before the store answered.
      if (group.memberships.has(membership)) write(membership, frame);
    });
  }

  close(): void {
    this.#unwatch();
    for (const { timer } of this.#schedules.values()) if (timer !== undefined) this.clock.clearTimeout(timer);
    this.#schedules.clear();
  }

  #announce(groupId: string, schedule: Schedule): void {
    // The gateway may have closed meanwhile.
    if (this.#schedules.get(groupId) !== schedule) return;
    schedule.changed = false;
    this.#ask(groupId, (frame, info) => {
      const memberships = this.groups.get(groupId)?.memberships;
      if (memberships !== undefined && memberships.size > 0) {
        for (const membership of memberships) write(membership, frame);
        this.report.announced(groupId, info);
      }
    });
    schedule.timer = this.clock.setTimeout(() => {
      if (schedule.changed) this.#announce(groupId, schedule);
      else this.#schedules.delete(groupId);
    }, this.intervalMs);
  }

  #ask(groupId: string, send: (frame: Buffer, info: PresenceInfo) => void): void {
    const failed = (error: unknown) => this.report.failed(error, 'presence.info');
    const answer = (info: PresenceInfo) => send(this.#frame(groupId, info), info);
    try {
      const info = this.store.info(groupId);
      if (isPromise(info)) info.then(answer).catch(failed);
      else answer(info);
    } catch (error) {
      failed(error);
    }
  }

  #frame(groupId: string, info: PresenceInfo): Buffer {
    return textFrame(JSON.stringify({ type: 'presence_update', ts: this.clock.now(), groupId, payload: { groupId, info } }));
  }
}

function write(membership: Membership, frame: Buffer): void {
  membership.presenceOwed = membership.receiver.blocked;
  if (!membership.presenceOwed) membership.receiver.write(frame);
}
