// What a store, a broker or a logger is written with, so that its author needs no second package.
export type {
  ClientType,
  CommonError,
  DeliveryMode,
  Logger,
  LogPosition,
  PresenceInfo,
  ResetReason,
  Result,
  SessionMeta,
} from 'gateway-protocol';
export { addressKey } from './address.js';
export type {
  Broker,
  BrokerEntry,
  BrokerHistory,
  BrokerMessage,
  BrokerReceiver,
  BrokerSubscription,
  MemberFence,
  PublishedPosition,
} from './broker/broker.js';
export { MemoryBroker, type MemoryBrokerOptions } from './broker/memory-broker.js';
export { type Clock, systemClock, type TimerHandle } from './clock.js';
export { createGateway } from './create-gateway.js';
export { DURATION_BUCKETS_MS, type DurationHistogram } from './durations.js';
export { GATEWAY_ERROR_CODES, GatewayError, type GatewayErrorCode } from './errors.js';
export type { EventMember, GatewayEvents } from './events.js';
export type { Explained, Explanation, MessageFate } from './explanation.js';
export type { Gateway, Peer, PublishOptions } from './gateway.js';
export type {
  ConnectionContext,
  ConnectionState,
  GatewayMetrics,
  GatewayStats,
  GroupInfo,
  LedgerEntry,
  MemberInfo,
  MembersPage,
  RevocableMember,
  Revoked,
} from './gateway-info.js';
export type { Authenticate, AuthenticateContext, Authenticated, Authorize, AuthorizedAction, AuthorizedMember } from './hooks.js';
export { DEFAULT_LIMITS, type Limits } from './limits.js';
export type { MaybePromise } from './maybe-promise.js';
export type { MemberStore, StoredMember, StoredPlace, Takeover } from './members/member-store.js';
export { MemoryMemberStore, type MemoryMemberStoreOptions } from './members/memory-member-store.js';
export type { AllowOrigin, GatewayOptions, HostServer, RefuseBy } from './options.js';
export { MemoryPresenceStore, type MemoryPresenceStoreOptions } from './presence/memory-presence-store.js';
export type { GroupPresence, PresenceMember, PresenceStore } from './presence/presence-store.js';
export { MemorySessionStore, type MemorySessionStoreOptions } from './sessions/memory-session-store.js';
export type { Session, SessionStore, SessionUpsert } from './sessions/session-store.js';
export { DEFAULT_TIMINGS, type Timings } from './timings.js';
export type { DeliverySpan, MessageSpan, TracedDelivery, TracedMessage, TraceOutcome, Tracer } from './tracer.js';
export type { ProxyHeader } from './transport/client-address.js';
export type { GatewaySocket, SocketListener } from './transport/socket.js';
