import type { BrokerEntry, BrokerReceiver, LogPosition, ResetReason } from 'gateway-core';
import type { Batches } from './batches.js';
import type { Connection } from './connection.js';
import { entryOf, pushOf } from './entry-text.js';
import { isLost } from './errors.js';
import { HEAD, HISTORY } from './log-scripts.js';
import type { Slots } from './slots.js';

const READ_MAX = 256;
/** How long a message that was acknowledged here may take to be heard. */
const ACKNOWLEDGED_MS = 1_000;

/** What the logs of a broker share. */
export interface LogContext {
  readonly connection: Connection;
  readonly logTtlMs: number;
  /** Bounds the reads that are under way at once. */
  readonly reads: Slots;
  now(): number;
  failed(error: unknown, where: string): void;
  /** Subscribes to the log's channel; resolves once what is published from now on is heard, with the generation of the connection. */
  listen(log: RedisLog): Promise<number>;
  lost(groupId: string, reason: ResetReason): void;
}

/**
 * One group's log as this node follows it. What is pushed is delivered while it follows on what was delivered before; everything else,
 * of whatever cause, is made good by one thing: `sync`, which reads the log from there. Pushes are never trusted to be complete.
 */
export class RedisLog {
  /** With the seq after which each takes entries. */
  readonly #receivers = new Map<BrokerReceiver, number>();
  #isLive = false;
  #epoch = '';
  /** Delivered up to here. */
  #have = 0;
  /** The highest seq that a publisher of this node was told of, and when. */
  #acknowledged = 0;
  #acknowledgedAt = 0;
  #listening: Promise<number> | undefined;
  /** The generation of the connection that its channel was subscribed to on, while it is about to open. */
  #heardOn: number | undefined;
  #syncing: Promise<void> | undefined;
  /** Something was heard that could not be delivered, since the read under way began. */
  #noted: LogPosition | undefined;
  /** A read has failed. */
  #isOwed = false;
  /** Subscribers that do not have their position yet. */
  openings = 0;
  /** When anything was heard of it last. */
  heardAt = 0;
  /** When the last subscriber went. */
  idleSince = 0;

  constructor(
    readonly groupId: string,
    readonly channel: string,
    /** Of the log. */
    readonly keys: readonly string[],
    readonly batches: Batches,
    private readonly context: LogContext,
  ) {}

  /** Whether it is listened to. */
  get isLive(): boolean {
    return this.#isLive;
  }

  get hasReceivers(): boolean {
    return this.#receivers.size > 0 || this.openings > 0;
  }

  get epoch(): string {
    return this.#epoch;
  }

  /** Everything up to here was delivered, or acknowledged to somebody here. */
  get seenSeq(): number {
    return Math.max(this.#have, this.#acknowledged);
  }

  /** Begins delivery to a receiver, at the head of the log. */
  async add(receiver: BrokerReceiver): Promise<LogPosition> {
    for (;;) {
      const heardOn = this.#isLive ? undefined : await this.#listen();
      const [, epoch = '', head = ''] = (await this.#run(HEAD, [])) as string[];
      const seq = Number(head);
      if (!this.#isLive) {
        // What is published after the head was read is heard only where it was listened to before.
        if (heardOn !== this.context.connection.generation) continue;
        this.#open(epoch, seq);
      }
      if (this.#epoch !== epoch) {
        await this.sync();
        continue;
      }
      const since = Math.max(seq, this.#have);
      this.#receivers.set(receiver, since);
      if (this.#noted !== undefined) void this.sync();
      return { epoch, seq: since };
    }
  }

  remove(receiver: BrokerReceiver): void {
    if (!this.#receivers.delete(receiver) || this.hasReceivers) return;
    this.idleSince = this.context.now();
  }

  /** Nobody listens any more. */
  rest(): void {
    this.#isLive = false;
    this.#heardOn = undefined;
    this.#noted = undefined;
    this.#isOwed = false;
  }

  hear(payload: Buffer): void {
    const push = pushOf(payload);
    if (push === undefined) return;
    this.heardAt = this.context.now();
    const { epoch, firstSeq, lastSeq } = push;
    const follows = epoch === this.#epoch && firstSeq <= this.#have + 1;
    if (!this.#isLive || this.#syncing !== undefined || !follows) {
      const { seq } = this.#noted?.epoch === epoch ? this.#noted : { seq: 0 };
      this.#noted = { epoch, seq: Math.max(seq, lastSeq) };
      if (this.#isLive) void this.sync();
      return;
    }
    if (lastSeq > this.#have) this.#deliver(push.entriesAfter(this.#have));
  }

  /** A publisher of this node was told where its message is. */
  acknowledged(epoch: string, seq: number): void {
    if (!this.#isLive) return;
    if (epoch !== this.#epoch) {
      void this.sync();
    } else if (seq > this.#acknowledged) {
      this.#acknowledged = seq;
      this.#acknowledgedAt = this.context.now();
    }
  }

  /** Reads the log where something of it is missing for too long. */
  sweep(now: number): void {
    if (!this.#isLive) return;
    if (this.#isOwed || (this.#acknowledged > this.#have && now - this.#acknowledgedAt >= ACKNOWLEDGED_MS)) void this.sync();
  }

  /** Brings it to where the log stands: delivers what is missing, or tells of a loss. One at a time. */
  sync(): Promise<void> {
    this.#syncing ??= this.context.reads
      .take(() => this.#read())
      .catch((error: unknown) => {
        // Repeated by the next sweep, or by the audit once the connection is there again.
        this.#isOwed = true;
        if (!isLost(error)) this.context.failed(error, 'sync');
      })
      .finally(() => {
        this.#syncing = undefined;
      });
    return this.#syncing;
  }

  async #read(): Promise<void> {
    this.#isOwed = false;
    for (let isBehind = true; isBehind && this.#isLive; ) {
      // What was heard before is in the log by now.
      this.#noted = undefined;
      const seen = this.seenSeq;
      const asked = [this.#epoch, String(this.#have), String(READ_MAX), String(seen)];
      const [verdict, epoch = '', head = '', ...found] = (await this.#run(HISTORY, asked)) as string[];
      if (!this.#isLive) return;
      const headSeq = Number(head);
      if (verdict !== 'ok') {
        this.#reset({ epoch, seq: headSeq }, verdict as ResetReason);
      } else {
        if (epoch !== this.#epoch) this.#rename(epoch);
        const entries: BrokerEntry[] = [];
        for (let at = 0; at < found.length; at += 2) entries.push(entryOf(Number(found[at]), found[at + 1] as string));
        this.#deliver(entries);
      }
      const noted = this.#noted as LogPosition | undefined;
      isBehind = this.#have < headSeq || (noted !== undefined && (noted.epoch !== this.#epoch || noted.seq > this.#have));
    }
    this.#noted = undefined;
  }

  /** Once for all who subscribe at once. @returns the generation of the connection that it is listened to on. */
  async #listen(): Promise<number> {
    if (this.#heardOn === this.context.connection.generation) return this.#heardOn;
    this.#listening ??= this.context.listen(this).finally(() => {
      this.#listening = undefined;
    });
    this.#heardOn = await this.#listening;
    return this.#heardOn;
  }

  #open(epoch: string, seq: number): void {
    this.#isLive = true;
    this.#heardOn = undefined;
    this.#epoch = epoch;
    this.#have = seq;
    this.#acknowledged = seq;
    this.heardAt = this.context.now();
    const noted = this.#noted;
    if (noted?.epoch === epoch && noted.seq <= seq) this.#noted = undefined;
  }

  #deliver(entries: readonly BrokerEntry[]): void {
    for (const entry of entries) {
      this.#have = entry.seq;
      for (const [receiver, since] of this.#receivers) {
        if (entry.seq > since) this.#tell(() => receiver.deliver(this.#receivers.size === 1 ? entry : { ...entry }));
      }
    }
  }

  #rename(epoch: string): void {
    this.#epoch = epoch;
    const tell = (receiver: BrokerReceiver) =>
      receiver.renamed === undefined ? receiver.reset({ epoch, seq: this.#have }) : receiver.renamed(epoch);
    for (const receiver of this.#receivers.keys()) this.#tell(() => tell(receiver));
  }

  #reset(position: LogPosition, reason: ResetReason): void {
    this.#epoch = position.epoch;
    this.#have = position.seq;
    this.#acknowledged = position.seq;
    this.context.lost(this.groupId, reason);
    for (const receiver of this.#receivers.keys()) {
      this.#receivers.set(receiver, position.seq);
      this.#tell(() => receiver.reset({ ...position }, reason));
    }
  }

  #tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.context.failed(error, 'receiver');
    }
  }

  #run(script: typeof HEAD, args: readonly string[]): Promise<unknown[]> {
    const { connection, logTtlMs } = this.context;
    const up = connection.whenUp();
    const run = () => connection.runNow(script, this.keys, [connection.term, connection.randomId(), String(logTtlMs), ...args]);
    return up === undefined ? run() : up.then(run);
  }
}
