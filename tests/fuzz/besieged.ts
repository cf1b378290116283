import { createGateway, type Gateway, type GatewayEvents } from 'gateway-core';
import { connectClient, FakeClock, type MemoryClient } from 'gateway-core/testing';
import { expect } from 'vitest';
import { ResumingClient } from '../../packages/gateway-core/test/support/resuming-client.js';
import { closeAndFindNothing } from '../../packages/gateway-core/test/support/set-up.js';
import { type Attack, EPOCH, type Name, OWN } from './attacks.js';

const LOG_MESSAGES = 8;
const GROUPS_EACH = 8;
const GROUPS_ALL = 40;
const DROPPED = 4;
/** Attackers at once. */
export const ATTACKERS = 3;

type Received = { type: string; groupId?: string; from?: string; payload: Record<string, unknown> };

/** One attacker's connections, and what it was told. */
class Attacker {
  client: MemoryClient | undefined;
  /** Every token that it ever got, the newest last. */
  readonly tokens: string[] = [];
  #read = 0;

  connect(gateway: Gateway): void {
    this.client = connectClient(gateway, { answersPings: true });
    this.#read = 0;
  }

  /** What has come since the last time. */
  take(): Received[] {
    const messages = (this.client?.received ?? []) as unknown as Received[];
    const fresh = messages.slice(this.#read);
    this.#read = messages.length;
    return fresh;
  }
}

/** A gateway in virtual time with somebody honest in it, Ada, and attackers whose input is drawn. */
export class Besieged {
  readonly clock = new FakeClock();
  readonly gateway: Gateway;
  readonly #ada: ResumingClient;
  readonly #attackers = Array.from({ length: ATTACKERS }, () => new Attacker());
  readonly #errors: GatewayEvents['error'][] = [];
  #asked = 0;
  /** Hook calls, and messages to anybody, that what was done may cause at most. */
  #askedMax = 0;
  #writtenMax = 0;
  #written = 0;
  #said = 0;
  /** Who each member is, by its id; and what attackers were made. */
  readonly #users = new Map<string, string | undefined>();
  readonly #made = new Set<string>();
  #epoch = '';

  /** @param met counts what attackers are told. */
  constructor(private readonly met: Map<string, number>) {
    let ids = 0;
    this.gateway = createGateway({
      clock: this.clock,
      generateId: () => {
        ids += 1;
        return `id-${ids}`;
      },
      authenticate: ({ token }) => token !== 'no' && { principal: token ?? 'nobody' },
      authorize: ({ member, groupId }) => {
        this.#asked += 1;
        return groupId !== 'private' || member.principal === 'ada';
      },
      limits: {
        logMessagesMax: LOG_MESSAGES,
        groupsPerConnectionMax: GROUPS_EACH,
        groupsMax: GROUPS_ALL,
        droppedMembersMax: DROPPED,
        ...{ messagesPerSecondMax: 0, bytesPerSecondMax: 0, joinsPerSecondMax: 0, errorsPerSecondMax: 0 },
      },
    });
    this.gateway.on('error', (event) => this.#errors.push(event));
    this.#ada = new ResumingClient(this.gateway, { token: 'ada' });
  }

  async begin(): Promise<void> {
    this.#ada.connect({ g: {}, private: {} }, { answersPings: true });
    await this.clock.settle();
    this.#epoch = (await this.gateway.position('g')).epoch;
    this.#written = this.#ada.take().received.length;
    for (const attacker of this.#attackers) attacker.connect(this.gateway);
  }

  async play(attacks: readonly Attack[]): Promise<void> {
    for (const attack of attacks) {
      await this.#one(attack);
      this.#look();
    }
    await this.clock.advance(30_000);
    this.#look();
  }

  /** Ada is who she was, where she was, and has everything that she said; nobody else was told of it. */
  async end(): Promise<void> {
    const ada = this.#ada.take();
    expect(ada.connection.closed).toBeUndefined();
    expect(ada.resumed.slice(1)).toEqual(ada.resumed.slice(1).map(() => true));
    expect(new Set(ada.of('ready').flatMap(({ payload }) => payload.memberId ?? []))).toEqual(new Set([ada.memberId]));
    const secrets = ada.of('data_update').filter(({ groupId }) => groupId === 'private');
    expect(secrets.map(({ payload }) => payload.data)).toEqual(Array.from({ length: this.#said }, (_, n) => n));
    expect(await this.gateway.position('g')).toMatchObject({ epoch: this.#epoch });
    const spoken = ada.of('data_update') as unknown as { from?: string; payload: { data: unknown } }[];
    for (const { from, payload } of spoken) if (from === ada.memberId) expect(typeof payload.data).toBe('number');
    expect(this.#errors).toEqual([]);
    await closeAndFindNothing(this.gateway, this.clock);
  }

  async #one(attack: Attack): Promise<void> {
    const attacker = this.#attackers[attack.attacker % ATTACKERS] as Attacker;
    // Who is in groups leaves them, and is announced to everybody there; each group that is named has an answer and a replay.
    this.#allow(GROUPS_EACH);
    switch (attack.do) {
      case 'wait':
        await this.clock.advance(attack.ms);
        return;
      case 'ada':
        if (attack.how === 'says') {
          for (const groupId of ['g', 'private']) this.#ada.say(groupId, this.#said, `ada-${groupId}-${this.#said}`);
          this.#said += 1;
        } else {
          this.#ada.connection.cut();
          this.#ada.connect({}, { answersPings: true });
        }
        await this.clock.settle();
        return;
      case 'identify': {
        if (attack.on !== 'the same') {
          this.#read(attacker);
          // Where it only takes another one, it is there twice, and the earlier is fenced.
          if (attack.on === 'a new one') attacker.client?.[attack.leaves]();
          attacker.connect(this.gateway);
        }
        const resume = { token: this.#tokenOf(attacker, attack.resumeToken), groups: attack.groups };
        const payload = { clientType: 'app-client', ...attack.payload, ...(attack.groups === null ? {} : { resume }) };
        this.#allow(namesIn(attack.groups));
        attacker.client?.sendText(
          this.#filledIn(attack.attacker, JSON.stringify({ type: 'identify', version: attack.version, payload })),
        );
        break;
      }
      case 'text':
        this.#allow(8 + attack.text.length / 8);
        attacker.client?.sendText(this.#filledIn(attack.attacker, attack.text));
        break;
    }
    if (attack.settles) await this.clock.settle();
  }

  #filledIn(attacker: number, text: string): string {
    return text.replaceAll(EPOCH, this.#epoch).replaceAll(OWN, `eve-${attacker}`);
  }

  #tokenOf(attacker: Attacker, name: Name): unknown {
    const own = attacker.tokens;
    switch (name.of) {
      case 'newest':
        return own.at(-1);
      case 'used':
        return own[0];
      case 'other':
        return this.#attackers.find((other) => other !== attacker)?.tokens.at(-1);
      case 'ada':
        return this.#ada.token;
      case 'ada, changed': {
        const token = this.#ada.token ?? '';
        const at = name.at % token.length;
        return token.slice(0, at) + (token[at] === 'x' ? 'y' : 'x') + token.slice(at + 1);
      }
      case 'ada, cut':
        return this.#ada.token?.slice(0, name.at % this.#ada.token.length);
      case 'drawn':
        return name.value;
    }
  }

  /** Holds the gateway to what it may say to an attacker. */
  #read(attacker: Attacker): void {
    for (const { type, groupId, payload } of attacker.take()) {
      this.#written += 1;
      const { outcome, reason, code, resumed, memberId, resume } = payload;
      const what = [type, outcome, reason, code, resumed].filter((word) => word !== undefined).join(' ');
      this.met.set(what, (this.met.get(what) ?? 0) + 1);
      if (groupId === 'private') expect(type, 'of a group that it may not be in').toBe('error');
      if (type !== 'ready' || typeof memberId !== 'string') continue;
      expect(memberId, 'nobody becomes somebody else').not.toBe(this.#ada.memberId);
      if (resumed === true) expect(this.#made, 'only who was a member is one again').toContain(memberId);
      this.#made.add(memberId);
      attacker.tokens.push((resume as { token: string }).token);
    }
  }

  #allow(groups: number): void {
    this.#askedMax += 4 + groups;
    this.#writtenMax += (4 + groups) * (LOG_MESSAGES + 4 + 2 * (ATTACKERS + 1));
  }

  #look(): void {
    const before = this.#ada.received.length;
    this.#written += this.#ada.take().received.length - before;
    for (const attacker of this.#attackers) this.#read(attacker);
    for (const { memberId, principal } of this.gateway.connections()) {
      if (memberId === undefined || principal === undefined) continue;
      expect(this.#users.get(memberId) ?? principal, `${memberId} is the same user for ever`).toBe(principal);
      this.#users.set(memberId, principal);
    }
    expect(this.#written, 'messages written').toBeLessThanOrEqual(this.#writtenMax);
    expect(this.#asked, 'questions to authorize').toBeLessThanOrEqual(this.#askedMax + 4);
    const { groups, droppedMembers } = this.gateway.stats();
    expect(groups).toBeLessThanOrEqual(GROUPS_ALL);
    expect(droppedMembers).toBeLessThanOrEqual(DROPPED);
  }
}

function namesIn(groups: unknown): number {
  return typeof groups === 'object' && groups !== null ? Object.keys(groups).length : 0;
}
