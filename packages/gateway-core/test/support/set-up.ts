import { createGateway, type Gateway, type GatewayEvents, type GatewayOptions } from 'gateway-core';
import { connectClient, FakeClock, type MemoryClient } from 'gateway-core/testing';
import type { IdentifyPayload } from 'gateway-protocol';
import { expect, onTestFinished } from 'vitest';
import { expectBalanced } from './books.js';
import { identify } from './messages.js';

/** Every event of a gateway, in order. */
export type Recorded = { [Name in keyof GatewayEvents]: { name: Name; event: GatewayEvents[Name] } }[keyof GatewayEvents];

const EVENT_NAMES: (keyof GatewayEvents)[] = [
  'connection',
  'identify',
  'join',
  'leave',
  'detached',
  'resumed',
  'sync',
  'expired',
  'moved',
  'gap',
  'reset',
  'data',
  'published',
  'refused',
  'presence',
  'sessionOpened',
  'sessionUpdated',
  'sessionExpired',
  'disconnect',
  'error',
];

export interface TestGateway {
  clock: FakeClock;
  gateway: Gateway;
  connect: () => MemoryClient;
  /** Connects, identifies and settles. */
  join: (groupId?: string, rest?: Partial<IdentifyPayload>) => Promise<MemoryClient>;
  recorded: Recorded[];
  /** The events of one name. */
  events: <Name extends keyof GatewayEvents>(name: Name) => GatewayEvents[Name][];
}

/** A gateway in virtual time, with ids `id-1`, `id-2`, … When its test is over it is closed, and must leave nothing. */
export function setUp(
  options: GatewayOptions | ((clock: FakeClock) => GatewayOptions) = {},
  clock = new FakeClock(),
): TestGateway {
  let ids = 0;
  const generateId = () => {
    ids += 1;
    return `id-${ids}`;
  };
  const gateway = createGateway({ clock, generateId, ...(typeof options === 'function' ? options(clock) : options) });
  onTestFinished(() => closeAndFindNothing(gateway, clock));

  const recorded: Recorded[] = [];
  for (const name of EVENT_NAMES) gateway.on(name, (event) => recorded.push({ name, event } as Recorded));
  return {
    clock,
    gateway,
    connect: () => connectClient(gateway),
    join: async (groupId, rest) => {
      const client = connectClient(gateway);
      client.send(identify(groupId, rest));
      await clock.settle();
      return client;
    },
    recorded,
    events: (name) => recorded.flatMap((entry) => (entry.name === name ? [entry.event as never] : [])),
  };
}

/** Closes a gateway, however stuck its clients and stores are, and asserts that no connection, member, group, log or timer is left. */
export async function closeAndFindNothing(gateway: Gateway, clock: FakeClock): Promise<void> {
  expectBalanced(gateway);
  const closing = gateway.close({ graceMs: 1_000 });
  await clock.advance(60_000);
  await closing;
  expect(gateway.connections()).toEqual([]);
  expect(gateway.groups()).toEqual([]);
  expect(gateway.stats()).toMatchObject({ connections: 0, closing: 0, droppedMembers: 0, groups: 0, logBytes: 0 });
  expect(clock.pendingTimers).toBe(0);
}
