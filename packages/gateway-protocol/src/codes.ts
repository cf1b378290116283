/**
 * Every `code` that an `error` envelope can carry (PROTOCOL.md, "Error codes"). `status` is the nearest HTTP status, for
 * clients that map errors to one; `retryable` says whether the same message may succeed later.
 */
export const ERROR_CODES = {
  BAD_JSON: { status: 400, retryable: false, meaning: 'the message is not JSON' },
  UNKNOWN_TYPE: { status: 400, retryable: false, meaning: 'the `type` is not one that the gateway takes' },
  INVALID_IDENTIFY: {
    status: 400,
    retryable: false,
    meaning: 'an `identify` whose payload or `version` is wrong; the message names the field',
  },
  INVALID_ENVELOPE: {
    status: 400,
    retryable: false,
    meaning: 'not an object, or a field of the wrong type or size; the message names the field',
  },
  NOT_IDENTIFIED: { status: 401, retryable: false, meaning: 'a `data_update`, `join`, `leave` or `presence` before `identify`' },
  NO_GROUP: { status: 400, retryable: false, meaning: 'no group is named and none is joined' },
  NOT_A_MEMBER: { status: 403, retryable: false, meaning: 'the named group is not one that the connection is in' },
  UNAUTHORIZED: { status: 401, retryable: false, meaning: 'the token of an `identify` was refused' },
  FORBIDDEN: { status: 403, retryable: false, meaning: 'an authorize hook said no' },
  RATE_LIMITED: {
    status: 429,
    retryable: true,
    meaning: 'too many messages or bytes; `retryAfterMs` says when the next may pass',
  },
  TOO_MANY_GROUPS: { status: 429, retryable: true, meaning: 'a limit on groups, or on sessions of a group, is reached' },
  INTERNAL: {
    status: 500,
    retryable: true,
    meaning: 'the gateway failed, or a part of it did not answer in time; the message was not accepted, or nobody knows',
  },
} as const satisfies Record<string, { status: number; retryable: boolean; meaning: string }>;

/** A `code` of an `error` envelope. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** What a client does after a close, read from the code's hundreds (PROTOCOL.md, "Close codes"). */
export type CloseAction = 'stop' | 'back-off' | 'resume' | 'reconnect';

/** Every close code of the contract; PROTOCOL.md, "Close codes", says which are sent today. RFC 6455 §7.4.2 leaves 4000 to 4999 to applications. */
export const CLOSE_CODES = {
  NORMAL: { code: 1000, action: 'reconnect', meaning: 'normal closure' },
  GOING_AWAY: { code: 1001, action: 'reconnect', meaning: 'the endpoint goes away' },
  PROTOCOL_ERROR: { code: 1002, action: 'stop', meaning: 'a frame that RFC 6455 forbids' },
  UNSUPPORTED_DATA: { code: 1003, action: 'stop', meaning: 'a binary frame' },
  INVALID_TEXT: { code: 1007, action: 'stop', meaning: 'a text frame that is not UTF-8' },
  POLICY_VIOLATION: { code: 1008, action: 'stop', meaning: 'a message in more fragments or chunks than the limits allow' },
  MESSAGE_TOO_BIG: { code: 1009, action: 'stop', meaning: 'a message over `limits.messageBytesMax`' },
  SERVICE_RESTART: { code: 1012, action: 'reconnect', meaning: 'the gateway drains; dialect 1' },
  TRY_AGAIN_LATER: { code: 1013, action: 'reconnect', meaning: 'too slow: messages were lost to this client; dialect 1' },
  UNAUTHORIZED: { code: 4001, action: 'stop', meaning: 'unauthorized' },
  TOO_MANY_ERRORS: { code: 4002, action: 'stop', meaning: 'too many errors' },
  FORBIDDEN: { code: 4003, action: 'stop', meaning: 'forbidden' },
  REPLACED: { code: 4004, action: 'stop', meaning: 'another connection resumed as this member' },
  RATE_LIMITED: { code: 4100, action: 'back-off', meaning: 'rate limited' },
  TOO_MANY_CONNECTIONS: { code: 4101, action: 'back-off', meaning: 'too many connections' },
  HEARTBEAT_TIMEOUT: { code: 4200, action: 'resume', meaning: 'nothing was heard for `heartbeatTimeoutMs`' },
  IDENTIFY_TIMEOUT: { code: 4201, action: 'resume', meaning: 'no `identify` came for `identifyTimeoutMs`' },
  DRAINING: { code: 4202, action: 'resume', meaning: 'the gateway drains; dialect 2' },
  TOO_SLOW: { code: 4203, action: 'resume', meaning: 'too slow: its backlog left the log; dialect 2' },
} as const satisfies Record<string, { code: number; action: CloseAction; meaning: string }>;

/** A close code of the contract. */
export type CloseCode = (typeof CLOSE_CODES)[keyof typeof CLOSE_CODES]['code'];

/**
 * What a client does after its connection closed with `code`, which may be one that no gateway sends: 1005 where the close
 * frame had none, 1006 where there was no close frame. The hundreds of 4000 to 4299 decide, so codes to come are understood.
 * After a close that the client itself began there is nothing to do, whatever this answers.
 *
 * @example
 * closeAction(4203); // 'resume'
 */
export function closeAction(code: number): CloseAction {
  if (code >= 4000 && code < 4100) return 'stop';
  if (code >= 4100 && code < 4200) return 'back-off';
  if (code >= 4200 && code < 4300) return 'resume';
  // What the client sends is at fault here, and it would send the same again.
  return [1002, 1003, 1007, 1008, 1009].includes(code) ? 'stop' : 'reconnect';
}
