import type {
  Broker,
  BrokerHistory,
  BrokerMessage,
  BrokerReceiver,
  BrokerSubscription,
  LogPosition,
  PublishedPosition,
  ResetReason,
} from 'gateway-core';
import { type BatchContext, Batches } from './batches.js';
import type { Connection } from './connection.js';
import type { ConnectionListener } from './connection-listener.js';
import { entryOf } from './entry-text.js';
import { closed, isLost } from './errors.js';
import { AUDIT, HISTORY } from './log-scripts.js';
import { PublishCalls, type PublishCallsOptions } from './publish-calls.js';
import { type LogContext, RedisLog } from './redis-log.js';
import { Slots } from './slots.js';
import { escaped } from './texts.js';

/** Logs of one audit. */
const AUDITED_TOGETHER = 64;
/** How long a group that was left is listened to on, so that one that comes and goes costs nothing. */
const REST_AFTER_MS = 1_000;

export interface RedisBrokerOptions {
  connection: Connection;
  batches: Omit<BatchContext, 'connection' | 'calls' | 'counter' | 'hold'> & Omit<PublishCallsOptions, 'connection'>;
  auditIntervalMs: number;
  failed(error: unknown, where: string): void;
  lost(groupId: string, reason: ResetReason): void;
}

/** The logs of all groups in Redis: streams, and PUB/SUB to hear of what is appended to them. */
export class RedisBroker implements Broker, ConnectionListener {
  readonly retainsHistory = true;
  /** Members are in the same Redis, where they are put by `RedisMemberStore`. */
  readonly fencesMembers = true;
  /** Of groups that are published or subscribed to. */
  readonly #logs = new Map<string, RedisLog>();
  readonly #byChannel = new Map<string, RedisLog>();
  readonly #batchContext: BatchContext;
  readonly #logContext: LogContext;
  /** To be listened to, from the end of the turn on. */
  #listening: { channels: string[]; done: Promise<number> } | undefined;
  /** For the end of the turn. */
  readonly #tasks: (() => void)[] = [];
  #counter = 0;
  #pendingBytes = 0;
  #closed = false;

  constructor(private readonly options: RedisBrokerOptions) {
    const { connection, batches, failed, lost } = options;
    this.#batchContext = {
      ...batches,
      connection,
      calls: new PublishCalls({ ...batches, connection }),
      endOfTurn: (task) => this.#endOfTurn(task),
      counter: () => {
        this.#counter += 1;
        return this.#counter;
      },
      hold: (bytes) => {
        this.#pendingBytes += bytes;
        return this.#pendingBytes;
      },
    };
    this.#logContext = {
      connection,
      logTtlMs: batches.logTtlMs,
      reads: new Slots(4),
      now: batches.now,
      failed,
      listen: (log) => this.#listen(log),
      lost,
    };
  }

  publish(groupId: string, message: BrokerMessage): Promise<PublishedPosition> {
    if (this.#closed) return Promise.reject(closed());
    return this.#log(groupId).batches.publish(message);
  }

  async subscribe(groupId: string, receiver: BrokerReceiver): Promise<BrokerSubscription> {
    if (this.#closed) throw closed();
    const log = this.#log(groupId);
    // Each subscription ends by itself, though one receiver may be given twice.
    const entry: BrokerReceiver = {
      deliver: (given) => receiver.deliver(given),
      reset: (position, reason) => receiver.reset(position, reason),
      ...(receiver.renamed !== undefined && { renamed: (epoch: string) => receiver.renamed?.(epoch) }),
    };
    const deadline = this.#batchContext.now() + this.#batchContext.publishTimeoutMs;
    log.openings += 1;
    try {
      for (;;) {
        try {
          const position = await log.add(entry);
          if (this.#closed) throw closed();
          return { position, unsubscribe: () => log.remove(entry) };
        } catch (error) {
          if (!isLost(error) || this.#closed || this.#batchContext.now() >= deadline) throw error;
        }
      }
    } finally {
      log.openings -= 1;
      if (!log.hasReceivers) log.idleSince = this.#batchContext.now();
    }
  }

  async history(groupId: string, since: LogPosition, limit: number): Promise<BrokerHistory> {
    const { connection } = this.options;
    const up = connection.whenUp();
    if (up !== undefined) await up;
    const { logTtlMs } = this.options.batches;
    const fixed = [connection.term, connection.randomId(), String(logTtlMs)];
    const entries = [];
    let from = since;
    // One read is bounded in bytes.
    for (;;) {
      const asked = [from.epoch, String(from.seq), String(limit - entries.length), String(from.seq)];
      const reply = (await connection.runNow(HISTORY, this.#keys(groupId), [...fixed, ...asked])) as string[];
      const [verdict, epoch = '', headSeq = '', ...found] = reply;
      const head = { epoch, seq: Number(headSeq) };
      if (verdict !== 'ok') return { lost: verdict as ResetReason, head };
      for (let at = 0; at < found.length; at += 2) entries.push(entryOf(Number(found[at]), found[at + 1] as string));
      const last = entries.at(-1)?.seq ?? since.seq;
      if (found.length === 0 || entries.length >= limit || last >= head.seq) return { entries, head };
      from = { epoch, seq: last };
    }
  }

  /** Refuses what waits. The backend closes the connection. */
  end(): void {
    this.#closed = true;
    for (const log of this.#logs.values()) {
      log.batches.close(closed());
      log.rest();
    }
    this.#logs.clear();
    this.#byChannel.clear();
  }

  *channels(): Iterable<string> {
    for (const { channel, isLive } of this.#logs.values()) if (isLive) yield channel;
  }

  heard(channel: string, payload: Buffer): void {
    this.#byChannel.get(channel)?.hear(payload);
  }

  up(): void {
    for (const log of this.#logs.values()) log.batches.up();
    // What was published while the connection was away was not heard.
    this.#audit([...this.#logs.values()].filter(({ isLive }) => isLive));
  }

  sweep(now: number): void {
    const silent: RedisLog[] = [];
    const rested: string[] = [];
    for (const log of this.#logs.values()) {
      log.batches.sweep(now);
      log.sweep(now);
      if (log.isLive && now - log.heardAt >= this.options.auditIntervalMs) silent.push(log);
      if (log.hasReceivers || now - log.idleSince < REST_AFTER_MS) continue;
      if (log.isLive) {
        log.rest();
        rested.push(log.channel);
      }
      if (!log.batches.isIdle) continue;
      this.#logs.delete(log.groupId);
      this.#byChannel.delete(log.channel);
    }
    if (rested.length > 0) this.options.connection.unsubscribe(rested);
    if (this.options.connection.state === 'up') this.#audit(silent);
  }

  #audit(logs: readonly RedisLog[]): void {
    for (let first = 0; first < logs.length; first += AUDITED_TOGETHER) {
      void this.#auditSome(logs.slice(first, first + AUDITED_TOGETHER));
    }
  }

  /** Asks which logs are not where this node is, and reads those. */
  async #auditSome(logs: readonly RedisLog[]): Promise<void> {
    const { connection, failed } = this.options;
    const now = this.#batchContext.now();
    const args = [connection.term, String(this.options.batches.logTtlMs)];
    for (const log of logs) {
      log.heardAt = now;
      args.push(connection.randomId(), log.epoch, String(log.seenSeq));
    }
    try {
      const keys = logs.flatMap((log) => log.keys);
      const [, ...different] = (await connection.runNow(AUDIT, keys, args)) as string[];
      for (let at = 0; at < different.length; at += 4) void logs[Number(different[at])]?.sync();
    } catch (error) {
      // The next connection begins with an audit of all.
      if (!isLost(error)) failed(error, 'audit');
    }
  }

  #log(groupId: string): RedisLog {
    const known = this.#logs.get(groupId);
    if (known !== undefined) return known;
    const keys = this.#keys(groupId);
    const channel = this.options.connection.key('c', escaped(groupId));
    const acknowledged = (epoch: string, seq: number) => log.acknowledged(epoch, seq);
    const batches = new Batches(this.#batchContext, [...keys, channel], acknowledged);
    const log: RedisLog = new RedisLog(groupId, channel, keys, batches, this.#logContext);
    log.idleSince = this.#batchContext.now();
    this.#logs.set(groupId, log);
    this.#byChannel.set(channel, log);
    return log;
  }

  #keys(groupId: string): string[] {
    const id = escaped(groupId);
    return ['lm', 'ls', 'i1', 'i2'].map((kind) => this.options.connection.key(kind, id));
  }

  /** All in one go, so that what is sent then is sent together. */
  #endOfTurn(task: () => void): void {
    this.#tasks.push(task);
    if (this.#tasks.length > 1) return;
    this.options.batches.endOfTurn(() => {
      for (const one of this.#tasks.splice(0)) one();
    });
  }

  /** Those of one turn are subscribed to together. */
  async #listen(log: RedisLog): Promise<number> {
    const { connection } = this.options;
    const up = connection.whenUp();
    if (up !== undefined) await up;
    if (this.#listening === undefined) {
      const channels: string[] = [];
      const done = new Promise<void>((resolve) => this.#batchContext.endOfTurn(resolve)).then(async () => {
        this.#listening = undefined;
        const { generation } = connection;
        await connection.subscribe(channels);
        return generation;
      });
      this.#listening = { channels, done };
    }
    this.#listening.channels.push(log.channel);
    return this.#listening.done;
  }
}
