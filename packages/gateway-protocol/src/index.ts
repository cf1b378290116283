export type {
  DataPayload,
  DataUpdateSignal,
  HeartbeatSignal,
  IdentifyPayload,
  IdentifySignal,
  IncomingFromClient,
  JoinSignal,
  LeaveSignal,
  PresenceSignal,
  ResumeRequest,
  SessionMeta,
} from './client-signals.js';
export { CLOSE_CODES, type CloseAction, type CloseCode, closeAction, ERROR_CODES, type ErrorCode } from './codes.js';
export { type Decoded, decode } from './decode.js';
export { type DecodedGatewayMessage, decodeGatewayMessage } from './decode-gateway.js';
export {
  CLIENT_TYPES,
  type ClientType,
  DELIVERY_MODES,
  type DeliveryMode,
  type Dialect,
  type Envelope,
} from './envelope.js';
export type {
  AckPayload,
  AckSignal,
  DataUpdateDelivery,
  ErrorPayload,
  ErrorSignal,
  GapPayload,
  GapSignal,
  GroupMember,
  HeartbeatAckPayload,
  HeartbeatAckSignal,
  OutgoingToClient,
  OutgoingToClient2,
  PresenceInfo,
  PresenceStatus,
  PresenceUpdatePayload,
  PresenceUpdateSignal,
  ReadyLimits,
  ReadyPayload,
  ReadySignal,
  ReconnectPayload,
  ReconnectSignal,
  ResetReason,
  SyncOutcome,
  SyncPayload,
  SyncSignal,
} from './gateway-signals.js';
export { type DecodeLimits, PROTOCOL_LIMITS } from './limits.js';
export type { Logger } from './logger.js';
export type { LogPosition, ResumeSince, Since } from './positions.js';
export type { CommonError, Result } from './result.js';
export { parseTraceparent } from './traceparent.js';
export { utf8Length } from './utf8-length.js';
