import type { LogPosition } from 'gateway-protocol';
import type { Context } from './context.js';
import { createEmitter, createStore } from './emitter.js';
import { GatewayClientError, textOf } from './errors.js';
import type { Group, GroupEvents, GroupStatus, JoinOptions, Message, Roster, Update } from './group.js';
import { createLoader } from './loader.js';
import type { Outbox } from './outbox.js';
import { deferred, onAbort } from './promises.js';
import type { Readable } from './readable.js';
import type { Arrived, GroupUser, SharedGroup } from './shared-group.js';
import { createUpdates, type Updates } from './updates.js';

const BUFFER_MAX = 1_024;

/** One user's view of a group: its listeners, its place in the stream, and its snapshot. @param left is called when it leaves. */
export function createHandle<Data, State>(
  context: Context,
  group: SharedGroup,
  outbox: Outbox,
  { load, parse }: JoinOptions<Data>,
  left: () => void,
): Group<Data, State> & GroupUser {
  const { id } = group;
  const events = createEmitter<GroupEvents<Data, State>>(context);
  const status = createStore(context, events, 'status', { state: 'joining' });
  const ready = deferred<Group<Data, State>>();
  const iterations = new Set<Updates<Data>>();
  let position: LogPosition | undefined;
  let hasLeft = false;

  const show = (next: GroupStatus) => {
    const before = status.get();
    const names = Object.keys({ ...before, ...next }) as (keyof GroupStatus)[];
    if (names.some((name) => before[name] !== next[name])) status.set(next);
  };
  /** To listeners and iterators, in the same order. */
  const say = <Name extends 'message' | 'sync' | 'gap' | 'state'>(update: GroupEvents<Data, State>[Name] & Update<Data>) => {
    events.emit(update.type as Name, update);
    for (const updates of iterations) updates.push(update);
  };
  const deliver = ({ signal, epoch, replayed, own }: Arrived) => {
    const { payload, version, ...envelope } = signal;
    const { groupId, id, seq } = envelope;
    // Seen already: a replay after a reconnect may begin before it.
    if (position?.epoch === epoch && seq <= position.seq) return;
    position = { epoch, seq };
    let data = payload.data as Data;
    try {
      if (parse) data = parse(data);
    } catch (cause) {
      return context.report(new GatewayClientError('LISTENER', `parse: ${textOf(cause)}`, { groupId, id, cause }));
    }
    say({ ...envelope, type: 'message', data, meta: payload.meta, epoch, own, replayed } satisfies Message<Data>);
  };
  const loader =
    load &&
    createLoader(context, group, load, {
      loaded(loaded, after) {
        position = after;
        say(loaded);
      },
      deliver,
      moved: () => handle.moved(),
    });

  const handle: Group<Data, State> & GroupUser = {
    id,
    status,
    ready: ready.promise,
    members: group.store as Readable<Roster<State>>,
    get position() {
      return position;
    },
    publish: (data, options) =>
      outbox.publish(id, data, options, hasLeft ? 'LEFT' : group.phase === 'refused' ? group.error?.code : undefined),
    send: (data, options) => !hasLeft && group.send(data, options),
    setState(state) {
      if (!hasLeft) group.setState(state);
    },
    on: events.on,
    updates({ bufferMax = BUFFER_MAX, signal } = {}) {
      let undo = () => {};
      const updates = createUpdates<Data>(Math.max(bufferMax, 2), () => {
        iterations.delete(updates);
        undo();
      });
      iterations.add(updates);
      undo = onAbort(signal, updates.stop);
      const { error } = status.get();
      if (hasLeft) updates.stop();
      else if (error) updates.end(error);
      return updates;
    },
    leave() {
      if (hasLeft) return;
      hasLeft = true;
      context.enter(() => {
        handle.over('left', new GatewayClientError('LEFT', 'the group was left', { groupId: id }));
        left();
        // What is under way is still told.
        context.tell(events.clear);
      });
    },

    message(arrived) {
      if (!loader?.holds(arrived)) deliver(arrived);
    },
    synced({ members, version, ...sync }, from) {
      const { epoch, seq } = sync;
      if (sync.outcome === 'reset' || position?.epoch !== epoch || seq > position.seq) {
        if (loader?.isLoaded() !== false) position = { epoch, seq: from };
      } else {
        // A connection that is being replaced has brought more than this one was asked for.
        sync.seq = position.seq;
      }
      say({ type: 'sync', ...sync });
      loader?.synced(sync.outcome);
      handle.moved();
    },
    gap(gap) {
      say({ type: 'gap', ...gap });
      loader?.start('gap');
    },
    moved() {
      if (hasLeft) return;
      const { phase, sync, error } = group;
      let state: GroupStatus['state'] = sync ? 'syncing' : 'joining';
      if (phase === 'refused') state = phase;
      else if (phase === 'out' && sync) state = 'stale';
      else if (phase === 'in' && loader?.isLoaded() !== false) state = 'live';
      show({ state, outcome: sync?.outcome, reason: sync?.reason, replayed: sync?.replayed, error });
      if (state === 'live') ready.resolve(handle);
    },
    over(state, error) {
      // A client that has stopped keeps its groups: they are shown as they stand, with the reason.
      if (state === 'stale') {
        show({ ...status.get(), error });
      } else {
        hasLeft ||= state === 'left';
        loader?.stop();
        show({ state, error });
      }
      ready.reject(error);
      for (const updates of [...iterations]) updates.end(error.code === 'LEFT' ? undefined : error);
    },
    roster: (change) => events.emit('members', change as GroupEvents<Data, State>['members']),
  };
  if (group.phase === 'in' && group.sync) {
    position = group.position;
    loader?.synced('live');
    handle.moved();
  }
  return handle;
}
