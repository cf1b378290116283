import { escaped } from '../../../packages/gateway-redis/src/texts.js';
import type { Random } from '../../../packages/gateway-sim/src/random.js';
import { toBytes } from '../bytes.js';
import type { Reply } from './commands.js';
import { Engine } from './engine.js';
import { ReplyError } from './keyspace.js';
import type { Lines, LogTruth } from './log-truth.js';
import { MemberOwners, type Owner } from './member-owners.js';

/** What a server knows of one that is connected to it. */
export interface Peer {
  readonly id: number;
  /** It is to be told of what is published. */
  readonly channels: ReadonlySet<string>;
  push(channel: string, payload: string): void;
  /** The server ends it. */
  killed(): void;
}

export interface ServerOptions {
  readonly random: Random;
  readonly truth: LogTruth;
  /** Unix milliseconds, by the clock of its machine. */
  now(): number;
}

const LOG_KEY = /^\{[^}]*\}:(lm|ls|i1|i2):/;
const KEY = /^\{[^}]*\}:(lm|ls|r):(.*)$/s;

/** One process of a Redis server: another one has another `run_id`. */
export class RedisServer {
  readonly #engine: Engine;
  readonly #peers = new Set<Peer>();
  readonly #runId: string;
  #replId: string;
  #role: 'master' | 'slave' = 'master';
  #isDead = false;
  #loadingUntil = 0;
  /** Where it stands still: what it is asked. */
  #held: (() => void)[] | undefined;
  #lines: Lines = new Map();
  #owners = new MemberOwners();

  constructor(private readonly options: ServerOptions) {
    const { random } = options;
    this.#runId = random.id();
    this.#replId = random.id();
    this.#engine = new Engine({
      random: () => random.next(),
      published: (channel, payload) => {
        const hearing = [...this.#peers].filter(({ channels }) => channels.has(channel));
        for (const peer of hearing) peer.push(channel, payload);
        return hearing.length;
      },
      changed: (command, change) => this.#changed(command, change),
    });
  }

  /** A server that begins with what this one has written down, but for its newest `loses` changes. */
  successor(loses: number, options: ServerOptions): RedisServer {
    const next = new RedisServer(options);
    const kept = Math.max(0, this.#engine.written - loses);
    next.#engine.keyspace.now = options.now();
    next.#engine.restore(this.#engine, kept);
    next.#owners = this.#owners.forked(kept);
    next.#lines = options.truth.forked(this.#lines, kept, (groupId) => next.#engine.keyspace.has(metaKey(groupId)));
    return next;
  }

  get isReplica(): boolean {
    return this.#role === 'slave';
  }

  set isFull(isFull: boolean) {
    this.#engine.isFull = isFull;
  }

  /** Answers nothing but LOADING until then. */
  set loadingForMs(ms: number) {
    this.#loadingUntil = this.options.now() + ms;
  }

  add(peer: Peer): void {
    this.#peers.add(peer);
  }

  remove(peer: Peer): void {
    this.#peers.delete(peer);
  }

  /** @returns at once, or after a pause; never where it is dead. */
  ask(peer: Peer, command: readonly string[], answer: (reply: Reply | ReplyError) => void): void {
    if (this.#isDead) return;
    if (this.#held !== undefined) this.#held.push(() => this.ask(peer, command, answer));
    // Of one that was killed meanwhile nothing is carried out.
    else if (this.#peers.has(peer)) answer(this.#answer(peer, command));
  }

  pause(): void {
    this.#held ??= [];
  }

  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const task of held) task();
  }

  /** The process ends, and its connections with it. */
  die(): void {
    this.#isDead = true;
    this.killPeers();
  }

  killPeers(): void {
    for (const peer of [...this.#peers]) peer.killed();
  }

  /** It follows another one from now on, and has what that one has. */
  demote(to: RedisServer): void {
    this.#role = 'slave';
    this.#replId = to.#replId;
  }

  flush(): void {
    this.#engine.flush();
    this.#owners = new MemberOwners();
    this.#lines.clear();
  }

  flushScripts(): void {
    this.#engine.flushScripts();
  }

  /** Keys of logs that would stay for ever. */
  get endlessLogs(): string[] {
    const { keyspace } = this.#engine;
    return keyspace.keys.filter((key) => LOG_KEY.test(key) && keyspace.endOf(key) === undefined);
  }

  /** Where each log stands, as the server has it. */
  get lines(): Lines {
    return this.#lines;
  }

  #answer(peer: Peer, command: readonly string[]): Reply | ReplyError {
    const [name = '', section = '', , id = ''] = command;
    if (name === 'INFO') return this.#info(section);
    if (name === 'PING') return 'PONG';
    if (name === 'CLIENT' && section === 'ID') return peer.id;
    if (name === 'CLIENT' && section === 'KILL') {
      const found = [...this.#peers].find((one) => one.id === Number(id));
      found?.killed();
      return found === undefined ? 0 : 1;
    }
    if (this.options.now() < this.#loadingUntil) return new ReplyError('LOADING Redis is loading the dataset in memory');
    if (this.#role === 'slave' && name.startsWith('EVAL'))
      return new ReplyError("READONLY You can't write against a read only replica.");
    try {
      return this.#engine.run(this.options.now(), command);
    } catch (error) {
      if (error instanceof ReplyError) return error;
      throw error;
    }
  }

  #info(section: string): string {
    const lines: Readonly<Record<string, string>> = {
      server: `redis_version:7.0.15\r\nrun_id:${this.#runId}`,
      replication: `role:${this.#role}\r\nmaster_replid:${this.#replId}`,
      memory: 'maxmemory:0\r\nmaxmemory_policy:noeviction',
    };
    return `# ${section}\r\n${lines[section] ?? ''}\r\n`;
  }

  #changed([name, key = '', ...rest]: readonly string[], change: number): void {
    const [, kind, groupId = ''] = KEY.exec(key) ?? [];
    const { truth } = this.options;
    if (kind === 'r' && (name === 'HSET' || name === 'DEL')) this.#owners.told(key, rest, change);
    if (kind === 'lm' && name === 'HSET') {
      const at = rest.indexOf('e');
      if (at >= 0 && at % 2 === 0) truth.named(this.#lines, groupId, rest[at + 1] as string, change);
    } else if (kind === 'ls' && name === 'XADD') {
      const epoch = this.#engine.keyspace.find(metaKey(groupId), 'hash')?.fields.get('e') ?? '';
      const [last, count] = (rest[0] as string).split('-').map(Number) as [number, number];
      const texts = messagesOf(rest[2] as string);
      if (texts.length !== count) truth.found(`${groupId}: ${rest[0]} has ${texts.length} messages`);
      for (const [nth, text] of texts.entries()) {
        const seq = last - count + 1 + nth;
        truth.appended(this.#lines, groupId, epoch, seq, text, change);
        truth.checkFence(groupId, seq, text, (memberId) => this.#ownerOf(memberId));
      }
    }
  }

  #ownerOf(memberId: string): Owner | undefined {
    const key = `{gw}:r:${toBytes(escaped(memberId))}`;
    return this.#engine.keyspace.has(key) ? this.#owners.of(key) : undefined;
  }
}

const metaKey = (groupId: string) => `{gw}:lm:${groupId}`;

/** The messages of an entry, as bytes. */
function messagesOf(batch: string): string[] {
  const head = batch.indexOf(';');
  let at = head + 1;
  return batch
    .slice(0, head)
    .split(',')
    .map((length) => {
      at += Number(length);
      return batch.slice(at - Number(length), at);
    });
}
