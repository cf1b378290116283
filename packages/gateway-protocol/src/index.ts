export { CLOSE_CODES, type CloseAction, type CloseCode, closeAction, ERROR_CODES, type ErrorCode } from './codes.js';
export { type Decoded, decode } from './decode.js';
export {
  CLIENT_TYPES,
  type ClientType,
  DELIVERY_MODES,
  type DeliveryMode,
  type Dialect,
  type Envelope,
} from './envelope.js';
export { type DecodeLimits, PROTOCOL_LIMITS } from './limits.js';
export type { Logger } from './logger.js';
export type { CommonError, Result } from './result.js';
export type {
  DataPayload,
  DataUpdateDelivery,
  DataUpdateSignal,
  ErrorPayload,
  ErrorSignal,
  HeartbeatSignal,
  IdentifyPayload,
  IdentifySignal,
  IncomingFromClient,
  JoinSignal,
  LeaveSignal,
  LogPosition,
  OutgoingToClient,
  PresenceInfo,
  PresenceStatus,
  PresenceUpdateSignal,
  ReadyPayload,
  ReadySignal,
  SessionMeta,
} from './signals.js';
