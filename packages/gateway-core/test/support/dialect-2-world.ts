import { createGateway, type Gateway, type GatewayOptions } from 'gateway-core';
import { type ConnectOptions, FakeClock, MemoryLink } from 'gateway-core/testing';
import { expect } from 'vitest';
import { heartbeat, say } from './messages.js';
import { closeAndFindNothing } from './set-up.js';
import { Ledger, WatchedClient } from './watched-client.js';

export const USERS = 4;
export const GROUPS = ['g', 'h', 'i'];
export const RESUME_TTL_MS = 3_000;

interface Wire {
  bytesPerSecond: number;
  latencyMs: number;
}

type HostStep = { do: 'remove' | 'hostJoin'; client: number; group: string } | { do: 'revoke' | 'disconnect'; client: number };

export type Step =
  | HostStep
  | { do: 'say'; client: number; group: string; size: number }
  | { do: 'publish'; group: string; count: number }
  | { do: 'join'; client: number; group: string; tail: number }
  | { do: 'cut' | 'close' | 'goAway' | 'vanish' | 'stopReading' | 'startReading' | 'ghost' | 'renew'; client: number }
  | { do: 'reconnect' | 'reconnectWithOld' | 'twin'; client: number; wire: Wire | undefined }
  | { do: 'leave'; client: number; group: string }
  | { do: 'lastMoment'; client: number }
  | { do: 'lag'; client: number; count: number; comesBack: boolean }
  | { do: 'steal'; client: number; victim: number }
  | { do: 'forbid'; group: string }
  | { do: 'settle' }
  | { do: 'advance'; ms: number };

interface Player {
  client: WatchedClient;
  /** Its newest connection has no link, and it has always read: it knows what the gateway has written. */
  isPlain: boolean;
  vanished: boolean;
  /** Another connection may take its member with a token that it has, or had: nothing says who wins. */
  contested: boolean;
  /** When it went without a clean close, with the newest token in its hands. */
  droppedAt: number | undefined;
}

/** A gateway with clients of dialect 2 that play a schedule. What must be true is asked of what they sent and saw alone. */
export class Dialect2World {
  readonly clock = new FakeClock();
  readonly gateway: Gateway;
  readonly ledger = new Ledger();
  readonly players: Player[] = [];
  readonly #forbidden = new Set<string>();
  readonly #errors: unknown[] = [];
  readonly #publishes: Promise<unknown>[] = [];
  readonly #stays = new Map<string, string[]>();
  #published = 0;
  #waits = 0;

  /** @param waits what the hooks take, in milliseconds, one after the other. */
  constructor(
    options: GatewayOptions,
    private readonly waits: readonly number[],
  ) {
    this.gateway = createGateway({
      clock: this.clock,
      ...options,
      timings: { resumeTtlMs: RESUME_TTL_MS, ...options.timings },
      authenticate: ({ token }) => this.#later({ principal: String(token) }),
      authorize: ({ action, groupId }) => action === 'publish' || this.#later(!this.#forbidden.has(groupId)),
    });
    this.gateway.on('error', ({ error }) => this.#errors.push(error));
    for (const name of ['join', 'leave'] as const) {
      this.gateway.on(name, ({ memberId, groupId }) => {
        const stay = `${memberId} in ${groupId}`;
        this.#stays.set(stay, [...(this.#stays.get(stay) ?? []), name]);
      });
    }
    for (let n = 0; n < USERS; n += 1) this.#add(`user-${n}`);
  }

  async play(steps: Step[]): Promise<void> {
    for (const step of steps) {
      await this.#do(step);
      for (const { client } of this.players) client.take();
    }
  }

  /** Lets everybody read and be connected, tells every group one last thing, and asks who has what. */
  async check(): Promise<void> {
    this.#forbidden.clear();
    for (let round = 0; round < 4; round += 1) {
      for (const player of this.players) {
        if (!player.client.isOpen || player.vanished) this.#connect(player, undefined);
        player.client.connection.startReading();
      }
      await this.clock.advance(6_000);
      for (const { client } of this.players) client.take();
    }
    for (const { client } of this.players) {
      expect(client.isOpen && client.isIn, `${client.name} is in at the end`).toBe(true);
      client.send(heartbeat());
    }
    const ends = new Map<string, number>();
    for (const group of GROUPS) ends.set(group, (await this.gateway.publish(group, `the end of ${group}`)).seq);
    await this.clock.advance(4_000);
    await Promise.all(this.#publishes);
    for (const { client } of this.players) {
      client.take();
      for (const [groupId, lastSeq] of client.expected) {
        if (lastSeq === Number.POSITIVE_INFINITY && !client.unsure.has(groupId))
          client.checkWhole(groupId, ends.get(groupId) as number);
      }
    }
    const texts = [...this.ledger.texts.values()];
    expect(new Set(texts).size, 'nothing is in a log twice').toBe(texts.length);
    for (const text of texts) expect(this.ledger.ghosts.has(text), `said after it was fenced: ${text}`).toBe(false);
    expect(this.#errors).toEqual([]);
  }

  async end(): Promise<void> {
    await closeAndFindNothing(this.gateway, this.clock);
    for (const [stay, events] of this.#stays) {
      expect(events, stay).toEqual(events.map((_, index) => (index % 2 === 0 ? 'join' : 'leave')));
      expect(events.length % 2, stay).toBe(0);
    }
  }

  async #do(step: Step): Promise<void> {
    if (step.do === 'settle') return this.clock.settle();
    if (step.do === 'advance') return this.clock.advance(step.ms);
    if (step.do === 'publish') {
      for (let n = 0; n < step.count; n += 1) this.#publish(step.group);
      return;
    }
    if (step.do === 'forbid') {
      if (!this.#forbidden.delete(step.group)) this.#forbidden.add(step.group);
      return;
    }
    const player = this.players[step.client % this.players.length] as Player;
    if (step.do === 'lastMoment') {
      const left = (player.droppedAt ?? Number.NEGATIVE_INFINITY) + RESUME_TTL_MS - 1 - this.clock.monotonicMs();
      if (left > 0) await this.clock.advance(left);
      return;
    }
    if (step.do === 'lag') return this.#lag(player, step.count, step.comesBack);
    this.#act(player, step);
  }

  /** Reads nothing while one of its groups goes on without it, and then on; or from the moment on in which it comes back. */
  async #lag(player: Player, count: number, comesBack: boolean): Promise<void> {
    const { client } = player;
    const group = [...client.expected.keys()][count % Math.max(1, client.expected.size)] ?? 'g';
    if (comesBack) this.#connect(player, undefined);
    if (!client.isOpen || player.vanished) return;
    player.isPlain = false;
    client.connection.stopReading();
    for (let n = 0; n < count; n += 1) {
      this.#publish(group);
      if (n % 3 === 0) await this.clock.settle();
    }
    client.connection.startReading();
    await this.clock.settle();
  }

  #act(player: Player, step: Exclude<Step, { do: 'settle' | 'advance' | 'publish' | 'forbid' | 'lastMoment' | 'lag' }>): void {
    const { client } = player;
    const { connection } = client;
    switch (step.do) {
      case 'reconnect':
        this.#connect(player, step.wire);
        return;
      case 'reconnectWithOld':
        this.#connectWithOld(player, step.wire);
        return;
      case 'twin':
        this.#twin(player, step.wire);
        return;
      case 'steal':
        this.#steal(player, this.players[step.victim % this.players.length] as Player);
        return;
      case 'ghost':
        this.#ghost(client);
        return;
    }
    if (!client.isOpen || player.vanished) return;
    switch (step.do) {
      case 'say':
        client.sayNext(step.group, step.size);
        return;
      case 'join':
        if (client.expected.has(step.group)) return;
        // Before its `ready` it does not know where it is already: to ask for a tail there would be to ask for what it has.
        client.join(step.group, step.tail === 0 || !client.isIn ? undefined : { tail: step.tail });
        return;
      case 'leave':
        if (client.expected.has(step.group)) client.leave(step.group);
        return;
      case 'renew':
        client.send({ type: 'identify', version: '2', payload: { clientType: 'app-client', token: client.user } });
        return;
      case 'stopReading':
        player.isPlain = false;
        connection.stopReading();
        return;
      case 'startReading':
        connection.startReading();
        return;
      case 'vanish':
        player.isPlain = false;
        player.vanished = true;
        connection.vanish();
        return;
      case 'close':
        connection.close(1000);
        return;
      case 'cut':
      case 'goAway':
        client.take();
        player.droppedAt = player.isPlain && client.isIn && !player.contested ? this.clock.monotonicMs() : undefined;
        if (step.do === 'cut') connection.cut();
        else connection.close(1001);
        return;
      default:
        // The compiler does not narrow a step whose `do` is one of several.
        this.#host(player, step as HostStep);
    }
  }

  #host({ client }: Player, step: HostStep): void {
    const { gateway } = this;
    client.take();
    const { memberId } = client;
    const known = gateway.connections().find((each) => each.connectionId === client.connectionId);
    if (memberId === undefined || known?.memberId !== memberId) return;
    switch (step.do) {
      case 'remove': {
        const head = gateway.groups().find(({ groupId }) => groupId === step.group)?.position.seq ?? 0;
        if (!gateway.remove(memberId, step.group)) return;
        for (const each of this.players) {
          if (each.client.take().memberId === memberId) each.client.removed(step.group, each.isPlain ? head : undefined);
        }
        return;
      }
      case 'hostJoin':
        if (client.expected.has(step.group)) return;
        client.expected.set(step.group, Number.POSITIVE_INFINITY);
        client.unsure.add(step.group);
        gateway.join(known.connectionId, step.group).catch(() => {});
        return;
      case 'revoke':
        gateway.revoke({ memberId });
        for (const token of client.tokens) if (this.ledger.tokens.get(token) === memberId) client.spent.add(token);
        return;
      case 'disconnect':
        gateway.disconnect(known.connectionId);
        return;
    }
  }

  #connect(player: Player, wire: Wire | undefined): void {
    const { client } = player;
    client.take();
    player.contested ||= client.isOpen && !client.isIn;
    // By a slow wire it may come too late.
    const isDropped =
      wire === undefined && player.droppedAt !== undefined && this.clock.monotonicMs() - player.droppedAt < RESUME_TTL_MS;
    if (client.connection?.closed?.code === 4004) client.token = undefined;
    const isFresh = client.places.size + client.expected.size === 0;
    const link = wire && new MemoryLink({ clock: this.clock, kernelBufferBytes: 500, receiveBufferBytes: 500, ...wire });
    const options: ConnectOptions = { answersPings: true, link };
    player.isPlain = link === undefined;
    player.vanished = false;
    client.mustResume = isDropped && client.token !== undefined && !client.spent.has(client.token);
    player.droppedAt = undefined;
    client.connect(isFresh ? { [GROUPS[this.players.indexOf(player) % GROUPS.length] as string]: {} } : {}, options);
  }

  #connectWithOld(player: Player, wire: Wire | undefined): void {
    const { client } = player;
    client.take();
    client.token = client.tokens.at(-2) ?? client.token;
    player.contested = true;
    player.droppedAt = undefined;
    this.#connect(player, wire);
  }

  /** The same user once more, with the same token, in the same moment. */
  #twin(player: Player, wire: Wire | undefined): void {
    if (this.players.length >= USERS + 3) return;
    const twin = this.#add(player.client.user);
    twin.client.token = player.client.take().token;
    for (const [groupId, place] of player.client.places) {
      twin.client.places.set(groupId, { ...place, seen: new Set(place.seen), gaps: [...place.gaps] });
    }
    player.contested = true;
    twin.contested = true;
    player.droppedAt = undefined;
    this.#connect(player, undefined);
    this.#connect(twin, wire);
  }

  /** Another user, with somebody's token. */
  #steal({ client }: Player, victim: Player): void {
    if (this.players.length >= USERS + 3 || client.user === victim.client.user) return;
    const thief = this.#add(client.user);
    // One that was told to it: what it has sent may be stolen itself.
    const token = victim.client.take().tokens.at(-1);
    thief.client.token = token;
    if (token !== undefined) thief.client.spent.add(token);
    this.#connect(thief, undefined);
  }

  /** Whoever was replaced speaks on. */
  #ghost(client: WatchedClient): void {
    client.take();
    if (client.resumed.at(-1) !== true || !client.isIn || client.connection.closed !== undefined) return;
    for (const { connection, memberId } of client.former) {
      if (memberId !== client.memberId) continue;
      for (const groupId of GROUPS) {
        const text = `ghost ${this.ledger.ghosts.size}`;
        this.ledger.ghosts.add(text);
        connection.send(say(text, { groupId, id: text }));
      }
    }
  }

  #add(user: string): Player {
    const client = new WatchedClient(this.gateway, user, this.ledger);
    const player = { client, isPlain: true, vanished: false, contested: false, droppedAt: undefined };
    this.players.push(player);
    return player;
  }

  #publish(group: string): void {
    this.#published += 1;
    const text = `server ${this.#published} ${'x'.repeat(120)}`;
    const publishing = this.gateway.publish(group, text).then(({ epoch, seq }) => {
      const at = `${group} ${epoch} ${seq}`;
      expect(this.ledger.texts.get(at) ?? text, at).toBe(text);
      this.ledger.texts.set(at, text);
    });
    this.#publishes.push(publishing);
    publishing.catch(() => {});
  }

  #later<T>(answer: T): T | Promise<T> {
    this.#waits += 1;
    const ms = this.waits[this.#waits % this.waits.length] ?? 0;
    if (ms === 0) return answer;
    return new Promise((resolve) => this.clock.setTimeout(() => resolve(answer), ms));
  }
}
