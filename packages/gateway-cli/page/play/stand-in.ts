import { type CloseAction, closeAction, type LogPosition, type OutgoingToClient2 } from 'gateway-protocol';

/** A value that changes, as `gateway-client` has it. */
export interface Readable<T> {
  get(): T;
  subscribe(listener: (value: T) => void): () => void;
}

export interface SignalSource {
  subscribe(listener: (signal: 'wake' | 'online' | 'offline' | 'hide' | 'freeze' | 'leave') => void): () => void;
}

export interface ClientStatus {
  state: 'idle' | 'connecting' | 'online' | 'reconnecting' | 'stopped' | 'closed';
  lost: boolean;
  attempt: number;
  retryAt?: number | undefined;
  reason?: { code?: number; text: string; action?: CloseAction } | undefined;
  rttMs?: number | undefined;
}

export interface ClientOptions {
  url: string;
  clientType: string;
  metadata: Record<string, unknown>;
  token: (() => string) | undefined;
  WebSocket: typeof WebSocket;
  signals: SignalSource;
}

export interface Sync {
  outcome: string;
  reason?: string | undefined;
  replayed: number;
}

interface Events {
  frame: { direction: 'in' | 'out'; text: string; at: number };
  error: { code: string; message: string };
}
interface GroupEvents {
  sync: Sync;
  gap: { from: number; to: number; reason: string };
}
type Listeners<Map> = { [Name in keyof Map]: Set<(event: Map[Name]) => void> };

class Value<T> implements Readable<T> {
  readonly #listeners = new Set<(value: T) => void>();
  constructor(private value: T) {}
  get(): T {
    return this.value;
  }
  set(value: T): void {
    this.value = value;
    for (const listener of this.#listeners) listener(value);
  }
  subscribe(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    listener(this.value);
    return () => this.#listeners.delete(listener);
  }
}

const SILENT = 4901;
const SUSPENDED = 4900;
const ACK_MS = 5_000;

export class Group {
  readonly status = new Value<{ state: string }>({ state: 'joining' });
  readonly ready: Promise<this> = Promise.resolve(this);
  position: LogPosition | undefined;
  readonly listeners: Listeners<GroupEvents> = { sync: new Set(), gap: new Set() };
  constructor(
    private readonly client: Client,
    readonly id: string,
  ) {}
  on<Name extends keyof GroupEvents>(name: Name, listener: (event: GroupEvents[Name]) => void): void {
    (this.listeners[name] as Set<typeof listener>).add(listener);
  }
  publish(data: unknown, options: { delivery?: string; key?: string } = {}): Promise<{ seq: number; duplicate: boolean }> {
    return this.client.publish({ type: 'data_update', groupId: this.id, ...options, payload: { data } });
  }
  send(data: unknown): boolean {
    return this.client.send({ type: 'data_update', groupId: this.id, delivery: 'volatile', payload: { data } });
  }
}

interface Pending {
  text: string;
  resolve(ack: { seq: number; duplicate: boolean }): void;
  reject(error: Error): void;
}

/** A small client of dialect 2: as much of `gateway-client` as the playground shows. */
export class Client {
  readonly status = new Value<ClientStatus>({ state: 'idle', lost: false, attempt: 0 });
  memberId: string | undefined;
  readonly #groups = new Map<string, Group>();
  readonly #listeners: Listeners<Events> = { frame: new Set(), error: new Set() };
  readonly #pending = new Map<string, Pending>();
  #socket: WebSocket | undefined;
  #resumeToken: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #beat: ReturnType<typeof setInterval> | undefined;
  #heardAt = 0;
  #beenOnline = false;
  #suspended = false;

  constructor(private readonly options: ClientOptions) {
    options.signals.subscribe((signal) => {
      if (signal === 'freeze') this.#suspend();
      if (signal === 'wake') this.#wake();
    });
  }

  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): void {
    (this.#listeners[name] as Set<typeof listener>).add(listener);
  }

  join(id: string): Group {
    const group = new Group(this, id);
    this.#groups.set(id, group);
    this.#connect();
    return group;
  }

  publish(envelope: object): Promise<{ seq: number; duplicate: boolean }> {
    const id = crypto.randomUUID();
    const text = JSON.stringify({ ...envelope, id });
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { text, resolve, reject });
      if (this.status.get().state === 'online') this.#write(text);
    });
  }

  send(envelope: object): boolean {
    if (this.status.get().state !== 'online') return false;
    this.#write(JSON.stringify(envelope));
    return true;
  }

  /** Drops the connection and comes back at once. */
  reconnect(): void {
    this.#socket?.close(4902);
    clearTimeout(this.#timer);
    this.#connect();
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    clearInterval(this.#beat);
    const socket = this.#socket;
    this.#socket = undefined;
    this.#say({ state: 'closed', retryAt: undefined });
    socket?.close(1000);
    for (const { reject } of this.#pending.values()) reject(new Error('CLOSED'));
    this.#pending.clear();
  }

  #say(change: Partial<ClientStatus>): void {
    this.status.set({ ...this.status.get(), ...change });
    const { state } = this.status.get();
    if (state !== 'online') for (const group of this.#groups.values()) group.status.set({ state: 'stale' });
  }

  #connect(): void {
    if (this.#socket !== undefined) return;
    this.#say({ state: this.#beenOnline ? 'reconnecting' : 'connecting', retryAt: undefined });
    const socket = new this.options.WebSocket(this.options.url);
    this.#socket = socket;
    socket.addEventListener('open', () => this.#identify());
    socket.addEventListener('message', ({ data }) => this.#take(String(data), socket));
    socket.addEventListener('close', ({ code, reason }) => this.#closed(socket, code, reason));
  }

  #identify(): void {
    const { clientType, metadata, token } = this.options;
    const groups = Object.fromEntries([...this.#groups.values()].map(({ id, position }) => [id, position ?? {}]));
    const payload = { clientType, metadata, token: token?.(), resume: { token: this.#resumeToken, groups } };
    this.#write(JSON.stringify({ type: 'identify', version: '2', payload }));
  }

  #write(text: string): void {
    this.#tell('frame', { direction: 'out', text, at: Date.now() });
    if (this.#socket?.readyState === 1) this.#socket.send(text);
  }

  #tell<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of this.#listeners[name] as Set<(event: Events[Name]) => void>) listener(event);
  }

  #take(text: string, socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#heardAt = Date.now();
    this.#tell('frame', { direction: 'in', text, at: Date.now() });
    const envelope = JSON.parse(text) as OutgoingToClient2;
    const group = this.#groups.get((envelope as { groupId?: string }).groupId ?? '');
    switch (envelope.type) {
      case 'ready':
        this.#ready(envelope.payload);
        return;
      case 'sync': {
        if (group === undefined) return;
        const { epoch, seq } = envelope.payload;
        group.position = { epoch, seq };
        group.status.set({ state: 'live' });
        for (const listener of group.listeners.sync) listener(envelope.payload);
        return;
      }
      case 'data_update':
        if (group?.position !== undefined) group.position = { ...group.position, seq: envelope.seq };
        return;
      case 'gap':
        for (const listener of group?.listeners.gap ?? []) listener(envelope.payload);
        return;
      case 'ack': {
        const { id, seq = 0, duplicate = false } = envelope.payload;
        this.#pending.get(id)?.resolve({ seq, duplicate });
        this.#pending.delete(id);
        return;
      }
      case 'error': {
        const { inReplyTo, code, message } = envelope.payload;
        const pending = inReplyTo === undefined ? undefined : this.#pending.get(inReplyTo);
        if (pending === undefined) this.#tell('error', { code, message });
        this.#pending.delete(inReplyTo ?? '');
        pending?.reject(new Error(`${code}: ${message}`));
        return;
      }
      case 'heartbeat_ack':
        this.#say({ rttMs: Date.now() - (envelope.payload.echoTs ?? Date.now()) });
    }
  }

  #ready({ memberId, resumed, resume, heartbeat }: Extract<OutgoingToClient2, { type: 'ready' }>['payload']): void {
    clearInterval(this.#beat);
    this.#beat = setInterval(() => this.#heartbeat(heartbeat.intervalMs), heartbeat.intervalMs);
    if (memberId === undefined) return;
    const waited = [...this.#pending.values()];
    if (!resumed && this.#beenOnline) {
      for (const { reject } of waited) reject(new Error('OUTCOME_UNKNOWN'));
      this.#pending.clear();
    }
    this.memberId = memberId;
    this.#resumeToken = resume?.token;
    this.#beenOnline = true;
    for (const group of this.#groups.values()) group.status.set({ state: 'syncing' });
    this.#say({ state: 'online', attempt: 0, retryAt: undefined, reason: undefined });
    for (const { text } of this.#pending.values()) this.#write(text);
  }

  #heartbeat(intervalMs: number): void {
    if (Date.now() - this.#heardAt > intervalMs + ACK_MS) {
      this.#socket?.close(SILENT, 'silent');
      return;
    }
    this.#write(JSON.stringify({ type: 'heartbeat', ts: Date.now() }));
  }

  #suspend(): void {
    this.#suspended = true;
    clearTimeout(this.#timer);
    this.#socket?.close(SUSPENDED, 'suspended');
    this.#say({ state: 'reconnecting', retryAt: undefined });
  }

  #wake(): void {
    this.#suspended = false;
    clearTimeout(this.#timer);
    this.#connect();
  }

  #closed(socket: WebSocket, code: number, reason: string): void {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    clearInterval(this.#beat);
    const action = closeAction(code);
    const { attempt } = this.status.get();
    const text = reason === '' ? String(code) : `${code} ${reason}`;
    if (action === 'stop' || this.#suspended) {
      this.#say({ state: action === 'stop' ? 'stopped' : 'reconnecting', reason: { code, text, action } });
      return;
    }
    const most = action === 'back-off' ? 20_000 : Math.min(30_000, 1_000 * 2 ** Math.max(0, attempt - 1));
    const delay = attempt === 0 ? Math.random() * 1_000 : most * (0.5 + Math.random() / 2);
    this.#say({
      state: this.#beenOnline ? 'reconnecting' : 'connecting',
      attempt: attempt + 1,
      retryAt: Date.now() + delay,
      reason: { code, text, action },
    });
    this.#timer = setTimeout(() => this.#connect(), delay);
  }
}

export function createClient(options: ClientOptions): Client {
  return new Client(options);
}
