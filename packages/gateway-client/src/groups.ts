import type { ErrorSignal, ResumeSince } from 'gateway-protocol';
import { RESUME_GROUPS_MAX } from './bounds.js';
import { isId, isSince } from './checks.js';
import type { GroupSignal } from './connection-host.js';
import type { Context, MemberReady } from './context.js';
import { GatewayClientError } from './errors.js';
import type { Group, JoinOptions } from './group.js';
import { createHandle } from './handle.js';
import type { Outbox } from './outbox.js';
import { retryDelay } from './promises.js';
import { createSharedGroup, type GroupLink, type SharedGroup } from './shared-group.js';

/** The groups of one client: joined, counted, and brought back after a drop. */
export interface Groups {
  readonly all: ReadonlyMap<string, SharedGroup>;
  join<Data, State>(groupId: string, options: JoinOptions<Data>): Group<Data, State>;
  /** What is wanted of each, by its id. */
  wanted(): Record<string, ResumeSince>;
  online(ready: MemberReady, named: ReadonlySet<string>): void;
  offline(): void;
  signal(signal: Exclude<GroupSignal, { type: 'ack' }>): void;
  /** The client was closed, and forgets everything; or it has stopped, and what is joined comes back when it is told to connect again. */
  ended(error: GatewayClientError): void;
}

export function createGroups(context: Context, link: GroupLink, outbox: Outbox): Groups {
  const { enter, report, timings } = context;
  const all = new Map<string, SharedGroup>();
  /** Left while there was no connection: the gateway still has the member in them. */
  const departed = new Set<string>();

  const sendLeave = (groupId: string) => link.send({ type: 'leave', payload: { groupId } });
  const leave = (group: SharedGroup) => {
    const { id, phase, sync } = group;
    const error = new GatewayClientError('LEFT', 'the group was left', { groupId: id });
    all.delete(id);
    group.over('left', error);
    outbox.end(error, id);
    // Where it was never in, the gateway knows nothing of it.
    if (phase !== 'refused' && !sendLeave(id) && sync) departed.add(id);
  };
  const failed = ({ groupId, payload }: ErrorSignal) => {
    const { code, message, retryable, retryAfterMs, inReplyTo } = payload;
    const error = new GatewayClientError(code, message, { retryable, retryAfterMs, groupId, id: inReplyTo });
    const group = inReplyTo === undefined ? all.get(groupId ?? '') : [...all.values()].find(({ joinId }) => joinId === inReplyTo);
    if (group && group.phase !== 'out') {
      group.failed(error);
    } else if (code === 'RATE_LIMITED' && inReplyTo === undefined) {
      outbox.limited(retryAfterMs ?? retryDelay(0));
      // It may be a join that was meant.
      for (const one of all.values()) if (one.joinId !== undefined) one.retry(retryAfterMs);
    } else if (!outbox.refused(error)) {
      report(error);
    }
  };

  return {
    all,
    join<Data, State>(groupId: string, options: JoinOptions<Data>) {
      const { since } = options;
      if (!isId(groupId) || (since && !isSince(since))) {
        throw new GatewayClientError('INVALID_DATA', 'groupId or since: not what the contract allows', { groupId });
      }
      const group = all.get(groupId) ?? createSharedGroup(context, link, outbox, groupId, since);
      all.set(groupId, group);
      departed.delete(groupId);
      group.linger();
      if (group.phase === 'refused') group.phase = 'out';
      const handle = createHandle<Data, State>(context, group, outbox, options, () => {
        group.users.delete(handle);
        if (group.users.size === 0) group.linger(timings.lingerMs, () => leave(group));
      });
      group.users.add(handle);
      // At the end of the turn, so that listeners that are added in it miss nothing.
      queueMicrotask(() => enter(() => group.ask()));
      return handle;
    },
    wanted() {
      const wanted = [...all.values()].filter(({ phase }) => phase !== 'refused').slice(0, RESUME_GROUPS_MAX);
      // What is more is joined afterwards. `__proto__` is an id like any other.
      return Object.fromEntries(wanted.map(({ id, since }) => [id, since() ?? {}]));
    },
    online({ groups = [] }, named) {
      for (const groupId of groups) if (departed.has(groupId)) sendLeave(groupId);
      departed.clear();
      for (const group of all.values()) {
        if (group.phase === 'refused') continue;
        group.out();
        // Those that were named and do not come have an error on its way.
        if (named.has(group.id) || groups.includes(group.id)) group.asked();
        else group.ask();
      }
    },
    offline() {
      for (const group of all.values()) group.out();
    },
    signal(signal) {
      if (signal.type === 'error') return failed(signal);
      // There is none where it was left already, or only the host put it into it.
      all.get(signal.type === 'data_update' ? signal.groupId : signal.payload.groupId)?.signal(signal);
    },
    ended(error) {
      const isClosed = error.code === 'CLOSED';
      for (const group of all.values()) group.over(isClosed ? 'left' : 'stale', error);
      if (!isClosed) return;
      all.clear();
      departed.clear();
    },
  };
}
