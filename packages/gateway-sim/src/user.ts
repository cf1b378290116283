import {
  type Client,
  type ClientOptions,
  createClient,
  type Group,
  type PlatformSignal,
  type PublishOptions,
  type Some,
} from 'gateway-client';
import type { Handshake, MemoryWebSocket } from 'gateway-core/testing';
import { type Connection, connect } from './connect.js';
import { finalGroups, type WantedGroup } from './final-groups.js';
import type { FinalUser, WireMessage } from './history.js';
import type { Caller, Network } from './network.js';
import { SimProcess } from './process.js';
import type { Surroundings } from './surroundings.js';
import { watchGroup } from './watch-group.js';

/** Somebody with a client: the real one, in a process of its own that can be started anew. */
export class SimUser implements Caller {
  readonly name: string;
  handshake: Handshake = 'connect';
  process: SimProcess;
  #client: Client | undefined;
  #lives = 0;
  #published = 0;
  #handles = 0;
  /** It is to be online: its plan has started it, and not closed it, and nobody has thrown it out. */
  expected = false;
  /** Wanted groups, over lives. */
  readonly #groups = new Map<string, WantedGroup>();
  readonly #connections = new Set<Connection>();
  #signal: (signal: PlatformSignal) => void = () => {};

  constructor(
    private readonly world: Surroundings,
    private readonly network: Network,
    name: string,
    private readonly index: number,
    private readonly options: Some<ClientOptions> = {},
    /** Plays it: called at each start of the client, with the process that it runs in. */
    private readonly play: ((client: Client, process: SimProcess) => void) | undefined = undefined,
  ) {
    this.name = name;
    this.process = new SimProcess(name, world.schedule);
  }

  get life(): string {
    return `${this.name}.${this.#lives}`;
  }

  get client(): Client | undefined {
    return this.#client;
  }

  /** The client, made now where there is none. */
  start(): Client {
    this.expected = true;
    if (this.#client === undefined) {
      this.#lives += 1;
      this.process = new SimProcess(this.name, this.world.schedule, this.world.plan.clocks[this.index]);
      this.#client = this.#make();
      this.play?.(this.#client, this.process);
    }
    this.#quietly(this.#client.connect());
    return this.#client;
  }

  join(groupId: string, tail?: number): void {
    if (this.#client === undefined || !this.expected || this.#groups.has(groupId)) return;
    this.#groups.set(groupId, { handle: this.#enter(this.#client, groupId, tail), said: undefined });
  }

  leave(groupId: string): void {
    this.#groups.get(groupId)?.handle.leave();
    this.#groups.delete(groupId);
  }

  publish(groupId: string, bytes: number, options: PublishOptions): void {
    const group = this.#groups.get(groupId)?.handle;
    if (group === undefined) return;
    const { life } = this;
    this.#published += 1;
    const id = `${this.name}-${this.#published}`;
    const data = { by: this.name, n: this.#published, fill: '.'.repeat(bytes) };
    const { delivery = 'reliable', key } = options;
    const resends = options.whenUnknown === 'resend';
    const about = { who: this.name, life, id } as const;
    this.world.note({ kind: 'published', ...about, groupId, text: JSON.stringify(data), delivery, key, resends });
    const { process } = this;
    group.publish(data, { ...options, id }).then(
      ({ epoch, seq, duplicate }) => {
        if (!process.isDead) this.world.note({ kind: 'accepted', ...about, epoch, seq, duplicate });
      },
      ({ code }: { code: string }) => {
        if (!process.isDead) this.world.note({ kind: 'refused', ...about, code });
      },
    );
  }

  send(groupId: string, key: string | undefined): void {
    this.#groups.get(groupId)?.handle.send({ by: this.name, volatile: true }, { key });
  }

  say(groupId: string, state: unknown): void {
    const group = this.#groups.get(groupId);
    if (group === undefined) return;
    group.said = { state };
    group.handle.setState(state);
  }

  close(): void {
    this.expected = false;
    this.#groups.clear();
    if (this.#client !== undefined) this.#quietly(this.#client.close());
  }

  reconnect(): void {
    this.#client?.reconnect();
  }

  refresh(): void {
    if (this.#client !== undefined) this.#quietly(this.#client.refreshToken());
  }

  /** The process ends: its sockets are closed as a browser does it, are cut, or are gone with the machine. */
  end(how: 'closed' | 'killed' | 'gone'): void {
    for (const { socket, link } of this.#connections) {
      if (how === 'closed') socket.close(1001);
      else if (how === 'killed') socket.cut();
      else link.stall();
    }
    this.#connections.clear();
    this.process.kill();
    this.#client = undefined;
    this.#groups.clear();
    this.world.say(this.name, `ends (${how})`);
  }

  pause(): void {
    this.process.pause();
    for (const { link } of this.#connections) link.holdClient();
  }

  resume(): void {
    for (const { link } of this.#connections) link.releaseClient();
    this.process.resume();
    // As a page that becomes visible again.
    this.process.run(() => this.#signal('wake'));
  }

  /** The newest token to resume with. */
  resumeToken: string | undefined;

  /** Its connections as they are now. */
  get connections(): readonly Connection[] {
    return [...this.#connections];
  }

  get final(): FinalUser {
    const client = this.#client;
    return {
      who: this.name,
      life: this.life,
      state: client?.status.get().state ?? 'none',
      memberId: client?.memberId,
      expected: this.expected,
      groups: finalGroups(this.#groups.values()),
    };
  }

  #make(): Client {
    const { world, name, process, life } = this;
    const random = world.random.fork(`${this.life}`);
    const user = this;
    const client = createClient({
      url: 'ws://gateway/rt',
      // One that waits long would have to be waited for at the end.
      backoff: { maxMs: 8_000, slowMaxMs: 10_000, slowBaseMs: 5_000 },
      token: () => world.tokenFor(name, process),
      signals: {
        subscribe: (listener) => {
          this.#signal = listener;
          return () => {};
        },
      },
      ...this.options,
      clock: process,
      random: () => random.next(),
      generateId: () => random.id(),
      WebSocket: class {
        constructor() {
          // biome-ignore lint/correctness/noConstructorReturn: what `new` gives is the socket of its route.
          return user.#dial(process, life);
        }
      } as unknown as ClientOptions['WebSocket'],
    });
    let shown = '';
    client.on('status', ({ state, reason }) => {
      if (state !== shown) world.say(name, `is ${state}${reason === undefined ? '' : ` (${reason.text})`}`);
      shown = state;
    });
    client.on('error', ({ code, message }) => {
      if (code === 'LISTENER') world.note({ kind: 'found', check: 'listener', text: `${life}: ${message}` });
    });
    return client;
  }

  #dial(process: SimProcess, life: string): MemoryWebSocket {
    const { name, handshake } = this;
    const connection = connect(this.world, this.network, { name, process, handshake }, life, {
      received: (message) => {
        if (message.type === 'ready') this.resumeToken = tokenOf(message) ?? this.resumeToken;
      },
      closed: () => this.#connections.delete(connection),
    });
    this.#connections.add(connection);
    return connection.socket;
  }

  #enter(client: Client, groupId: string, tail: number | undefined): Group {
    this.#handles += 1;
    const { world, name, life, process } = this;
    const group = client.join(groupId, tail === undefined ? {} : { since: { tail } });
    const note = world.note.bind(world);
    watchGroup(note, { who: name, life }, `${life}/${groupId}/${this.#handles}`, group, () => !process.isDead);
    this.#quietly(group.ready);
    return group;
  }

  /** What becomes of it is seen elsewhere. */
  #quietly(promise: Promise<unknown>): void {
    promise.catch(() => {});
  }
}

function tokenOf({ payload }: WireMessage): string | undefined {
  return (payload?.resume as { token: string } | undefined)?.token;
}
