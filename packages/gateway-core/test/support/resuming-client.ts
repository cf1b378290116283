import type { Gateway } from 'gateway-core';
import { type ConnectOptions, connectClient, type MemoryClient } from 'gateway-core/testing';
import { expect } from 'vitest';

/** What a client of dialect 2 receives. */
export interface Received {
  type: string;
  seq?: number;
  groupId?: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what a frame holds, whatever it is
  payload: any;
}

interface Log {
  epoch: string;
  /** Of the last message seen, or told of. */
  seq: number;
  seen: number[];
  gaps: [from: number, to: number][];
  /** The outcomes of its `sync`s. */
  syncs: { outcome: string; reason?: string; seq: number; replayed: number }[];
  isWhole: boolean;
}

/**
 * A client of dialect 2 that knows only what it was sent, and holds the gateway to it: every message once, in order, none missing that it was not
 * told of, and never `recovered` where something is missing.
 */
export class ResumingClient {
  connection!: MemoryClient;
  readonly logs = new Map<string, Log>();
  /** What it was sent, over all its connections. */
  readonly received: Received[] = [];
  token: string | undefined;
  memberId: string | undefined;
  /** Of each `ready` that answered an `identify`. */
  readonly resumed: boolean[] = [];
  /** Whether a log may go on under another epoch. */
  takesNames = false;
  #read = 0;

  constructor(
    protected gateway: Gateway,
    private readonly identity: { clientType?: string; token?: string; metadata?: object } = {},
  ) {}

  /** Opens a connection, and identifies with what it has. */
  connect(groups: Record<string, object> = {}, options?: ConnectOptions): MemoryClient {
    this.take();
    this.connection = connectClient(this.gateway, options);
    this.#read = 0;
    const positions = Object.fromEntries([...this.logs].map(([groupId, { epoch, seq }]) => [groupId, { epoch, seq }]));
    for (const log of this.logs.values()) log.isWhole = false;
    this.connection.send({
      type: 'identify',
      version: '2',
      payload: {
        clientType: 'app-client',
        ...this.identity,
        resume: { token: this.token, groups: { ...positions, ...groups } },
      },
    });
    return this.connection;
  }

  send(message: object): void {
    this.connection.send(message);
  }

  say(groupId: string, data: unknown, id?: string): void {
    this.send({ type: 'data_update', groupId, id, payload: { data } });
  }

  /** Reads what has come. */
  take(): this {
    const messages = (this.connection?.received ?? []) as unknown as Received[];
    for (; this.#read < messages.length; this.#read += 1) this.one(messages[this.#read] as Received);
    return this;
  }

  of(type: string): Received[] {
    return this.take().received.filter((message) => message.type === type);
  }

  /** Closes all that it has: nobody becomes it again. */
  forget(): void {
    this.token = undefined;
    this.logs.clear();
  }

  protected one(message: Received): void {
    this.received.push(message);
    const { type, payload, seq, groupId = '' } = message;
    const log = this.logs.get(groupId);
    switch (type) {
      case 'ready':
        if (payload.resume === undefined) break;
        this.token = payload.resume.token;
        this.memberId = payload.memberId;
        this.resumed.push(payload.resumed);
        break;
      case 'data_update': {
        const known: Log = log ?? { epoch: '', seq: (seq as number) - 1, seen: [], gaps: [], syncs: [], isWhole: false };
        this.logs.set(groupId, known);
        if (known.isWhole) expect(seq, `live in ${groupId}`).toBe(known.seq + 1);
        else expect(seq, `replayed in ${groupId}`).toBeGreaterThan(known.seen.at(-1) ?? 0);
        known.seq = seq as number;
        known.seen.push(seq as number);
        break;
      }
      case 'gap':
        if (log === undefined) throw new Error(`a gap in ${groupId}, where nothing was`);
        expect(payload.from).toBe(log.seq + 1);
        log.gaps.push([payload.from, payload.to]);
        log.seq = payload.to;
        break;
      case 'sync':
        this.#sync(groupId, log, payload);
        break;
    }
  }

  #sync(groupId: string, log: Log | undefined, payload: Received['payload']): void {
    const { epoch, seq, outcome, reason, replayed } = payload;
    const known: Log = log ?? { epoch, seq, seen: [], gaps: [], syncs: [], isWhole: false };
    this.logs.set(groupId, known);
    if (outcome === 'recovered') {
      if (known.epoch !== '' && !this.takesNames) expect(epoch, `recovered in ${groupId}`).toBe(known.epoch);
      expect(known.seq, `recovered in ${groupId}`).toBe(seq);
      if (replayed > 0)
        expect(known.seen.slice(-replayed)).toEqual(Array.from({ length: replayed }, (_, n) => seq - replayed + 1 + n));
    }
    known.epoch = epoch;
    known.seq = seq;
    known.isWhole = true;
    known.syncs.push({ outcome, reason, seq, replayed });
  }
}
