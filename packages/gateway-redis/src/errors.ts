/** Every `code` of a {@link RedisBackendError}. */
export type RedisBackendErrorCode =
  /** There was no connection to Redis for as long as a call may wait, or too much is waiting already. Nothing was done. */
  | 'UNAVAILABLE'
  /** The connection was lost, or no answer came in time, after the call was sent: whether it was carried out is not known. */
  | 'UNKNOWN_OUTCOME'
  /** Another gateway has the member that the message is said by (`BrokerMessage.fence`). Nothing was done. */
  | 'FENCED'
  /** Redis cannot be used as it is: its version, its role, a right that is missing. The message says what. */
  | 'UNUSABLE'
  /** The backend was closed. */
  | 'CLOSED';

/** What the parts of a backend reject with where it is not an error that Redis itself has answered. */
export class RedisBackendError extends Error {
  override readonly name = 'RedisBackendError';

  constructor(
    /** For programs; `message` is for people. */
    readonly code: RedisBackendErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}

export function unavailable(reason: string | undefined): RedisBackendError {
  return new RedisBackendError('UNAVAILABLE', `Redis cannot be reached${reason === undefined ? '' : `: ${reason}`}`);
}

export function closed(): RedisBackendError {
  return new RedisBackendError('CLOSED', 'the backend is closed');
}

/** Whether it says no more than that the connection is not there: the call may be made again on the next one. */
export function isLost(error: unknown): error is RedisBackendError {
  return error instanceof RedisBackendError && (error.code === 'UNAVAILABLE' || error.code === 'UNKNOWN_OUTCOME');
}
