import type { DataUpdateDelivery, GapPayload, LogPosition, ResumeSince, Since, SyncPayload } from 'gateway-protocol';
import type { GroupSignal, Link } from './connection-host.js';
import { type Context, createAlarm } from './context.js';
import type { GatewayClientError } from './errors.js';
import type { GroupStatus, RosterChange } from './group.js';
import type { Outbox } from './outbox.js';
import { createOwnState, type OwnState } from './own-state.js';
import { retryDelay } from './promises.js';
import { createRoster, type RosterKeeper } from './roster.js';
import { createSender, type Sender } from './sender.js';

/** Most messages of a replay that are held back until its log is known; the gateway's log has no more by default. */
const REPLAY_MAX = 1_024;

/** A message with what it does not say itself. */
export interface Arrived {
  readonly signal: DataUpdateDelivery;
  readonly epoch: string;
  readonly replayed: boolean;
  /** Of this client, also under an earlier member id. */
  readonly own: boolean;
}

/** One user of a group. All are told the same. */
export interface GroupUser {
  message(arrived: Arrived): void;
  /** @param from after which place messages follow: with a `reset`, the last ones of the log come after it. */
  synced(sync: SyncPayload, from: number): void;
  gap(gap: GapPayload): void;
  /** The group's state has changed. */
  moved(): void;
  /** Nothing comes any more: refused, or the client has stopped or was closed. */
  over(state: GroupStatus['state'], error: GatewayClientError): void;
  roster(change: RosterChange): void;
}

/** One group as the wire has it, whatever the number of its users. */
export interface SharedGroup extends Pick<RosterKeeper, 'store'>, Pick<Sender, 'send'>, Pick<OwnState, 'setState'> {
  readonly id: string;
  readonly users: Set<GroupUser>;
  /** `out`: not asked for on this connection. `asked`: its `sync` has not come. */
  phase: 'out' | 'asked' | 'in' | 'refused';
  /** From where to go on after a drop (PROTOCOL.md, "Positions"). */
  position: LogPosition | undefined;
  sync: SyncPayload | undefined;
  error: GatewayClientError | undefined;
  /** Names the `join` that is not answered. */
  joinId: string | undefined;
  /** For its end when nobody uses it. */
  readonly linger: ReturnType<typeof createAlarm>;
  /** What is wanted of the log. */
  since(): Since | undefined;
  /** Asks for it where it is not asked for on this connection, or again from another position. */
  ask(rejoin?: LogPosition): void;
  /** It is being asked for. */
  asked(since?: ResumeSince): void;
  /** The connection is gone. */
  out(): void;
  signal(signal: Exclude<GroupSignal, { type: 'error' | 'ack' }>): void;
  /** The join has failed, for a time or for good. */
  failed(error: GatewayClientError): void;
  /** Asks again after a time. */
  retry(retryAfterMs?: number): void;
  /** Nothing comes any more. */
  over(state: GroupStatus['state'], error: GatewayClientError): void;
}

export function createSharedGroup(
  context: Context,
  link: Link,
  outbox: Outbox,
  id: string,
  first: Since | undefined,
): SharedGroup {
  const again = createAlarm(context);
  let failures = 0;
  /** Of a `tail`: which log it is of is known with its `sync`. */
  let replay: DataUpdateDelivery[] | undefined;
  let isReplayCut = false;
  let isGone = false;

  const each = (tell: (user: GroupUser) => void) => [...group.users].forEach(tell);
  const sendOpen = (text: string) => group.phase === 'in' && link.send(text);
  const roster = createRoster(context, (change) => each((user) => user.roster(change)));
  const ownState = createOwnState(context, id, sendOpen);
  const sender = createSender(context, id, {
    isOpen: () => group.phase === 'in',
    bufferedBytes: link.bufferedBytes,
    send: sendOpen,
  });

  const moveTo = (epoch: string, seq: number) => {
    group.position = { epoch, seq };
  };
  const give = (signal: DataUpdateDelivery, epoch: string, replayed: boolean) => {
    const own = context.session.memberIds.has(signal.from ?? '');
    each((user) => user.message({ signal, epoch, replayed, own }));
    if (own) outbox.seen(signal, epoch);
  };
  const message = (signal: DataUpdateDelivery) => {
    const { position, phase } = group;
    if (replay) {
      isReplayCut = replay.push(signal) > REPLAY_MAX;
      if (isReplayCut) replay.shift();
    } else if (position) {
      // In a replay a hole is a loss that is not told yet; live it is one that the sender allowed, or a `gap` has told it.
      if (phase === 'in' ? signal.seq > position.seq : signal.seq === position.seq + 1) moveTo(position.epoch, signal.seq);
      give(signal, position.epoch, phase === 'asked');
    }
  };
  const gap = (payload: GapPayload) => {
    const { position } = group;
    // Not past what is held: who drops before its `sync` asks for all of it again.
    if (position && !replay && payload.to > position.seq) moveTo(position.epoch, payload.to);
    each((user) => user.gap(payload));
  };
  const synced = (sync: SyncPayload) => {
    // What came before is of an earlier stay, or before a hole: the log was trimmed or lost meanwhile.
    const held = replay?.slice(Math.max(0, replay.length - sync.replayed)) ?? [];
    const isCut = isReplayCut;
    replay = undefined;
    isReplayCut = false;
    // More came after the position than is held: once more, from the position alone, so that nothing need be held.
    if (isCut && sync.outcome === 'recovered') return group.ask(group.position);
    const giveHeld = () => {
      for (const signal of held) give(signal, sync.epoch, true);
    };
    // A loss is told before what comes after it.
    const isLoss = sync.outcome === 'reset';
    if (!isLoss) giveHeld();
    moveTo(sync.epoch, sync.seq);
    Object.assign(group, { sync, phase: 'in', joinId: undefined });
    failures = 0;
    each((user) => user.synced(sync, isLoss && held[0] ? held[0].seq - 1 : sync.seq));
    if (isLoss) giveHeld();
    if (sync.members) roster.replace(sync.members);
    ownState.again();
    sender.flush();
    outbox.synced(sync);
  };

  const group: SharedGroup = {
    id,
    users: new Set(),
    store: roster.store,
    send: sender.send,
    setState: ownState.setState,
    phase: 'out',
    position: first?.epoch === undefined ? undefined : { epoch: first.epoch, seq: first.seq },
    sync: undefined,
    error: undefined,
    joinId: undefined,
    linger: createAlarm(context),
    since: () => (group.position ? { ...group.position, tail: first?.tail } : first),
    ask(rejoin) {
      const { position } = group;
      // Until its `sync`, that is where it stands.
      if (position && rejoin && rejoin.seq < position.seq) moveTo(position.epoch, rejoin.seq);
      if (isGone || !link.isOnline() || (group.phase !== 'out' && !rejoin)) return;
      const joinId = context.serial();
      const since = rejoin ?? group.since();
      group.asked(since);
      group.joinId = joinId;
      link.send({ type: 'join', id: joinId, payload: { groupId: id, since } });
    },
    asked(since = group.since()) {
      Object.assign(group, { phase: 'asked', error: undefined });
      replay = since?.tail === undefined ? undefined : [];
      isReplayCut = false;
      each((user) => user.moved());
    },
    out() {
      if (group.phase === 'refused') return;
      Object.assign(group, { phase: 'out', joinId: undefined });
      replay = undefined;
      each((user) => user.moved());
      roster.disconnected();
    },
    signal(signal) {
      if (signal.type === 'data_update') message(signal);
      else if (signal.type === 'presence_update') roster.updated(signal.payload);
      else if (signal.type === 'gap') gap(signal.payload);
      else synced(signal.payload);
    },
    failed(error) {
      if (error.code === 'RATE_LIMITED' || error.code === 'INTERNAL') return group.retry(error.retryAfterMs);
      Object.assign(group, { phase: 'refused', error, joinId: undefined, position: undefined, sync: undefined });
      each((user) => user.over('refused', error));
      outbox.end(error, id);
    },
    retry(retryAfterMs = retryDelay(failures)) {
      group.out();
      failures += 1;
      again(retryAfterMs, () => group.ask());
    },
    over(state, error) {
      isGone = state === 'left';
      sender.clear();
      group.out();
      each((user) => user.over(state, error));
    },
  };
  return group;
}
