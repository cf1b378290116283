export { type BackoffOptions, DEFAULT_BACKOFF } from './backoff.js';
export type { Client, ClientEvents, ClientStatus, StatusReason } from './client.js';
export type { ClientClock } from './clock.js';
export { createClient } from './create-client.js';
export { CLIENT_ERROR_CODES, type ClientErrorCode, type ErrorDetails, GatewayClientError, StopError } from './errors.js';
export type {
  Ack,
  Gap,
  Group,
  GroupEvents,
  GroupStatus,
  JoinOptions,
  Load,
  Loaded,
  LoadReason,
  Member,
  Message,
  PublishOptions,
  Roster,
  RosterChange,
  Sync,
  Update,
  UpdatesOptions,
} from './group.js';
export {
  type ClientOptions,
  type ClientTimings,
  DEFAULT_CLIENT_TIMINGS,
  DEFAULT_OUTBOX,
  type OutboxOptions,
  type Some,
  type TokenContext,
} from './options.js';
export type { Readable } from './readable.js';
export { browserSignals, type PlatformSignal, type SignalSource } from './signals.js';
export type { WebSocketConstructor, WebSocketLike } from './web-socket.js';
