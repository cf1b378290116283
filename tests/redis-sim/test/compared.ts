import { createHash } from 'node:crypto';
import { systemClock } from 'gateway-core';
import { Link } from '../../../packages/gateway-redis/src/link.js';
import { LOG_SCRIPTS } from '../../../packages/gateway-redis/src/log-scripts.js';
import { MEMBER_SCRIPTS } from '../../../packages/gateway-redis/src/member-scripts.js';
import { PRESENCE_SCRIPTS } from '../../../packages/gateway-redis/src/presence-scripts.js';
import { ARRIVE } from '../../../packages/gateway-redis/src/scripts.js';
import { SESSION_SCRIPTS } from '../../../packages/gateway-redis/src/session-scripts.js';
import type { Dial } from '../../../packages/gateway-redis/src/wire.js';
import { fromBytes, toBytes } from '../bytes.js';
import { Engine } from '../model/engine.js';
import { ReplyError } from '../model/keyspace.js';

const NAMES = new Map(
  [...LOG_SCRIPTS, ...MEMBER_SCRIPTS, ...PRESENCE_SCRIPTS, ...SESSION_SCRIPTS].map(({ sha, name }) => [sha, name]),
);
NAMES.set(ARRIVE.sha, ARRIVE.name);
/** Whose answers follow the order of a hash or a set, which Redis does not promise. */
const UNORDERED = new Set(['list', 'touch', 'touch members', 'places', 'taken']);
const INFO: Readonly<Record<string, string>> = {
  server: 'run_id:run\r\nredis_version:7.0.15\r\n',
  replication: 'role:master\r\nmaster_replid:replid\r\n',
  memory: 'maxmemory:0\r\n',
};

type Listener = (payload: Buffer, channel: Buffer) => void;

/**
 * A real server and the model beside it: every command of a backend is given to both. Their time is the test's: scripts read it from a key, as `TIME` on a
 * real server can be moved by nobody.
 */
export class ComparedServers {
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly model: Engine;
  /** By the name of a script or command, how often their answers were compared. */
  readonly compared = new Map<string, number>();
  readonly differences: string[] = [];
  /** What either has said no with. */
  readonly errors = new Set<string>();
  /** Scripts as they are sent, by the hash that the backend knows them by. */
  readonly #scripts = new Map<string, string>();
  #last: Promise<unknown> = Promise.resolve();
  now = 1_767_225_600_123;

  private constructor(private readonly link: Link) {
    this.model = new Engine({
      random: () => 0,
      published: (channel, payload) => {
        const listeners = [...(this.#listeners.get(channel) ?? [])];
        for (const listener of listeners) listener(Buffer.from(payload, 'latin1'), Buffer.from(channel, 'latin1'));
        return listeners.length;
      },
    });
  }

  static async to(url: string): Promise<ComparedServers> {
    const link = await Link.open({ url, name: 'compared', connectTimeoutMs: 3_000, clock: systemClock });
    const servers = new ComparedServers(link);
    await servers.#tell();
    return servers;
  }

  real(...args: string[]): Promise<unknown> {
    return this.link.send(args);
  }

  /** Time passes for both; what has ended in the model is taken out of the real one. */
  async advance(ms: number): Promise<void> {
    await this.#after(async () => {
      const before = this.model.keyspace.keys;
      this.now += ms;
      this.model.keyspace.now = this.now;
      const left = new Set(this.model.keyspace.keys);
      const ended = before.filter((key) => !left.has(key)).map((key) => fromBytes(key) as string);
      if (ended.length > 0) await this.real('DEL', ...ended);
      await this.#tell();
    });
  }

  /** Something is done to both that no backend does. */
  async both(name: 'FLUSHALL' | 'SCRIPT FLUSH' | 'full' | 'not full'): Promise<void> {
    await this.#after(async () => {
      if (name === 'FLUSHALL') {
        this.model.flush();
        await this.real('FLUSHALL');
        await this.#tell();
      } else if (name === 'SCRIPT FLUSH') {
        this.model.flushScripts();
        await this.real('SCRIPT', 'FLUSH');
      } else {
        this.model.isFull = name === 'full';
        await this.real('CONFIG', 'SET', 'maxmemory', this.model.isFull ? '1' : '0');
      }
    });
  }

  /** What both hold is the same: each key, and whether it ends. */
  async compareData(): Promise<void> {
    await this.#after(async () => {
      const real = ((await this.real('KEYS', '*')) as string[]).sort();
      const model = this.model.keyspace.keys.map((key) => fromBytes(key) as string).sort();
      if (real.join() !== model.join())
        this.differences.push(`keys: ${real.join()} are in Redis, and ${model.join()} in the model`);
      for (const key of real) {
        const [held, ends] = [await this.#held(key), Number(await this.real('PTTL', key)) >= 0];
        const expected = fromAll(this.model.keyspace.dump(toBytes(key)));
        const endsHere = this.model.keyspace.endOf(toBytes(key)) !== undefined;
        if (JSON.stringify(held) !== JSON.stringify(expected) || ends !== endsHere)
          this.differences.push(
            `${key}: ${JSON.stringify(held)} ${ends}, and ${JSON.stringify(expected)} ${endsHere} in the model`,
          );
      }
    });
  }

  readonly dial: Dial = () => ({
    on: () => {},
    connect: async () => {},
    sendCommand: (args) => this.#after(() => this.#run(args)),
    subscribe: async (channels, listener) => {
      for (const channel of channels.map(toBytes))
        this.#listeners.set(channel, (this.#listeners.get(channel) ?? new Set<Listener>()).add(listener));
    },
    unsubscribe: async (channels) => {
      for (const channel of channels.map(toBytes)) this.#listeners.delete(channel);
    },
    destroy: () => {},
  });

  close(): void {
    this.link.destroy(new Error('the test is over'));
  }

  async #run(args: readonly string[]): Promise<unknown> {
    const [name = '', first = ''] = args;
    if (name === 'INFO') return INFO[first];
    if (name === 'CLIENT') return 1;
    if (name === 'PUBLISH') return fromBytes(this.model.run(this.now, args.map(toBytes)));
    let command = [...args];
    let script = name;
    if (name === 'SCRIPT') {
      const text = comparable(args[2] as string);
      this.#scripts.set(shaOf(args[2] as string), text);
      command = ['SCRIPT', 'LOAD', text];
    } else if (name === 'EVALSHA' || name === 'EVAL') {
      const sha = name === 'EVAL' ? shaOf(first) : first;
      const text = this.#scripts.get(sha) ?? comparable(first);
      script = NAMES.get(sha) ?? sha;
      command = [name, name === 'EVAL' ? text : shaOf(text), ...args.slice(2)];
    }
    const [real, model] = [
      await outcome(() => this.real(...command)),
      await outcome(() => fromBytes(this.model.run(this.now, command.map(toBytes)))),
    ];
    this.compared.set(script, (this.compared.get(script) ?? 0) + 1);
    const form = (reply: unknown) => JSON.stringify(UNORDERED.has(script) && Array.isArray(reply) ? [...reply].sort() : reply);
    if (form(real) !== form(model))
      this.differences.push(`${script} ${JSON.stringify(command.slice(2))}: ${form(real)}, and ${form(model)} of the model`);
    if (typeof real === 'object' && real !== null && 'error' in real) {
      this.errors.add(String(real.error));
      throw new ReplyError(String(real.error));
    }
    return real;
  }

  async #held(key: string): Promise<unknown> {
    const pairs = (all: unknown) => Object.fromEntries((all as [string, string][]).sort());
    const twos = (all: string[]) => all.flatMap((item, at) => (at % 2 === 0 ? [[item, all[at + 1]]] : []));
    switch (await this.real('TYPE', key)) {
      case 'string':
        return this.real('GET', key);
      case 'hash':
        return pairs(twos((await this.real('EVAL', "return redis.call('HGETALL', KEYS[1])", '1', key)) as string[]));
      case 'set':
        return ((await this.real('EVAL', "return redis.call('SMEMBERS', KEYS[1])", '1', key)) as string[]).sort();
      case 'zset': {
        const all = (await this.real('EVAL', "return redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')", '1', key)) as string[];
        return pairs(twos(all).map(([member, score]) => [member, Number(score)]));
      }
      case 'list':
        return this.real('LRANGE', key, '0', '-1');
      default:
        return this.real('XRANGE', key, '-', '+');
    }
  }

  async #tell(): Promise<void> {
    const [seconds, micros] = [String(Math.floor(this.now / 1_000)), String((this.now % 1_000) * 1_000)];
    await this.real('HSET', 'time', 's', seconds, 'us', micros);
    this.model.run(this.now, ['HSET', 'time', 's', seconds, 'us', micros]);
  }

  /** One at a time, so that both see one order. */
  #after<T>(does: () => Promise<T>): Promise<T> {
    const next = this.#last.then(does);
    this.#last = next.catch(() => {});
    return next;
  }
}

/** A script without what nobody can foresee: the time is the test's, and what `SPOP` takes out is gone through in one order. */
function comparable(text: string): string {
  const sorted = 'local function sorted(list) table.sort(list) return list end\n';
  const inOrder = text.replace(/ipairs\((redis\.call\('SPOP', [^)]*\))\)/, 'ipairs(sorted($1))');
  return (inOrder === text ? '' : sorted) + inOrder.replace("redis.call('TIME')", "redis.call('HMGET', 'time', 's', 'us')");
}

/** The first word of an error: the rest says where in the script it was. */
async function outcome(does: () => unknown): Promise<unknown> {
  try {
    return await does();
  } catch (error) {
    return { error: String((error as Error).message).split(' ')[0] };
  }
}

const fromAll = (value: unknown): unknown => {
  if (typeof value === 'string') return fromBytes(value);
  if (Array.isArray(value)) return value.map(fromAll);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]) => [fromBytes(key), fromAll(item)])
      .sort(),
  );
};

const shaOf = (text: string) => createHash('sha1').update(text).digest('hex');
