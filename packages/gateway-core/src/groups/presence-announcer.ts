import { presenceFrame } from '../answers.js';
import type { Clock, TimerHandle } from '../clock.js';
import { isPromise, type MaybePromise, whenFailed, whenKnown } from '../maybe-promise.js';
import type { PartTimeouts } from '../part-timeouts.js';
import type { GroupPresence, PresenceMember, PresenceStore } from '../presence/presence-store.js';
import type { Slices } from '../slices.js';
import type { Group, Membership } from './group.js';
import type { Groups } from './groups.js';
import { PresenceIntervals, type PresencePace, Rhythm } from './presence-intervals.js';
import type { Roster, RosterNews } from './roster.js';

/** Before a store that failed is asked again, at least. */
const RETRY_MS = 1_000;

interface Schedule {
  readonly groupId: string;
  /** Runs while an interval does. */
  timer: TimerHandle | undefined;
  /** The store has not answered yet: another answer could come before this one, and be overwritten by it. */
  asking: boolean;
  /** Presence changed since the store was asked, or the store failed. */
  changed: boolean;
  /** The store failed when it was asked last. */
  failed: boolean;
  readonly rhythm: Rhythm;
}

/**
 * Announces a group's newest presence to its members: at the end of the turn of a first change, then at most once per interval. Presence
 * is state and not in the log: a member that is behind is owed only the newest. How long an interval is, `PresenceIntervals` says.
 */
export class PresenceAnnouncer {
  /** Groups with an update due, or with one in the current interval. */
  readonly #schedules = new Map<string, Schedule>();
  readonly #intervals: PresenceIntervals;
  /** Lists that the store was asked for. */
  #asked = 0;
  /** First lists that the store was asked for and has not answered. */
  readonly #preparing = new WeakMap<Roster, Promise<void>>();
  readonly #unwatch: () => void;

  constructor(
    private readonly store: PresenceStore,
    private readonly groups: Groups,
    private readonly clock: Clock,
    private readonly slices: Slices,
    private readonly timeouts: PartTimeouts,
    pace: PresencePace,
    private readonly report: {
      announced: (groupId: string, info: GroupPresence) => void;
      failed: (error: unknown, where: string) => void;
    },
  ) {
    this.#intervals = new PresenceIntervals(pace);
    const unwatch = store.watch((groupId) => this.changed(groupId));
    // A store that fails here is not to keep the gateway from closing all else.
    this.#unwatch = () => whenFailed(unwatch, (error) => report.failed(error, 'presence.watch'));
  }

  /** The group's presence, or who is to be told of it, has changed. */
  changed(groupId: string): void {
    const schedule = this.#schedules.get(groupId);
    if (schedule !== undefined) {
      schedule.changed = true;
    } else if (this.groups.get(groupId) !== undefined) {
      const fresh: Schedule = { groupId, timer: undefined, asking: false, changed: true, failed: false, rhythm: new Rhythm() };
      this.#schedules.set(groupId, fresh);
      this.#queue(fresh);
    }
  }

  /** Writes the newest presence that was announced to one member, though it may have it; once there is one, where there is none yet. */
  tell(membership: Membership): void {
    const { group } = membership;
    if (!group.tell(membership)) this.changed(group.groupId);
  }

  /**
   * Sees to it that there is a list for a member of dialect 2 that is about to come into a group. Where the store fails it comes without one,
   * and is told as soon as the store can be asked. All who come before the store has answered wait for one answer: that they have come
   * changes the list, so it is announced after that.
   */
  prepare(group: Group): MaybePromise<void> {
    const roster = group.keepRoster();
    if (roster.isKnown) return undefined;
    const underWay = this.#preparing.get(roster);
    if (underWay !== undefined) return underWay;
    const failed = (error: unknown) => this.report.failed(error, 'presence.list');
    try {
      const news = whenKnown(this.#info(group.groupId), (info) => this.#news(group, roster, info));
      if (isPromise(news)) {
        const enlisted = news.then((known) => this.#enlist(group, known)).catch(failed);
        const preparing = enlisted.finally(() => this.#preparing.delete(roster));
        this.#preparing.set(roster, preparing);
        return preparing;
      }
      this.#enlist(group, news);
    } catch (error) {
      failed(error);
    }
    return undefined;
  }

  /** A member of dialect 2 has come into a group: what there was no list for is announced. */
  came({ group }: Membership): void {
    if (group.roster?.isKnown !== true) this.changed(group.groupId);
  }

  close(): void {
    this.#unwatch();
    for (const { timer } of this.#schedules.values()) if (timer !== undefined) this.clock.clearTimeout(timer);
    this.#schedules.clear();
  }

  /** Many groups can change in one turn: they are announced in slices too. */
  #queue(schedule: Schedule): void {
    this.slices.add({
      step: (units) => {
        this.#goOn(schedule);
        return units - 1;
      },
    });
  }

  /** Announces what has changed once the interval is over and the store has answered; where nothing has, the group is quiet. */
  #goOn(schedule: Schedule): void {
    const { groupId, timer, asking, changed } = schedule;
    // The gateway may have closed meanwhile.
    if (this.#schedules.get(groupId) !== schedule || timer !== undefined || asking) return;
    if (changed) {
      this.#announce(schedule);
      return;
    }
    this.#schedules.delete(groupId);
    this.#intervals.rest(schedule.rhythm, this.#schedules.size === 0);
  }

  #announce(schedule: Schedule): void {
    schedule.changed = false;
    schedule.failed = false;
    schedule.asking = true;
    const askedAt = this.clock.monotonicMs();
    this.#ask(schedule, () => {
      schedule.asking = false;
      // The gateway may have closed meanwhile.
      if (this.#schedules.get(schedule.groupId) === schedule) this.#pause(schedule, askedAt);
    });
  }

  /** Lets the interval pass that began when the store was asked. */
  #pause(schedule: Schedule, askedAt: number): void {
    const told = this.groups.get(schedule.groupId)?.memberships.size ?? 0;
    const intervalMs = Math.max(this.#intervals.next(schedule.rhythm, told), schedule.failed ? RETRY_MS : 0);
    const restMs = Math.ceil(askedAt + intervalMs - this.clock.monotonicMs());
    if (restMs < 0) {
      this.#goOn(schedule);
      return;
    }
    schedule.timer = this.clock.setTimeout(() => {
      schedule.timer = undefined;
      this.#queue(schedule);
    }, restMs);
  }

  #ask(schedule: Schedule, done: () => void): void {
    const { groupId, rhythm } = schedule;
    rhythm.membersBefore = rhythm.members;
    rhythm.members = undefined;
    const failed = (error: unknown) => this.#failed(schedule, error, 'presence.info');
    const answer = (info: GroupPresence) => {
      rhythm.members = info.details?.members;
      const group = this.groups.get(groupId);
      if (group === undefined) return undefined;
      if (group.memberships.size === 0) return group.roster?.rest();
      const { roster } = group;
      if (roster === undefined || roster.listeners === 0) return this.#announced(group, info, undefined);
      return whenKnown(this.#newsIfAny(schedule, group, roster, info), (news) => this.#announced(group, info, news));
    };
    try {
      const answered = whenKnown(this.#info(groupId), answer);
      if (isPromise(answered)) {
        answered.then(undefined, failed).then(done);
        return;
      }
    } catch (error) {
      failed(error);
    }
    done();
  }

  #announced(group: Group, info: GroupPresence, news: RosterNews | undefined): void {
    const { groupId } = group;
    // While the list was asked for, it may have been left, or forgotten.
    if (this.groups.get(groupId) !== group || group.memberships.size === 0) return;
    group.announce(presenceFrame(this.clock.now(), groupId, info), news);
    this.report.announced(groupId, info);
  }

  /** Where the store fails, the others are told all the same. */
  #newsIfAny(schedule: Schedule, group: Group, roster: Roster, info: GroupPresence): MaybePromise<RosterNews | undefined> {
    const failed = (error: unknown): undefined => this.#failed(schedule, error, 'presence.list');
    try {
      const news = this.#news(group, roster, info);
      return isPromise(news) ? news.catch(failed) : news;
    } catch (error) {
      return failed(error);
    }
  }

  /** What there is to tell stays owed, where there is anybody to tell: who comes later asks anew. */
  #failed(schedule: Schedule, error: unknown, where: string): undefined {
    schedule.failed = true;
    schedule.changed ||= (this.groups.get(schedule.groupId)?.memberships.size ?? 0) > 0;
    this.report.failed(error, where);
  }

  #info(groupId: string): MaybePromise<GroupPresence> {
    return this.timeouts.limit(this.store.info(groupId), 'presence.info');
  }

  #news({ groupId }: Group, roster: Roster, info: GroupPresence): MaybePromise<RosterNews> {
    this.#asked += 1;
    const asked = this.#asked;
    const ts = this.clock.now();
    if (!roster.lists(info.details?.members ?? 0)) return { ts, info, members: undefined, asked };
    return whenKnown(this.timeouts.limit(this.store.list(groupId), 'presence.list'), (members) => ({
      ts,
      info: countedIn(members, info),
      members,
      asked,
    }));
  }

  /** Unless it has been listed meanwhile, or forgotten. */
  #enlist(group: Group, news: RosterNews): void {
    if (group.roster?.isKnown === false && this.groups.get(group.groupId) === group) group.enlist(news);
  }
}

/** What the list says wins: somebody may have come or gone since the store was asked how many there are, and nobody would be told. */
function countedIn(members: readonly PresenceMember[], info: GroupPresence): GroupPresence {
  if (members.length === 0 && info.details === undefined) return info;
  const status = members.length === 0 ? 'DOWN' : members.some(({ state }) => state === 'connected') ? 'UP' : 'DEGRADED';
  return { status, details: { ...info.details, members: members.length } };
}
