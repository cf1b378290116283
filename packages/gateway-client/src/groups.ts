import type { ErrorSignal } from 'gateway-protocol';
import { RESUME_GROUPS_MAX } from './bounds.js';
import { isId, isSince } from './checks.js';
import type { ConnectionHost, Link } from './connection-host.js';
import type { Context } from './context.js';
import { GatewayClientError, gatewayError } from './errors.js';
import type { Group, JoinOptions } from './group.js';
import { createHandle } from './handle.js';
import { createOutbox } from './outbox.js';
import { retryDelay } from './promises.js';
import { createSharedGroup, type SharedGroup } from './shared-group.js';

/** The groups of one client, and what is published to them: joined, counted, and brought back after a drop. */
export interface Groups extends ConnectionHost {
  readonly all: ReadonlyMap<string, SharedGroup>;
  join<Data, State>(groupId: string, options: JoinOptions<Data>): Group<Data, State>;
}

export function createGroups(context: Context, link: Link): Groups {
  const all = new Map<string, SharedGroup>();
  const outbox = createOutbox(context, link, (groupId) => all.get(groupId)?.phase === 'in');
  /** Left, and the gateway has not said yet that the member is not in them any more; with the id of the `leave`. */
  const departed = new Map<string, string>();
  /** Left on this connection, and not answered: what comes of these until then is of the earlier stay. With the id of the `leave`. */
  const leaving = new Map<string, string>();
  let leaves = 0;

  const sendLeave = (id: string, groupId: string) => link.send({ type: 'leave', id, payload: { groupId } });
  const answered = (id: string | undefined) => {
    for (const map of [departed, leaving]) for (const [groupId, leaveId] of map) if (leaveId === id) map.delete(groupId);
  };
  const leave = (group: SharedGroup) => {
    const { id, phase } = group;
    const error = new GatewayClientError('LEFT', 'the group was left', { groupId: id });
    all.delete(id);
    group.over('left', error);
    outbox.end(error, id);
    if (phase === 'refused') return;
    leaves += 1;
    // Also while there is no connection: an `identify` that is under way may have named it.
    departed.set(id, `leave-${leaves}`);
    if (sendLeave(`leave-${leaves}`, id)) leaving.set(id, `leave-${leaves}`);
  };
  const failed = ({ groupId, payload }: ErrorSignal) => {
    const { code, inReplyTo, retryable, retryAfterMs } = payload;
    if (!retryable) answered(inReplyTo);
    const error = gatewayError(payload, '', groupId);
    const group = inReplyTo === undefined ? all.get(groupId ?? '') : [...all.values()].find(({ joinId }) => joinId === inReplyTo);
    if (group && group.phase !== 'out') {
      group.failed(error);
    } else if (code === 'RATE_LIMITED' && inReplyTo === undefined) {
      outbox.limited(retryAfterMs ?? retryDelay(0));
      // It may be a `leave` that was meant, which is answered no more.
      leaving.clear();
      // It may be a join that was meant.
      for (const one of all.values()) if (one.joinId !== undefined) one.retry(retryAfterMs);
    } else if (!outbox.refused(error)) {
      context.report(error);
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
        if (group.users.size === 0) group.linger(context.timings.lingerMs, () => leave(group));
      });
      group.users.add(handle);
      // At the end of the turn, so that listeners that are added in it miss nothing.
      queueMicrotask(() => context.enter(() => group.ask()));
      return handle;
    },
    wanted() {
      const wanted = [...all.values()].filter(({ phase }) => phase !== 'refused').slice(0, RESUME_GROUPS_MAX);
      // What is more is joined afterwards. `__proto__` is an id like any other.
      return Object.fromEntries(wanted.map(({ id, since }) => [id, since() ?? {}]));
    },
    online({ groups = [], resumed }, named) {
      leaving.clear();
      outbox.online(resumed === true);
      // A `leave` may have been lost with the connection that it was sent on.
      for (const [groupId, id] of departed) {
        if (groups.includes(groupId)) sendLeave(id, groupId);
        // Another member is in no group; who was in it may be resumed yet, by an attempt that is under way.
        else if (resumed) departed.delete(groupId);
      }
      for (const group of all.values()) {
        if (group.phase === 'refused') continue;
        group.out();
        // Those that were named and do not come have an error on its way.
        if (named.has(group.id) || groups.includes(group.id)) group.asked();
        else group.ask();
      }
    },
    offline() {
      leaving.clear();
      outbox.offline();
      for (const group of all.values()) group.out();
    },
    signal(signal) {
      if (signal.type === 'ack') {
        answered(signal.payload.id);
        return outbox.acked(signal.payload);
      }
      if (signal.type === 'error') return failed(signal);
      // There is none where it was left already, or only the host put it into it.
      const { groupId } = signal.type === 'data_update' ? signal : signal.payload;
      if (!leaving.has(groupId)) all.get(groupId)?.signal(signal);
    },
    ended(error) {
      const isClosed = error.code === 'CLOSED';
      outbox.end(error);
      for (const group of all.values()) group.over(isClosed ? 'left' : 'stale', error);
      if (!isClosed) return;
      all.clear();
      departed.clear();
    },
    isBusy: () => outbox.pending() > 0,
  };
}
