import { createHash } from 'node:crypto';
import { luaScript } from '../lua/script.js';
import { Table } from '../lua/table.js';
import { COMMANDS, type CommandContext, type Reply } from './commands.js';
import { Keyspace, ReplyError } from './keyspace.js';

const OOM = "OOM command not allowed when used memory > 'maxmemory'.";

/** What one command, or one script, has changed: all of it is written to disk and sent to replicas, or none. */
interface Change {
  readonly now: number;
  readonly commands: readonly (readonly string[])[];
}

export interface EngineOptions {
  /** From 0 up to 1. */
  random(): number;
  /** Something is published, at once. @returns how many hear it. */
  published?: ((channel: string, payload: string) => number) | undefined;
  /** A command has changed something. Not called for what is done again. */
  changed?: ((command: readonly string[], change: number) => void) | undefined;
}

/** The commands and scripts of one server, on its data, which it writes down as an append-only file does. Texts are of bytes. */
export class Engine {
  readonly keyspace = new Keyspace();
  /** `maxmemory` is reached. */
  isFull = false;
  readonly #scripts = new Map<string, string>();
  #changes: Change[] = [];
  readonly #context: CommandContext;

  constructor(private readonly options: EngineOptions) {
    this.#context = { keyspace: this.keyspace, random: options.random };
  }

  /** How much was written down so far. */
  get written(): number {
    return this.#changes.length;
  }

  /** Begins anew with what another one had written down: all of it, or the first `count` changes. */
  restore(from: Engine, count = from.written): void {
    this.keyspace.clear();
    this.#changes = from.#changes.slice(0, count);
    for (const { now, commands } of this.#changes) {
      this.keyspace.now = now;
      for (const [name = '', ...args] of commands) COMMANDS[name]?.run(this.#context, args);
    }
  }

  /** FLUSHALL. */
  flush(): void {
    this.keyspace.clear();
    this.#changes = [];
  }

  flushScripts(): void {
    this.#scripts.clear();
  }

  /**
   * @param now Unix milliseconds.
   * @throws ReplyError
   */
  run(now: number, command: readonly string[]): Reply {
    this.keyspace.now = now;
    const [name = '', ...args] = command;
    const commands: (readonly string[])[] = [];
    try {
      switch (name) {
        case 'EVAL':
          this.#load(args[0] as string);
          return this.#script(args[0] as string, args.slice(1), commands);
        case 'EVALSHA': {
          const text = this.#scripts.get(args[0] as string);
          if (text === undefined) throw new ReplyError('NOSCRIPT No matching script. Please use EVAL.');
          return this.#script(text, args.slice(1), commands);
        }
        case 'SCRIPT': {
          const sha = createHash('sha1')
            .update(Buffer.from(args[1] as string, 'latin1'))
            .digest('hex');
          this.#scripts.set(sha, args[1] as string);
          return sha;
        }
        default:
          return this.#command(name, args, commands);
      }
    } finally {
      if (commands.length > 0) {
        const change = this.#changes.push({ now, commands }) - 1;
        for (const one of commands) this.options.changed?.(one, change);
      }
    }
  }

  #load(text: string): string {
    const sha = createHash('sha1').update(Buffer.from(text, 'latin1')).digest('hex');
    this.#scripts.set(sha, text);
    return sha;
  }

  #command(name: string, args: readonly string[], commands: (readonly string[])[]): Reply {
    if (name === 'PUBLISH') return this.options.published?.(args[0] as string, args[1] as string) ?? 0;
    const command = COMMANDS[name];
    if (command === undefined) throw new ReplyError(`ERR unknown command '${name}'`);
    // A script that has begun to write is let go on.
    if (this.isFull && command.takesMemory === true && commands.length === 0) throw new ReplyError(OOM);
    const reply = command.run(this.#context, args);
    // What was popped by chance is taken out by its name when it is done again.
    if (name === 'SPOP') commands.push(['SREM', args[0] as string, ...(reply as string[])]);
    else if (command.isWrite === true) commands.push([name, ...args]);
    return reply;
  }

  #script(text: string, [count, ...rest]: readonly string[], commands: (readonly string[])[]): Reply {
    const script = luaScript(text);
    const keys = rest.slice(0, Number(count));
    const call = (...given: unknown[]) => {
      const [name = '', ...args] = given.map((one) => {
        if (typeof one === 'string') return one;
        if (typeof one === 'number') return String(one);
        throw new ReplyError('ERR Lua redis lib command arguments must be strings or integers');
      });
      return inLua(this.#command(name, args, commands));
    };
    try {
      return inReply(script(call, keys, rest.slice(Number(count))));
    } catch (error) {
      if (error instanceof ReplyError) throw error;
      throw new ReplyError(`ERR ${error instanceof Error ? error.message : String(error)} script`);
    }
  }
}

function inLua(reply: Reply): unknown {
  if (reply === null) return false;
  return typeof reply === 'object' ? new Table(reply.map(inLua)) : reply;
}

function inReply(value: unknown): Reply {
  if (typeof value === 'number') return Math.trunc(value);
  if (typeof value === 'string') return value;
  if (value instanceof Table) return value.items.map(inReply);
  return value === true ? 1 : null;
}
