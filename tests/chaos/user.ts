import { type Client, createClient, type PublishOptions } from 'gateway-client';
import { finalGroups, type WantedGroup } from '../../packages/gateway-sim/src/final-groups.js';
import type { FinalUser } from '../../packages/gateway-sim/src/history.js';
import { watchGroup } from '../../packages/gateway-sim/src/watch-group.js';
import type { ChaosNetwork } from './network.js';
import type { Recorder } from './recorder.js';
import { TappedSocket } from './tapped-socket.js';

type About = { who: string; life: string };

/** Waits that fit a run of minutes or less: an attempt that fails is followed by another one soon. */
const CLIENT = {
  backoff: { firstMs: 150, baseMs: 150, maxMs: 1_000, slowBaseMs: 500, slowMaxMs: 1_500, stableMs: 2_000 },
  timings: { openTimeoutMs: 1_500, identifyTimeoutMs: 3_000, ackTimeoutMs: 1_500 },
};

/** Somebody with a real client, behind a network of their own. Notes what is done and seen, as the simulator's users do. */
export class ChaosUser {
  #client: Client | undefined;
  #lives = 0;
  #connections = 0;
  #published = 0;
  #handles = 0;
  #url = '';
  readonly #groups = new Map<string, WantedGroup>();
  readonly #pending = new Set<string>();
  readonly #sockets = new Set<TappedSocket>();

  constructor(
    readonly name: string,
    readonly network: ChaosNetwork,
    private readonly recorder: Recorder,
    private readonly gatewayName: () => string,
    private readonly random: () => number,
  ) {}

  get life(): string {
    return `${this.name}.${this.#lives}`;
  }

  /** The groups that it wants to be in. */
  get groups(): string[] {
    return [...this.#groups.keys()];
  }

  async start(groups: readonly string[]): Promise<void> {
    if (this.#url === '') this.#url = `ws://127.0.0.1:${await this.network.listen()}/rt`;
    this.#lives += 1;
    const { life, name, recorder, random } = this;
    const about = { who: name, life };
    const user = this;
    const client = createClient({
      ...CLIENT,
      url: this.#url,
      signals: null,
      random,
      WebSocket: class {
        constructor(url: string) {
          // biome-ignore lint/correctness/noConstructorReturn: what `new` gives is a socket that is listened to.
          return user.#dial(url, about);
        }
      } as never,
    });
    client.on('error', ({ code, message }) => {
      if (code === 'LISTENER') recorder.note({ kind: 'found', check: 'listener', text: `${life}: ${message}` });
    });
    this.#client = client;
    client.connect().catch(() => {});
    for (const groupId of groups) this.join(groupId, undefined);
  }

  join(groupId: string, tail: number | undefined): void {
    const client = this.#client;
    if (client === undefined || this.#groups.has(groupId)) return;
    const { recorder, name, life } = this;
    this.#handles += 1;
    const handle = client.join(groupId, tail === undefined ? {} : { since: { tail } });
    const isThere = () => this.life === life && this.#client === client;
    const note = recorder.note.bind(recorder);
    watchGroup(note, { who: name, life }, `${life}/${groupId}/${this.#handles}`, handle, isThere);
    handle.ready.catch(() => {});
    this.#groups.set(groupId, { handle, said: undefined });
  }

  leave(groupId: string): void {
    this.#groups.get(groupId)?.handle.leave();
    this.#groups.delete(groupId);
  }

  publish(groupId: string, bytes: number, options: PublishOptions = {}): void {
    const group = this.#groups.get(groupId)?.handle;
    if (group === undefined) return;
    const { recorder, life } = this;
    this.#published += 1;
    const id = `${this.name}-${this.#published}`;
    const data = { by: this.name, n: this.#published, fill: '.'.repeat(bytes) };
    const { delivery = 'reliable', key } = options;
    const about = { who: this.name, life, id };
    recorder.note({ kind: 'published', ...about, groupId, text: JSON.stringify(data), delivery, key });
    this.#pending.add(id);
    const settle = (note: () => void) => {
      this.#pending.delete(id);
      if (this.life === life && this.#client !== undefined) note();
    };
    group.publish(data, { ...options, id }).then(
      ({ epoch, seq, duplicate }) => settle(() => recorder.note({ kind: 'accepted', ...about, epoch, seq, duplicate })),
      ({ code }: { code: string }) => settle(() => recorder.note({ kind: 'refused', ...about, code })),
    );
  }

  send(groupId: string): void {
    this.#groups.get(groupId)?.handle.send({ by: this.name, volatile: true }, { key: 'v' });
  }

  say(groupId: string, state: unknown): void {
    const group = this.#groups.get(groupId);
    if (group === undefined) return;
    group.said = { state };
    group.handle.setState(state);
  }

  reconnect(): void {
    this.#client?.reconnect();
  }

  /** As a page that is reloaded: the connection is closed as browsers do it, or gone with the process; nothing is kept. */
  end(how: 'left' | 'closed' | 'killed'): void {
    const client = this.#client;
    this.#client = undefined;
    this.#pending.clear();
    this.#groups.clear();
    for (const socket of this.#sockets) if (how === 'killed') socket.terminate();
    for (const socket of this.#sockets) if (how === 'closed') socket.close(1001);
    // A client that is left behind would come back: it is closed too, where nobody hears of it any more.
    client?.close().catch(() => {});
  }

  /** Publishes that are not settled. */
  get pending(): number {
    return this.#pending.size;
  }

  get final(): FinalUser {
    const client = this.#client;
    return {
      who: this.name,
      life: this.life,
      state: client?.status.get().state ?? 'none',
      memberId: client?.memberId,
      expected: client !== undefined,
      groups: finalGroups(this.#groups.values()),
    };
  }

  #dial(url: string, about: About): TappedSocket {
    this.#connections += 1;
    const { recorder } = this;
    const on = { ...about, connection: `${this.name}#${this.#connections}` };
    const isAlive = () => this.life === about.life && this.#client !== undefined;
    const gateway = this.gatewayName();
    const socket = new TappedSocket(url, {
      opened: () => recorder.note({ kind: 'open', ...on, gateway }),
      sent: (message) => recorder.note({ kind: 'sent', ...on, message }),
      received: (message) => {
        if (isAlive()) recorder.note({ kind: 'received', ...on, message });
      },
      closed: (code) => {
        this.#sockets.delete(socket);
        if (isAlive()) recorder.note({ kind: 'closed', ...on, code });
      },
    });
    this.#sockets.add(socket);
    return socket;
  }
}
