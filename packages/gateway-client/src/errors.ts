import type { ErrorCode, ErrorPayload } from 'gateway-protocol';

/** Every `code` of a {@link GatewayClientError} that is not the gateway's own, with what it means. */
export const CLIENT_ERROR_CODES = {
  CLOSED: 'the application closed the client',
  STOPPED: 'the client stopped, and does not come back by itself; `status.reason` says why',
  NOT_CONNECTED: 'there is no connection now, and waiting for one was not asked for',
  TIMEOUT: 'not settled in time; a message was never sent, and never will be',
  ABORTED: 'the application aborted it before it was sent',
  OUTCOME_UNKNOWN: 'sent, and whether it was accepted can no longer be known',
  OUTBOX_FULL: 'as many messages wait as may',
  DROPPED: 'made room in the outbox for a newer message; it was never sent',
  TOO_BIG: 'longer than the gateway takes',
  INVALID_DATA: 'not JSON, or an id or key that the contract forbids',
  INVALID_URL: 'the URL is none that a WebSocket can be opened on',
  NO_WEBSOCKET: 'this platform has no WebSocket class: pass one as `WebSocket`',
  LEFT: 'the group was left first',
  UNREACHABLE: 'the connection could not be opened',
  PROTOCOL: 'the gateway said something that is not of the contract',
  LISTENER: 'a function of the application threw; `cause` has what it threw',
} as const;

/** A code of the client's own. */
export type ClientErrorCode = keyof typeof CLIENT_ERROR_CODES;
/** Of the client, or of the gateway. */
export type AnyCode = ErrorCode | ClientErrorCode;

/** More about a {@link GatewayClientError}. */
export interface ErrorDetails {
  retryable?: boolean | undefined;
  retryAfterMs?: number | undefined;
  groupId?: string | undefined;
  id?: string | undefined;
  cause?: unknown;
}

/**
 * Why something failed. `code` is for programs and stays; `message` is for people.
 * @example
 * group.publish(data).catch((error: GatewayClientError) => {
 *   if (error.code === 'OUTCOME_UNKNOWN') askWhetherItArrived(error.id);
 * });
 */
export class GatewayClientError extends Error {
  /** The same may succeed later. */
  declare readonly retryable: boolean;
  /** When it may, in milliseconds from then. */
  declare readonly retryAfterMs?: number | undefined;
  /** The group that it is about. */
  declare readonly groupId?: string | undefined;
  /** The message that it is about. */
  declare readonly id?: string | undefined;

  constructor(
    /** Of the gateway (PROTOCOL.md, "Error codes"), or of {@link CLIENT_ERROR_CODES}. */
    readonly code: AnyCode,
    message: string,
    { cause, ...details }: ErrorDetails = {},
  ) {
    super(message, { cause });
    Object.assign(this, { name: 'GatewayClientError', retryable: false }, details);
  }
}

/** What was thrown, as text. Anything can be: an object without a prototype has no text, and a template throws at a symbol. @internal */
export const textOf = (thrown: unknown): string => {
  try {
    return String(thrown);
  } catch {
    return typeof thrown;
  }
};

/** What the gateway has said. @internal */
export const gatewayError = (
  { code, message, inReplyTo, retryable, retryAfterMs }: ErrorPayload,
  before = '',
  groupId?: string,
): GatewayClientError => new GatewayClientError(code, before + message, { retryable, retryAfterMs, groupId, id: inReplyTo });

/**
 * Thrown by a token function: there is no token and there will be none. The client stops with `UNAUTHORIZED` instead of trying again.
 * @example
 * createClient({ url, token: () => localToken ?? Promise.reject(new StopError('not logged in')) });
 */
export class StopError extends Error {
  override readonly name: string = 'StopError';
}
