/** Every `code` of a {@link GatewayError}. */
export const GATEWAY_ERROR_CODES = {
  INVALID_OPTION: 'an option of `createGateway` is wrong; the message names it',
  INVALID_ARGUMENT: 'an argument of a method is wrong; the message names it',
  MESSAGE_TOO_BIG: 'a published message is over `limits.messageBytesMax`',
  TOO_MANY_GROUPS: '`limits.groupsMax` is reached and no idle group can make room',
  TOO_MANY_SESSIONS: '`limits.sessionsPerGroupMax` or `limits.sessionBytesTotalMax` is reached',
  PART_TIMEOUT:
    'a store or the broker did not answer within `timings.partTimeoutMs`; whether it did what it was asked is not known',
  NOT_CONNECTED: 'there is no such connection, or it has not identified',
  CLOSED: 'the gateway is closing or closed',
} as const;

/** One of {@link GATEWAY_ERROR_CODES}. */
export type GatewayErrorCode = keyof typeof GATEWAY_ERROR_CODES;

/**
 * Thrown for misuse by the embedding program; what a client does wrong is never thrown.
 * @example
 * gateway.publish('group-1', data).catch((error) => {
 *   if (error instanceof GatewayError && error.code === 'CLOSED') return; // nobody is there any more
 *   throw error;
 * });
 */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';

  constructor(
    /** For programs; `message` is for people. */
    readonly code: GatewayErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/** @param problem what is wrong with it, as the end of a sentence. */
export function invalidOption(name: string, problem: string): GatewayError {
  return new GatewayError('INVALID_OPTION', `${name}: ${problem}`);
}

/** Whether it only says that the gateway has closed: what was under way then is no longer waited for, and has not failed. */
export function isClosed(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'CLOSED';
}
