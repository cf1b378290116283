import type { GapPayload, LogPosition, SyncPayload } from 'gateway-protocol';
import type { Context } from './context.js';
import { Emitter } from './emitter.js';
import { GatewayClientError } from './errors.js';
import type {
  Ack,
  Group,
  GroupEvents,
  GroupStatus,
  JoinOptions,
  Message,
  PublishOptions,
  Roster,
  RosterChange,
  Update,
  UpdatesOptions,
} from './group.js';
import { Loader } from './loader.js';
import { type Readable, Store } from './readable.js';
import type { Arrived, GroupUser, SharedGroup } from './shared-group.js';
import { Updates } from './updates.js';

const BUFFER_MAX = 1_024;

/** What a handle needs of its group's collection. */
export interface HandleHost {
  readonly members: Readable<Roster>;
  publish(data: unknown, options: PublishOptions | undefined): Promise<Ack>;
  send(data: unknown, options: { key?: string | undefined; sessionId?: string | undefined }): boolean;
  setState(state: unknown): void;
  rejoin(since: LogPosition): void;
  left(handle: GroupUser): void;
}

/** One user's view of a group: its listeners, its place in the stream, and its snapshot. */
export class Handle<Data, State> implements Group<Data, State>, GroupUser {
  readonly id: string;
  readonly status: Store<GroupStatus>;
  readonly ready: Promise<Group<Data, State>>;
  readonly #events: Emitter<GroupEvents<Data, State>>;
  readonly #loader: Loader | undefined;
  readonly #updates = new Set<Updates<Data>>();
  #settle!: { resolve(group: Group<Data, State>): void; reject(error: GatewayClientError): void };
  #position: LogPosition | undefined;
  #hasLeft = false;

  constructor(
    private readonly context: Context,
    private readonly group: SharedGroup,
    private readonly host: HandleHost,
    private readonly options: JoinOptions<Data>,
  ) {
    this.id = group.groupId;
    this.status = new Store<GroupStatus>(context.dispatcher, { state: 'joining' });
    this.#events = new Emitter(context.dispatcher);
    this.ready = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Its failure is in `status` too: not awaited, it is not unhandled.
    this.ready.catch(() => {});
    if (options.load !== undefined) {
      this.#loader = new Loader(context, options.load, {
        groupId: group.groupId,
        get position() {
          return group.position;
        },
        loaded: (loaded, after) => {
          this.#position = after;
          this.#tell('state', loaded);
        },
        deliver: (arrived) => this.#deliver(arrived),
        rejoin: (since) => host.rejoin(since),
        moved: () => this.moved(),
      });
    }
    if (group.phase === 'in' && group.sync !== undefined) {
      this.#position = group.position;
      this.#loader?.synced('live');
      this.moved();
    }
  }

  get members(): Readable<Roster<State>> {
    return this.host.members as Readable<Roster<State>>;
  }

  get position(): LogPosition | undefined {
    return this.#position;
  }

  publish(data: Data, options?: PublishOptions): Promise<Ack> {
    if (this.#hasLeft) return Promise.reject(new GatewayClientError('LEFT', 'the group was left', { groupId: this.id }));
    return this.host.publish(data, options);
  }

  send(data: Data, options: { key?: string | undefined; sessionId?: string | undefined } = {}): boolean {
    return !this.#hasLeft && this.host.send(data, options);
  }

  setState(state: State | undefined): void {
    if (!this.#hasLeft) this.host.setState(state);
  }

  on<Name extends keyof GroupEvents<Data, State>>(
    event: Name,
    listener: (event: GroupEvents<Data, State>[Name]) => void,
  ): () => void {
    return this.#events.on(event, listener);
  }

  updates({ bufferMax = BUFFER_MAX, signal }: UpdatesOptions = {}): AsyncIterableIterator<Update<Data>> {
    const end = () => void updates.return();
    const updates = new Updates<Data>(Math.max(bufferMax, 2), () => {
      this.#updates.delete(updates);
      signal?.removeEventListener('abort', end);
    });
    this.#updates.add(updates);
    signal?.addEventListener('abort', end);
    const { error } = this.status.get();
    if (this.#hasLeft || signal?.aborted) end();
    else if (error !== undefined) updates.end(error);
    return updates;
  }

  leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.context.dispatcher.enter(() => {
      this.#over('left', new GatewayClientError('LEFT', 'the group was left', { groupId: this.id }));
      this.host.left(this);
      // What is under way is still told.
      this.context.dispatcher.tell(() => this.#events.clear());
    });
  }

  message(arrived: Arrived): void {
    if (!this.#loader?.holds(arrived)) this.#deliver(arrived);
  }

  synced({ groupId, epoch, seq, outcome, reason, replayed }: SyncPayload): void {
    if (this.#position?.epoch !== epoch || seq > this.#position.seq) {
      if (this.#loader === undefined || this.#loader.isLoaded) this.#position = { epoch, seq };
    }
    this.#tell('sync', { type: 'sync', groupId, epoch, seq, outcome, reason, replayed });
    this.#loader?.synced(outcome);
    this.moved();
  }

  gap({ groupId, from, to, reason }: GapPayload): void {
    this.#tell('gap', { type: 'gap', groupId, from, to, reason });
    this.#loader?.start('gap');
  }

  /** Where it stands has changed. */
  moved(): void {
    if (this.#hasLeft) return;
    const { phase, sync, error } = this.group;
    const isLoaded = this.#loader?.isLoaded ?? true;
    const { outcome, reason, replayed } = sync ?? {};
    const wasSynced = sync !== undefined;
    let state: GroupStatus['state'] = wasSynced ? 'syncing' : 'joining';
    if (phase === 'refused') state = 'refused';
    else if (phase === 'out' && wasSynced) state = 'stale';
    else if (phase === 'in' && isLoaded) state = 'live';
    this.#show({ state, outcome, reason, replayed, error });
    if (state === 'live') this.#settle.resolve(this);
  }

  refused(error: GatewayClientError): void {
    this.#over('refused', error);
  }

  roster(change: RosterChange): void {
    this.#events.emit('members', change as RosterChange<State>);
  }

  ended(error: GatewayClientError): void {
    if (error.code === 'CLOSED') {
      this.#hasLeft = true;
      this.#over('left', error);
    } else {
      this.#show({ ...this.status.get(), error });
      this.#fail(error);
    }
  }

  #over(state: 'left' | 'refused', error: GatewayClientError): void {
    this.#loader?.stop();
    this.#show({ state, error });
    this.#fail(error);
  }

  #fail(error: GatewayClientError): void {
    this.#settle.reject(error);
    for (const updates of [...this.#updates]) updates.end(error.code === 'LEFT' ? undefined : error);
  }

  #show(status: GroupStatus): void {
    const before = this.status.get();
    const names = Object.keys({ ...before, ...status }) as (keyof GroupStatus)[];
    if (names.every((name) => before[name] === status[name])) return;
    this.status.set(status);
    this.#events.emit('status', status);
  }

  #deliver({ signal, epoch, replayed }: Arrived): void {
    const { seq, groupId, payload, from, ts, id, key, delivery, sessionId, traceId } = signal;
    // Seen already: a replay after a reconnect may begin before it.
    if (this.#position?.epoch === epoch && seq <= this.#position.seq) return;
    this.#position = { epoch, seq };
    let data = payload.data as Data;
    try {
      if (this.options.parse !== undefined) data = this.options.parse(data);
    } catch (cause) {
      const error = new GatewayClientError('LISTENER', `parse: ${cause}`, { groupId, id, cause });
      this.context.report(error);
      return;
    }
    const own = this.context.session.isOwn(from);
    const fields = {
      groupId,
      data,
      seq,
      epoch,
      ts,
      from,
      own,
      replayed,
      id,
      key,
      delivery,
      sessionId,
      traceId,
      meta: payload.meta,
    };
    this.#tell('message', { type: 'message', ...fields } satisfies Message<Data>);
  }

  /** To listeners and iterators, in the same order. */
  #tell<Name extends 'message' | 'sync' | 'gap' | 'state'>(
    name: Name,
    update: GroupEvents<Data, State>[Name] & Update<Data>,
  ): void {
    this.#events.emit(name, update);
    for (const updates of this.#updates) updates.push(update);
  }
}
