import {
  createGateway,
  type Gateway,
  type GatewayEvents,
  type GatewayOptions,
  MemoryBroker,
  MemoryMemberStore,
  MemoryPresenceStore,
} from 'gateway-core';
import { type ConnectOptions, FakeClock, type MemoryClient } from 'gateway-core/testing';
import { expect, onTestFinished } from 'vitest';
import { expectBalanced } from './books.js';
import { ResumingClient } from './resuming-client.js';

export interface SharedWorld {
  /** Closes both gateways, which must leave nothing. */
  end: () => Promise<void>;
  clock: FakeClock;
  gateways: [Gateway, Gateway];
  members: MemoryMemberStore;
  presence: MemoryPresenceStore;
  /** The events of one name, of both gateways, in order, with which of them told it. */
  events: <Name extends keyof GatewayEvents>(name: Name) => { at: number; event: GatewayEvents[Name] }[];
  /** What was seen of a group's presence, over all changes: a member that flaps is seen to. */
  rosters: string[];
}

/** Options that the gateways differ in, or that stand in the way of a store. */
export interface SharedOptions {
  both?: (clock: FakeClock) => GatewayOptions;
  /** Of one gateway, by its number. */
  each?: (
    shared: Required<Pick<GatewayOptions, 'broker' | 'presence' | 'members'>>,
    at: number,
    clock: FakeClock,
  ) => GatewayOptions;
}

/** Two gateways in virtual time that share broker, presence and members. When the test is over they are closed, and must leave nothing. */
export function shareGateways(options: SharedOptions = {}): SharedWorld {
  const world = makeSharedGateways(options);
  onTestFinished(() => world.end());
  return world;
}

/** As `shareGateways`, for who ends them by itself. */
export function makeSharedGateways({ both = () => ({}), each = () => ({}) }: SharedOptions = {}): SharedWorld {
  const clock = new FakeClock();
  const broker = new MemoryBroker({ clock });
  const presence = new MemoryPresenceStore({ clock });
  const members = new MemoryMemberStore({ clock });
  const shared = { broker, presence, members };
  const gateways = [0, 1].map((at) => createGateway({ clock, ...shared, ...both(clock), ...each(shared, at, clock) })) as [
    Gateway,
    Gateway,
  ];
  const recorded: { at: number; name: string; event: unknown }[] = [];
  for (const name of ['join', 'leave', 'resumed', 'detached', 'expired', 'moved', 'disconnect', 'error'] as const) {
    gateways.forEach((gateway, at) => {
      gateway.on(name, (event) => recorded.push({ at, name, event }));
    });
  }
  const rosters: string[] = [];
  presence.watch((groupId) => {
    const list = presence.list(groupId).map(({ memberId, state }) => `${memberId} ${state}`);
    rosters.push(`${groupId}: ${list.join(', ')}`);
  });
  const end = async () => {
    for (const gateway of gateways) expectBalanced(gateway);
    const closing = Promise.all(gateways.map((gateway) => gateway.close({ graceMs: 1_000 })));
    await clock.advance(60_000);
    await closing;
    for (const gateway of gateways) {
      expect(gateway.groups()).toEqual([]);
      expect(gateway.stats()).toMatchObject({ connections: 0, closing: 0, droppedMembers: 0, groups: 0, logBytes: 0 });
    }
    expect(clock.pendingTimers).toBe(0);
  };
  return {
    end,
    clock,
    gateways,
    members,
    presence,
    rosters,
    events: (name) => recorded.filter((each) => each.name === name).map(({ at, event }) => ({ at, event })) as never,
  };
}

/** A client that may connect to any of the gateways. */
export class MovingClient extends ResumingClient {
  constructor(
    private readonly gateways: readonly Gateway[],
    identity: { clientType?: string; token?: string; metadata?: object } = {},
  ) {
    super(gateways[0] as Gateway, identity);
  }

  override connect(groups: Record<string, object> = {}, options?: ConnectOptions): MemoryClient {
    return super.connect(groups, { answersPings: true, ...options });
  }

  /** From the next connection on. */
  goTo(at: number): this {
    this.gateway = this.gateways[at] as Gateway;
    return this;
  }
}
