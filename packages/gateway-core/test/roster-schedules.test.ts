import fc from 'fast-check';
import {
  createGateway,
  type Gateway,
  type GatewayOptions,
  MemoryBroker,
  MemoryPresenceStore,
  type PresenceMember,
  type PresenceStore,
} from 'gateway-core';
import { FakeClock } from 'gateway-core/testing';
import type { GroupMember } from 'gateway-protocol';
import { expect, test } from 'vitest';
import { asynchronous, BROKER_METHODS, PRESENCE_METHODS, waitOn } from './support/asynchronous.js';
import { KnownRosters, textOf } from './support/known-rosters.js';
import { long } from './support/messages.js';
import { ResumingClient } from './support/resuming-client.js';
import { closeAndFindNothing } from './support/set-up.js';

const CLIENTS = 6;
const GROUPS = ['g', 'h'];

type Step =
  | { do: 'join' | 'leave'; client: number; group: string }
  | { do: 'show'; client: number; group: string; state: unknown }
  | { do: 'identify' | 'setMetadata'; client: number; metadata: Record<string, unknown> }
  | { do: 'connect' | 'cut' | 'close' | 'stopReading' | 'startReading'; client: number }
  | { do: 'publish'; group: string; size: number }
  | { do: 'settle' }
  | { do: 'advance'; ms: number };

const client = fc.nat({ max: CLIENTS - 1 });
const group = fc.constantFrom('g', 'g', 'g', 'h');
const metadata = fc.record({ n: fc.nat({ max: 2 }), text: fc.constantFrom('', long(60)) });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('join' as const, 'leave'), client, group }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('show' as const), client, group, state: fc.constantFrom(null, 1, 'x') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('identify' as const, 'setMetadata'), client, metadata }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('connect' as const, 'connect', 'cut', 'close'), client }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('stopReading' as const, 'startReading'), client }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('publish' as const), group, size: fc.integer({ min: 1, max: 900 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 900 }) }) },
);

/** As the others see it. */
function shown({ memberId, role, metadataText, stateText, state }: PresenceMember): GroupMember {
  const parsed = (text: string | undefined) => (text === undefined ? undefined : JSON.parse(text));
  return { memberId, role, metadata: parsed(metadataText), state: parsed(stateText), connected: state === 'connected' };
}

/** A store that notes every list that it has answered. */
function noting(store: MemoryPresenceStore, lists: Map<string, Set<string>>): PresenceStore {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name !== 'list') return value.bind(target);
      return (groupId: string) => {
        const members = target.list(groupId);
        lists.get(groupId)?.add(textOf(members.map(shown)));
        return members;
      };
    },
  });
}

const SMALL: GatewayOptions = {
  limits: {
    logMessagesMax: 12,
    socketHighWaterMarkBytes: 900,
    messagesPerSecondMax: 0,
    bytesPerSecondMax: 0,
    joinsPerSecondMax: 0,
    droppedMembersMax: 3,
  },
  timings: { resumeTtlMs: 2_000, presenceIntervalMs: 200, slowConsumerTimeoutMs: 5_000, closeTimeoutMs: 1_000 },
};

type Setting = (clock: FakeClock, store: PresenceStore) => GatewayOptions;
const SETTINGS: [name: string, setting: Setting][] = [
  ['with everything in memory', () => SMALL],
  [
    'with stores, a broker and a hook that need time',
    (clock, store) => ({
      ...SMALL,
      presence: asynchronous(store, [...PRESENCE_METHODS], waitOn(clock, 7)),
      broker: asynchronous(new MemoryBroker(), [...BROKER_METHODS], waitOn(clock, 2)),
      authorize: ({ action }) => action === 'publish' || waitOn(clock, 5)().then(() => true),
    }),
  ],
  ['where they can be too many to be listed', () => ({ ...SMALL, limits: { ...SMALL.limits, presenceMembersMax: 3 } })],
  ['where the list can be too long', () => ({ ...SMALL, limits: { ...SMALL.limits, presenceListBytesMax: 400 } })],
];

/** Who a client is on the connection that it has now; it may have been somebody else on one that it has given up. */
function memberOf({ connection }: ResumingClient): string | undefined {
  const told = connection?.received.flatMap((message) => (message.type === 'ready' ? [message.payload.memberId] : []));
  return told?.findLast((memberId) => memberId !== undefined);
}

/** Clients of dialect 2 that play a schedule. */
class Stage {
  readonly clock = new FakeClock();
  readonly gateway: Gateway;
  readonly #lists = new Map(GROUPS.map((groupId) => [groupId, new Set<string>()]));
  readonly #clients: ResumingClient[];
  readonly #rosters: KnownRosters[];

  constructor(setting: Setting) {
    const store = noting(new MemoryPresenceStore({ clock: this.clock }), this.#lists);
    this.gateway = createGateway({ clock: this.clock, presence: store, ...setting(this.clock, store) });
    this.#clients = Array.from({ length: CLIENTS }, () => new ResumingClient(this.gateway));
    this.#rosters = this.#clients.map((each) => new KnownRosters(each));
  }

  async play(steps: Step[]): Promise<void> {
    for (const each of steps) {
      if (each.do === 'settle') await this.clock.settle();
      else if (each.do === 'advance') await this.clock.advance(each.ms);
      else if (each.do === 'publish') void this.gateway.publish(each.group, long(each.size)).catch(() => {});
      else this.#act(each, this.#clients[each.client] as ResumingClient);
    }
  }

  /** Every list that a client had was the server's; all that had one version had the same list; and at rest each has the newest. */
  async check(): Promise<void> {
    for (const each of this.#clients) {
      each.connection?.startReading();
      if (each.connection?.closed !== undefined) each.connect();
    }
    // Longer than anybody is waited for: one that is too slow, and then its resume window.
    await this.clock.advance(12_000);
    const lists = new Map<string, string>();
    for (const { seen } of this.#rosters.map((each) => each.take())) {
      for (const { groupId, version, list } of seen) {
        expect(this.#lists.get(groupId)).toContain(list);
        const place = `${groupId} ${version}`;
        expect(list, place).toBe(lists.get(place) ?? list);
        lists.set(place, list);
      }
    }
    for (const groupId of GROUPS) await this.#checkRest(groupId);
  }

  async #checkRest(groupId: string): Promise<void> {
    const asked = this.gateway.members(groupId);
    await this.clock.advance(100);
    const members = (await asked).map(({ presenceState, state, ...rest }) => ({
      ...rest,
      state: presenceState,
      connected: state === 'connected',
    }));
    const inIt = new Set(members.map(({ memberId }) => memberId));
    const versions = new Set<number>();
    for (const [index, each] of this.#clients.entries()) {
      if (each.connection?.closed !== undefined || !inIt.has(memberOf(each) as string)) continue;
      const known = this.#rosters[index]?.groups.get(groupId);
      expect(known?.count).toBe(members.length);
      if (known?.members !== undefined) expect(textOf(known.members.values())).toBe(textOf(members));
      versions.add(known?.version ?? 0);
    }
    expect(versions.size).toBeLessThanOrEqual(1);
  }

  #act(each: Exclude<Step, { do: 'settle' | 'advance' | 'publish' }>, one: ResumingClient): void {
    const { connection } = one;
    if (connection === undefined || each.do === 'connect') {
      if (connection === undefined) one.connect({ g: {} });
      else one.connect();
      return;
    }
    if (each.do === 'join' || each.do === 'leave') one.send({ type: each.do, payload: { groupId: each.group } });
    else if (each.do === 'show') one.send({ type: 'presence', groupId: each.group, payload: { state: each.state } });
    else if (each.do === 'identify')
      one.send({ type: 'identify', version: '2', payload: { clientType: 'app-client', metadata: each.metadata } });
    else if (each.do === 'setMetadata') {
      const found = this.gateway.connections().find(({ memberId }) => memberId === one.take().memberId);
      if (found !== undefined) void this.gateway.setMetadata(found.connectionId, each.metadata).catch(() => {});
    } else connection[each.do]();
  }
}

test.each(SETTINGS)(
  'whoever applies what it is told has the server’s list at every version, whatever happens: %s',
  { timeout: 60_000 },
  async (_name, setting) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 80 }), async (steps) => {
        const stage = new Stage(setting);
        await stage.play(steps);
        await stage.check();
        await closeAndFindNothing(stage.gateway, stage.clock);
      }),
      { numRuns: 100 },
    );
  },
);
