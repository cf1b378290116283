import type { ErrorSignal, LogPosition, ResumeSince, Since } from 'gateway-protocol';
import { RESUME_GROUPS_MAX } from './bounds.js';
import { checkedText, isId, isSince } from './checks.js';
import type { Context } from './context.js';
import { GatewayClientError } from './errors.js';
import type { Group, JoinOptions } from './group.js';
import { Handle } from './handle.js';
import type { Outbox } from './outbox.js';
import { OwnState } from './own-state.js';
import { RosterKeeper } from './roster.js';
import { Sender } from './sender.js';
import { SharedGroup } from './shared-group.js';
import { type GroupSignal, groupsRecord, joinText, leaveText, type MemberReady, presenceText } from './wire.js';

const RETRY_MS = 1_000;
const RETRY_MAX_MS = 30_000;

/** What it needs of the connection. */
export interface GroupsLink {
  readonly isOnline: boolean;
  readonly bufferedBytes: number;
  send(text: string): boolean;
}

/** One group with all that belongs to it. */
interface Entry {
  readonly group: SharedGroup;
  readonly roster: RosterKeeper;
  readonly state: OwnState;
  readonly sender: Sender;
  undoLinger(): void;
}

/** The groups of one client: joined, counted, and brought back after a drop. */
export class Groups {
  readonly entries = new Map<string, Entry>();
  /** Left while there was no connection: the gateway still has the member in them. */
  readonly #departed = new Set<string>();
  #joins = 0;

  constructor(
    private readonly context: Context,
    private readonly link: GroupsLink,
    private readonly outbox: () => Outbox,
  ) {}

  join<Data, State>(groupId: string, options: JoinOptions<Data>): Group<Data, State> {
    const { since } = options;
    if (!isId(groupId) || (since !== undefined && !isSince(since))) {
      throw new GatewayClientError('INVALID_DATA', 'groupId or since: not what the contract allows', { groupId });
    }
    const entry = this.entries.get(groupId) ?? this.#add(groupId, since);
    const { group } = entry;
    entry.undoLinger();
    if (group.phase === 'refused') group.phase = 'out';
    const handle = new Handle<Data, State>(
      this.context,
      group,
      {
        members: entry.roster.store,
        publish: (data, publishing) => this.outbox().publish(groupId, data, publishing),
        send: (data, { key, sessionId }) => entry.sender.send(data, key, sessionId),
        setState: (state) => this.#setState(entry, state),
        rejoin: (since) => this.#ask(entry, since),
        left: (user) => {
          group.users.delete(user);
          if (group.users.size === 0) {
            entry.undoLinger = this.context.deadlines.add(this.context.timings.lingerMs, () =>
              this.context.dispatcher.enter(() => this.#leave(entry)),
            );
          }
        },
      },
      options,
    );
    group.users.add(handle);
    // At the end of the turn, so that listeners that are added in it miss nothing.
    queueMicrotask(() => this.context.dispatcher.enter(() => this.#ask(entry)));
    return handle;
  }

  isOpen(groupId: string): boolean {
    return this.entries.get(groupId)?.group.phase === 'in';
  }

  wanted(): Record<string, ResumeSince> {
    const wanted = [...this.entries.values()].filter(({ group }) => group.phase !== 'refused');
    // What is more is joined afterwards.
    return groupsRecord(wanted.slice(0, RESUME_GROUPS_MAX).map(({ group }) => [group.groupId, group.since ?? {}]));
  }

  online({ groups = [] }: MemberReady, named: ReadonlySet<string>): void {
    for (const groupId of groups) if (this.#departed.has(groupId)) this.link.send(leaveText(groupId));
    this.#departed.clear();
    for (const entry of this.entries.values()) {
      const { group } = entry;
      if (group.phase === 'refused') continue;
      if (group.phase !== 'out') this.#out(entry);
      // Those that were named and do not come have an error on its way.
      if (named.has(group.groupId) || groups.includes(group.groupId)) group.ask();
      else this.#ask(entry);
    }
  }

  offline(): void {
    for (const entry of this.entries.values()) this.#out(entry);
  }

  signal(signal: Exclude<GroupSignal, { type: 'ack' }>): void {
    if (signal.type === 'error') {
      this.#failed(signal);
      return;
    }
    const entry = this.entries.get(signal.type === 'data_update' ? signal.groupId : signal.payload.groupId);
    // Left already, or one that only the host put it into.
    if (entry === undefined) return;
    const { group, roster } = entry;
    if (signal.type === 'data_update') {
      group.message(signal);
      const epoch = group.position?.epoch;
      if (epoch !== undefined && this.context.session.isOwn(signal.from)) this.outbox().seen(signal, epoch);
    } else if (signal.type === 'presence_update') {
      roster.updated(signal.payload);
    } else if (signal.type === 'gap') {
      group.gap(signal.payload);
    } else if (signal.type === 'sync') {
      group.synced(signal.payload);
      roster.synced(signal.payload);
      entry.state.again();
      entry.sender.flush();
      this.outbox().synced(signal.payload);
    }
  }

  /** The client was closed, and forgets everything; or it has stopped, and what is joined comes back when it is told to connect again. */
  ended(error: GatewayClientError): void {
    for (const entry of this.entries.values()) {
      const { group, undoLinger, sender } = entry;
      sender.clear();
      this.#out(entry);
      for (const user of [...group.users]) user.ended(error);
      if (error.code === 'CLOSED') undoLinger();
    }
    if (error.code !== 'CLOSED') return;
    this.entries.clear();
    this.#departed.clear();
  }

  #add(groupId: string, since: Since | undefined): Entry {
    const { context, link } = this;
    const group = new SharedGroup(groupId, since);
    const roster = new RosterKeeper(context.dispatcher, (change) => {
      for (const user of group.users) user.roster(change);
    });
    const sendOpen = (text: string) => group.phase === 'in' && link.send(text);
    const sender = new Sender(context, {
      groupId,
      get isOpen() {
        return group.phase === 'in' && link.isOnline;
      },
      get bufferedBytes() {
        return link.bufferedBytes;
      },
      send: sendOpen,
    });
    const entry: Entry = { group, roster, sender, state: new OwnState(context, sendOpen), undoLinger: () => {} };
    this.entries.set(groupId, entry);
    this.#departed.delete(groupId);
    return entry;
  }

  #setState({ group, state }: Entry, said: unknown): void {
    const { groupId } = group;
    state.set(checkedText('state', () => presenceText(groupId, said), this.context.session, { groupId }).text);
  }

  /** Asks for a group that is not asked for on this connection, or again from another position. */
  #ask({ group }: Entry, rejoin?: LogPosition): void {
    const isCurrent = this.entries.get(group.groupId)?.group === group;
    if (!isCurrent || !this.link.isOnline || (group.phase !== 'out' && rejoin === undefined)) return;
    this.#joins += 1;
    group.joinId = `join-${this.#joins}`;
    const since = rejoin ?? group.since;
    group.ask(since);
    this.link.send(joinText(group.joinId, group.groupId, since));
  }

  #leave({ group, sender }: Entry): void {
    sender.clear();
    this.entries.delete(group.groupId);
    this.outbox().end(new GatewayClientError('LEFT', 'the group was left', { groupId: group.groupId }), group.groupId);
    if (group.phase === 'refused') return;
    // Where it was never in, the gateway knows nothing of it.
    if (!this.link.send(leaveText(group.groupId)) && group.sync !== undefined) this.#departed.add(group.groupId);
  }

  #out({ group, roster }: Entry): void {
    group.joinId = undefined;
    group.out();
    roster.disconnected();
  }

  #failed({ groupId, payload }: ErrorSignal): void {
    const { code, message, retryable, retryAfterMs, inReplyTo } = payload;
    const error = new GatewayClientError(code, message, { retryable, retryAfterMs, groupId, id: inReplyTo });
    const entry =
      inReplyTo === undefined
        ? this.entries.get(groupId ?? '')
        : [...this.entries.values()].find(({ group }) => group.joinId === inReplyTo);
    if (entry !== undefined && entry.group.phase !== 'out') {
      this.#refused(entry, error);
    } else if (code === 'RATE_LIMITED' && inReplyTo === undefined) {
      this.outbox().limited(retryAfterMs ?? RETRY_MS);
      // It may be a join that was meant.
      for (const one of this.entries.values()) if (one.group.joinId !== undefined) this.#retry(one, retryAfterMs);
    } else if (!this.outbox().refused(error)) {
      this.context.report(error);
    }
  }

  #refused(entry: Entry, error: GatewayClientError): void {
    if (error.code === 'RATE_LIMITED' || error.code === 'INTERNAL') {
      this.#retry(entry, error.retryAfterMs);
      return;
    }
    const { group } = entry;
    group.refuse(error);
    this.outbox().end(error, group.groupId);
  }

  #retry(entry: Entry, retryAfterMs?: number): void {
    const { group } = entry;
    this.#out(entry);
    const delayMs = retryAfterMs ?? Math.min(RETRY_MS * 2 ** group.failures, RETRY_MAX_MS);
    group.failures += 1;
    this.context.deadlines.add(delayMs, () => this.context.dispatcher.enter(() => this.#ask(entry)));
  }
}
