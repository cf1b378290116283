import type { Gateway } from 'gateway-core';
import type { FakeClock, MemoryClient } from 'gateway-core/testing';
import { expect } from 'vitest';
import { delayed, MEMBER_METHODS, PRESENCE_METHODS, paced } from './asynchronous.js';
import { say } from './messages.js';
import { MovingClient, makeSharedGateways, type SharedWorld } from './shared-gateways.js';

export const MOVERS = 3;
export const RESUME_TTL_MS = 3_000;

export type MovingStep =
  | { do: 'cut' | 'vanish' | 'close' | 'ghost' | 'renew' | 'speak'; client: number }
  | { do: 'connect'; client: number; gateway: number }
  | { do: 'join' | 'leave'; client: number }
  | { do: 'publish'; gateway: number; count: number }
  | { do: 'settle' }
  | { do: 'advance'; ms: number };

interface Mover {
  client: MovingClient;
  former: MemoryClient[];
}

/** Two gateways that share everything, and clients that move between them. `g` is where all of them are, always; `h` they join and leave. */
export class MovingWorld {
  readonly #world: SharedWorld;
  readonly #movers: Mover[];
  readonly #observer: MovingClient;
  readonly #ghosts = new Set<string>();
  /** Members that were in `g` and then were not. */
  readonly #gone = new Set<string>();
  /** What was reached, to know that schedules prove something. */
  readonly reached = new Map<string, number>();
  #said = 0;

  /**
   * @param waits what the hooks take, in milliseconds, one after the other.
   * @param delayMs what each half of a call of a store takes; 0: it answers at once.
   */
  constructor(waits: readonly number[], delayMs: number) {
    let asked = 0;
    const later = <T>(clock: FakeClock, answer: T): T | Promise<T> => {
      asked += 1;
      const ms = waits[asked % waits.length] ?? 0;
      return ms === 0 ? answer : new Promise((resolve) => clock.setTimeout(() => resolve(answer), ms));
    };
    this.#world = makeSharedGateways({
      both: (clock) => ({
        timings: { resumeTtlMs: RESUME_TTL_MS, heartbeatIntervalMs: 2_000, heartbeatTimeoutMs: 5_000, closeTimeoutMs: 1_000 },
        limits: { messagesPerSecondMax: 0, bytesPerSecondMax: 0, joinsPerSecondMax: 0, errorsPerSecondMax: 0 },
        authenticate: ({ token }) => later(clock, { principal: String(token) }),
        authorize: ({ action }) => action === 'publish' || later(clock, true),
      }),
      each: ({ members, presence }, _, clock) =>
        delayMs === 0
          ? {}
          : {
              members: paced(members, [...MEMBER_METHODS], delayed(clock, delayMs)),
              presence: paced(presence, [...PRESENCE_METHODS], delayed(clock, delayMs)),
            },
    });
    const { gateways, presence } = this.#world;
    let before: string[] = [];
    presence.watch((groupId) => {
      if (groupId !== 'g') return;
      const now = presence.list('g').map(({ memberId }) => memberId);
      for (const memberId of before) if (!now.includes(memberId)) this.#gone.add(memberId);
      before = now;
    });
    this.#movers = Array.from({ length: MOVERS }, (_, n) => ({
      client: new MovingClient(gateways, { token: `user-${n}` }),
      former: [],
    }));
    this.#observer = new MovingClient(gateways, { token: 'observer' });
    this.#observer.connect({ g: {}, h: {} });
    for (let n = 0; n < MOVERS; n += 1) this.#connect(n, n % 2);
  }

  async play(steps: readonly MovingStep[]): Promise<void> {
    await this.#world.clock.advance(8_000);
    for (const step of steps) {
      await this.#do(step);
      for (const { client } of this.#movers) client.take();
    }
  }

  /** Brings everybody to one connection, and asks who is where, and who has what. */
  async check(): Promise<void> {
    const { clock, gateways, presence, events } = this.#world;
    for (let round = 0; round < 2; round += 1) {
      this.#movers.forEach(({ client, former }, n) => {
        if (client.take().connection.closed !== undefined || round === 0) this.#connect(n, n % 2);
        for (const connection of former) connection.cut();
      });
      await clock.advance(12_000);
    }
    for (const groupId of ['g', 'h']) await (gateways[0] as Gateway).publish(groupId, `the end of ${groupId}`);
    await clock.advance(1_000);
    const clients = [...this.#movers.map(({ client }) => client), this.#observer];
    for (const client of clients) {
      client.take();
      expect(client.connection.closed).toBeUndefined();
      expect(client.received.findLast(({ type, groupId }) => type === 'data_update' && groupId === 'g')?.payload.data).toBe(
        'the end of g',
      );
      const at = gateways.flatMap((gateway) => gateway.connections().filter(({ memberId }) => memberId === client.memberId));
      expect(at).toHaveLength(1);
      expect(this.#gone.has(client.memberId as string), 'a member that is there was seen to leave').toBe(false);
      for (const yes of client.resumed) this.#reach(yes ? 'resumed' : 'new');
    }
    const inGroup = presence.list('g');
    expect(inGroup.map(({ memberId }) => memberId).sort()).toEqual(clients.map(({ memberId }) => memberId).sort());
    expect(inGroup.every(({ state }) => state === 'connected')).toBe(true);
    const inOther = gateways.flatMap((gateway) => gateway.ledger('h').map(({ memberId }) => memberId));
    expect(
      presence
        .list('h')
        .map(({ memberId }) => memberId)
        .sort(),
    ).toEqual(inOther.sort());
    const texts = this.#observer.received.filter(({ type }) => type === 'data_update').map(({ payload }) => payload.data);
    for (const text of texts) expect(this.#ghosts.has(text), `said after it was fenced: ${text}`).toBe(false);
    expect(events('error')).toEqual([]);
    this.#reach('moved', events('moved').length);
    this.#reach('expired', events('expired').length);
  }

  end(): Promise<void> {
    return this.#world.end();
  }

  async #do(step: MovingStep): Promise<void> {
    const { clock, gateways } = this.#world;
    if (step.do === 'settle') return clock.settle();
    if (step.do === 'advance') return clock.advance(step.ms);
    if (step.do === 'publish') {
      for (let n = 0; n < step.count; n += 1) {
        this.#said += 1;
        void (gateways[step.gateway] as Gateway).publish(n % 3 === 0 ? 'h' : 'g', `server ${this.#said}`);
      }
      return;
    }
    const { client, former } = this.#movers[step.client] as Mover;
    switch (step.do) {
      case 'connect':
        return this.#connect(step.client, step.gateway);
      case 'cut':
        return client.connection.cut();
      case 'vanish':
        return client.connection.vanish();
      case 'close':
        return void client.connection.close(1000);
      case 'renew':
        return client.send({
          type: 'identify',
          version: '2',
          payload: { clientType: 'app-client', token: `user-${step.client}` },
        });
      case 'join':
        return client.send({ type: 'join', payload: { groupId: 'h' } });
      case 'leave':
        return client.send({ type: 'leave', payload: { groupId: 'h' } });
      case 'speak':
        this.#said += 1;
        return client.say('g', `said ${this.#said}`, `id-${this.#said}`);
      case 'ghost':
        for (const connection of former.filter(({ closed }) => closed?.code === 4004 || closed?.code === 4202)) {
          const text = `ghost ${this.#ghosts.size}`;
          this.#ghosts.add(text);
          connection.send(say(text, { groupId: 'g' }));
          this.#reach('ghost');
        }
    }
  }

  #connect(n: number, gateway: number): void {
    const { client, former } = this.#movers[n] as Mover;
    if (client.connection !== undefined) former.push(client.connection);
    client.goTo(gateway).connect(client.take().logs.has('g') ? {} : { g: {} });
  }

  #reach(what: string, times = 1): void {
    this.reached.set(what, (this.reached.get(what) ?? 0) + times);
  }
}
