import type { DataUpdateDelivery, GapPayload, LogPosition, ResumeSince, Since, SyncPayload } from 'gateway-protocol';
import type { GatewayClientError } from './errors.js';
import type { RosterChange } from './group.js';

/** A message with what it does not say itself. */
export interface Arrived {
  readonly signal: DataUpdateDelivery;
  readonly epoch: string;
  readonly replayed: boolean;
}

/** One user of a group. All are told the same. */
export interface GroupUser {
  message(arrived: Arrived): void;
  synced(sync: SyncPayload): void;
  gap(gap: GapPayload): void;
  /** The group's state has changed. */
  moved(): void;
  refused(error: GatewayClientError): void;
  /** The client has stopped or was closed. */
  ended(error: GatewayClientError): void;
  roster(change: RosterChange): void;
}

/** Most messages of a replay that are held back until its log is known; the gateway's log has no more by default. */
const REPLAY_MAX = 1_024;

/** One group as the wire has it, whatever the number of its users. */
export class SharedGroup {
  readonly users = new Set<GroupUser>();
  /** `out`: not asked for on this connection. `asked`: its `sync` has not come. */
  phase: 'out' | 'asked' | 'in' | 'refused' = 'out';
  /** Names the `join` that is not answered. */
  joinId: string | undefined;
  /** Joins that failed for a time. */
  failures = 0;
  /** From where to go on after a drop (PROTOCOL.md, "Positions"). */
  position: LogPosition | undefined;
  sync: SyncPayload | undefined;
  error: GatewayClientError | undefined;
  /** Of a `tail`: which log it is of is known with its `sync`. */
  #replay: DataUpdateDelivery[] | undefined;

  constructor(
    readonly groupId: string,
    private readonly first: Since | undefined,
  ) {
    // What is replayed from a position is known to be of its log.
    if (first?.epoch !== undefined && first.tail === undefined) this.position = { epoch: first.epoch, seq: first.seq };
  }

  /** What is wanted of the log. */
  get since(): Since | undefined {
    return this.position ?? this.first;
  }

  /** It is being asked for. */
  ask(since: ResumeSince | undefined = this.since): void {
    this.phase = 'asked';
    this.error = undefined;
    // Asked to go back: until its `sync`, that is where it stands.
    if (this.position !== undefined && since?.seq !== undefined && since.seq < this.position.seq) {
      this.position = { epoch: this.position.epoch, seq: since.seq };
    }
    this.#replay = since?.tail === undefined ? undefined : [];
    this.#move();
  }

  /** The connection is gone. */
  out(): void {
    if (this.phase === 'refused') return;
    this.phase = 'out';
    this.#replay = undefined;
    this.#move();
  }

  refuse(error: GatewayClientError): void {
    this.phase = 'refused';
    this.error = error;
    this.position = undefined;
    this.sync = undefined;
    for (const user of this.users) user.refused(error);
  }

  message(signal: DataUpdateDelivery): void {
    const { position, phase } = this;
    if (this.#replay !== undefined) {
      if (this.#replay.push(signal) > REPLAY_MAX) this.#replay.shift();
      return;
    }
    if (position === undefined) return;
    // In a replay a hole is a loss that is not told yet; live it is one that the sender allowed, or a `gap` has told it.
    if (phase === 'in' ? signal.seq > position.seq : signal.seq === position.seq + 1) {
      this.position = { epoch: position.epoch, seq: signal.seq };
    }
    this.#give(signal, position.epoch, phase === 'asked');
  }

  synced(sync: SyncPayload): void {
    const { epoch, seq } = sync;
    const replay = this.#replay ?? [];
    this.#replay = undefined;
    for (const signal of replay) this.#give(signal, epoch, true);
    this.position = { epoch, seq };
    this.sync = sync;
    this.phase = 'in';
    this.failures = 0;
    this.joinId = undefined;
    for (const user of [...this.users]) user.synced(sync);
  }

  gap(gap: GapPayload): void {
    if (this.position !== undefined && gap.to > this.position.seq) this.position = { epoch: this.position.epoch, seq: gap.to };
    for (const user of [...this.users]) user.gap(gap);
  }

  #give(signal: DataUpdateDelivery, epoch: string, replayed: boolean): void {
    for (const user of [...this.users]) user.message({ signal, epoch, replayed });
  }

  #move(): void {
    for (const user of [...this.users]) user.moved();
  }
}
