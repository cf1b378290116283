import {
  type Broker,
  type BrokerEntry,
  type BrokerHistory,
  createGateway,
  type Gateway,
  GatewayError,
  type GatewayErrorCode,
  type GatewayEvents,
  type GatewayOptions,
  type MaybePromise,
  MemoryBroker,
  MemoryPresenceStore,
  MemorySessionStore,
  type PresenceStore,
  type PublishedPosition,
  type ResetReason,
  type Session,
  type SessionStore,
} from 'gateway-core';
import { brokerContract, type ContractClaim, FakeClock, presenceStoreContract, sessionStoreContract } from 'gateway-core/testing';
import type { ClientType, LogPosition, PresenceInfo, Result } from 'gateway-protocol';
import { expect, expectTypeOf, test } from 'vitest';

// What these say is checked by `tsc`, which reads the tests too.

test('createGateway takes options, all of them optional, and gives a gateway', () => {
  expectTypeOf(createGateway).toEqualTypeOf<(options?: GatewayOptions) => Gateway>();
  expectTypeOf<Record<never, never>>().toExtend<GatewayOptions>();
  // @ts-expect-error a path is a string
  expect(() => createGateway({ path: 3 })).toThrow(GatewayError);
  // @ts-expect-error no such option
  expect(() => createGateway({ port: 4100 })).toThrow(GatewayError);
  // @ts-expect-error no such timing
  expect(() => createGateway({ timings: { heartbeatMs: 1 } })).toThrow(GatewayError);
});

test('a listener gets the event of its name', () => {
  const gateway = createGateway({ clock: new FakeClock() });
  const off = gateway.on('data', (event) => {
    expectTypeOf(event).toEqualTypeOf<GatewayEvents['data']>();
    expectTypeOf(event.data).toBeUnknown();
    expectTypeOf(event.seq).toEqualTypeOf<number>();
    expectTypeOf(event.from).toEqualTypeOf<string>();
  });
  expectTypeOf(off).toEqualTypeOf<() => void>();
  gateway.on('disconnect', ({ code, memberId }) => {
    expectTypeOf(code).toEqualTypeOf<number>();
    expectTypeOf(memberId).toEqualTypeOf<string | undefined>();
  });
  gateway.on('error', ({ error }) => expectTypeOf(error).toBeUnknown());
  // @ts-expect-error no such event
  expect(() => gateway.on('message', () => {})).toThrow(GatewayError);
  // @ts-expect-error a `join` has no data
  gateway.on('join', ({ data }) => data);
  off();
  expectTypeOf<keyof GatewayEvents>().toEqualTypeOf<
    | 'connection'
    | 'identify'
    | 'join'
    | 'leave'
    | 'detached'
    | 'resumed'
    | 'sync'
    | 'expired'
    | 'moved'
    | 'gap'
    | 'reset'
    | 'data'
    | 'published'
    | 'refused'
    | 'presence'
    | 'sessionOpened'
    | 'sessionUpdated'
    | 'sessionExpired'
    | 'disconnect'
    | 'error'
  >();
  expectTypeOf<GatewayEvents['identify']['role']>().toEqualTypeOf<ClientType>();
  expectTypeOf<GatewayEvents['presence']>().toEqualTypeOf<{ groupId: string; info: PresenceInfo }>();
  expectTypeOf<GatewayEvents['sessionExpired']>().toEqualTypeOf<{ session: Session }>();
});

test('the methods of a gateway answer what they say', () => {
  expectTypeOf<ReturnType<Gateway['publish']>>().toEqualTypeOf<Promise<LogPosition>>();
  expectTypeOf<Parameters<Gateway['publish']>[1]>().toBeUnknown();
  expectTypeOf<ReturnType<Gateway['disconnect']>>().toEqualTypeOf<boolean>();
  expectTypeOf<ReturnType<Gateway['health']>>().toEqualTypeOf<Result<{ status: 'ok' }>>();
  expectTypeOf<ReturnType<Gateway['close']>>().toEqualTypeOf<Promise<void>>();
  expectTypeOf<GatewayError['code']>().toEqualTypeOf<GatewayErrorCode>();
});

test('hooks may answer at once or later, and see what they are asked about', () => {
  const options: GatewayOptions = {
    clock: new FakeClock(),
    authenticate: async ({ token, identify }) => {
      expectTypeOf(token).toEqualTypeOf<string | undefined>();
      expectTypeOf(identify.clientType).toEqualTypeOf<ClientType>();
      return { claims: { user: token } };
    },
    authorize: ({ member, action }) => {
      expectTypeOf(action).toEqualTypeOf<'join' | 'publish' | 'presence'>();
      expectTypeOf(member.claims).toEqualTypeOf<Record<string, unknown> | undefined>();
      return action === 'join';
    },
  };
  // @ts-expect-error yes or no, or claims
  const wrong: GatewayOptions = { clock: new FakeClock(), authenticate: () => 'yes' };
  for (const each of [options, wrong]) expect(createGateway(each).connections()).toEqual([]);
});

test('the stores and the broker in memory answer at once; others may need time', () => {
  expectTypeOf<MemoryPresenceStore>().toExtend<PresenceStore>();
  expectTypeOf<MemorySessionStore>().toExtend<SessionStore>();
  expectTypeOf<MemoryBroker>().toExtend<Broker>();
  expectTypeOf<ReturnType<MemoryBroker['publish']>>().toEqualTypeOf<PublishedPosition>();
  expectTypeOf<ReturnType<Broker['publish']>>().toEqualTypeOf<MaybePromise<PublishedPosition>>();
  expectTypeOf<ReturnType<MemoryBroker['history']>>().toEqualTypeOf<BrokerHistory>();
  expectTypeOf<ReturnType<Broker['history']>>().toEqualTypeOf<MaybePromise<BrokerHistory>>();
  // One of the two fields says what the other one is.
  expectTypeOf<{ entries: BrokerEntry[]; head: LogPosition }>().toExtend<BrokerHistory>();
  expectTypeOf<{ lost: ResetReason; head: LogPosition }>().toExtend<BrokerHistory>();
  expectTypeOf<Extract<BrokerHistory, { lost: ResetReason }>['entries']>().toEqualTypeOf<undefined>();
  // Who knows nothing of idempotency keys answers a position, as before.
  expectTypeOf<LogPosition>().toExtend<PublishedPosition>();
});

test('a contract suite is a list of claims for any runner', () => {
  const advance = () => {};
  const suites = [
    presenceStoreContract({ create: () => new MemoryPresenceStore(), advance }),
    sessionStoreContract({ create: async () => new MemorySessionStore(), advance }),
    brokerContract({ create: () => new MemoryBroker(), share: (broker) => broker }),
  ];
  expectTypeOf(suites).toEqualTypeOf<ContractClaim[][]>();
  for (const suite of suites) {
    const names = suite.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(15);
  }
});
