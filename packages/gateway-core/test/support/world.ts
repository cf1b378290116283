import { createGateway, type Gateway, type GatewayEvents, type GatewayOptions } from 'gateway-core';
import { connectClient, FakeClock, type MemoryClient } from 'gateway-core/testing';
import { expect } from 'vitest';
import { heartbeat, identify, long, say } from './messages.js';
import { closeAndFindNothing } from './set-up.js';

export const CLIENTS = 4;
export const GROUPS = ['g', 'h'];

export type Step =
  | { do: 'move'; client: number; group: string }
  | { do: 'say'; client: number; size: number }
  | { do: 'cut' | 'close' | 'vanish' | 'stopReading' | 'startReading' | 'kick'; client: number }
  | { do: 'publish'; group: string }
  | { do: 'settle' }
  | { do: 'advance'; ms: number };

/** One client's connection, with what it has done. */
interface Played {
  client: MemoryClient;
  /** Groups of its `identify`s, in order. */
  groups: string[];
  said: string[];
  vanished: boolean;
}

/** A gateway with a few clients that play a schedule, and what must be true of it afterwards. */
export class World {
  readonly clock = new FakeClock();
  readonly gateway: Gateway;
  readonly #played: Played[] = [];
  readonly #slots: (Played | undefined)[] = [];
  readonly #data: GatewayEvents['data'][] = [];
  readonly #connected = new Set<string>();
  readonly #disconnected: string[] = [];
  /** `join` and `leave`, in order, of each member in each group. */
  readonly #stays = new Map<string, string[]>();
  readonly #errors: unknown[] = [];

  constructor(options: (clock: FakeClock) => GatewayOptions) {
    this.gateway = createGateway({ clock: this.clock, ...options(this.clock) });
    this.gateway.on('data', (event) => this.#data.push(event));
    this.gateway.on('connection', ({ connectionId }) => this.#connected.add(connectionId));
    this.gateway.on('disconnect', ({ connectionId }) => this.#disconnected.push(connectionId));
    this.gateway.on('error', ({ error }) => this.#errors.push(error));
    for (const name of ['join', 'leave'] as const) {
      this.gateway.on(name, ({ memberId, groupId }) => {
        const stay = `${memberId} in ${groupId}`;
        this.#stays.set(stay, [...(this.#stays.get(stay) ?? []), name]);
      });
    }
  }

  async play(steps: Step[]): Promise<void> {
    for (const step of steps) {
      if (step.do === 'settle') await this.clock.settle();
      else if (step.do === 'advance') await this.clock.advance(step.ms);
      else if (step.do === 'publish')
        this.gateway.publish(step.group, `server ${long(50)}`).catch((error) => this.#errors.push(error));
      else this.#act(step);
    }
  }

  /** Lets everything come to rest, tells every group one last thing, and checks all that clients saw. */
  async check(): Promise<void> {
    for (const { client, vanished } of this.#played) {
      if (vanished) continue;
      client.startReading();
      client.send(heartbeat());
    }
    // Longer than any that is too slow, or on its way between two groups, is waited for.
    await this.clock.advance(8_000);
    await Promise.all([...GROUPS.map((group) => this.gateway.publish(group, 'the end')), this.clock.advance(1_000)]);
    const texts = new Map<string, string>();
    for (const played of this.#played) this.#checkReceived(played, texts);
    this.#played.forEach((played, index) => {
      this.#checkSaid(played, index);
    });
    await this.#checkPresence();
    expect(this.#errors).toEqual([]);
  }

  /** Closes the gateway: nothing may be left, and everything that began must have ended once. */
  async end(): Promise<void> {
    await closeAndFindNothing(this.gateway, this.clock);
    expect(this.#disconnected).toHaveLength(this.#connected.size);
    expect(new Set(this.#disconnected)).toEqual(this.#connected);
    for (const [stay, events] of this.#stays) {
      expect(events, stay).toEqual(events.map((_, index) => (index % 2 === 0 ? 'join' : 'leave')));
      expect(events.length % 2, stay).toBe(0);
    }
  }

  #act(step: Exclude<Step, { do: 'settle' | 'advance' | 'publish' }>): void {
    const played = this.#slots[step.client];
    if (played === undefined || played.client.closed !== undefined || played.vanished) {
      // An empty chair is taken by a new client.
      const group = GROUPS[step.client % GROUPS.length] as string;
      const fresh: Played = { client: connectClient(this.gateway), groups: [group], said: [], vanished: false };
      fresh.client.send(identify(group));
      this.#slots[step.client] = fresh;
      this.#played.push(fresh);
      return;
    }
    const { client } = played;
    if (step.do === 'move') {
      played.groups.push(step.group);
      client.send(identify(step.group));
    } else if (step.do === 'say') {
      const text = `${this.#played.indexOf(played)} ${played.said.length} ${long(step.size)}`;
      played.said.push(text);
      client.send(say(text));
    } else if (step.do === 'kick') {
      const { connectionId } = this.gateway.connections()[step.client] ?? {};
      if (connectionId !== undefined) this.gateway.disconnect(connectionId);
    } else {
      played.vanished ||= step.do === 'vanish';
      client[step.do]();
    }
  }

  /** In each stay in a group: its messages and no others, in order, no hole, nothing twice; all receivers got the same. */
  #checkReceived({ client, groups, vanished }: Played, texts: Map<string, string>): void {
    const lastSeq = new Map<string, number>();
    let readies = 0;
    let group: string | undefined;
    let previous: number | undefined;
    let last: unknown;
    client.received.forEach((message, index) => {
      if (message.type === 'ready') {
        readies += 1;
        if (readies === 1) return;
        const next = groups[readies - 2];
        if (next !== group) previous = undefined;
        group = next;
        return;
      }
      expect(message.type).not.toBe('error');
      expect(message.groupId).toBe(group);
      if (message.type !== 'data_update') return;
      const { seq, groupId } = message;
      expect(seq).toBe(previous === undefined ? seq : previous + 1);
      expect(seq).toBeGreaterThan(lastSeq.get(groupId) ?? 0);
      previous = seq;
      last = message.payload.data;
      lastSeq.set(groupId, seq);
      const place = `${groupId} ${seq}`;
      expect(client.texts[index]).toBe(texts.get(place) ?? client.texts[index]);
      texts.set(place, client.texts[index] as string);
    });
    if (client.closed !== undefined || vanished) return;
    expect(readies).toBe(groups.length + 1);
    expect(last).toBe('the end');
  }

  /** What a client said was published in its order, none twice; all of it, unless the client went. */
  #checkSaid({ client, said, vanished }: Played, index: number): void {
    const published = this.#data.map(({ data }) => String(data)).filter((text) => text.startsWith(`${index} `));
    const whole = client.closed === undefined && !vanished;
    expect(published).toEqual(whole ? said : said.slice(0, published.length));
  }

  /** Presence counts exactly the members that are connected, and those inside their resume window. */
  async #checkPresence(): Promise<void> {
    const before = this.#members();
    const asked = Promise.all(GROUPS.map((group) => this.gateway.presence(group)));
    await this.clock.advance(10);
    const counted = (await asked).reduce((sum, { details }) => sum + (details?.members ?? 0), 0);
    // While a store was asked a resume window may have ended.
    expect([before, this.#members()]).toContain(counted);
  }

  #members(): number {
    const connected = this.gateway.connections().filter(({ groups }) => groups.length > 0).length;
    return connected + this.gateway.stats().droppedMembers;
  }
}
