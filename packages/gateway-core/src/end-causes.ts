import { CLOSE_CODES } from 'gateway-protocol';

/** Whether a client may come back as the same member inside the resume window, or is gone for good. */
export type Ending = 'dropped' | 'ended';

/** Why a connection ends. */
export interface EndCause {
  /** Of the close frame (PROTOCOL.md, "Close codes"). */
  readonly code: number;
  readonly reason: string;
  /** What becomes of its member. */
  readonly ending: Ending;
  /** Who began it. */
  readonly by: 'client' | 'gateway' | 'host';
  /** What it is for a client of dialect 2, where that differs. */
  readonly dialect2?: EndCause;
}

const cause = ({ code, meaning }: { code: number; meaning: string }, ending: Ending, reason = meaning): EndCause => ({
  code,
  reason,
  ending,
  by: 'gateway',
});

/** Every cause of the gateway's own, with what dialect 1 is told. Those of 40xx are to stay away; the others may come back as who they were. */
export const END_CAUSES = {
  unauthorized: cause(CLOSE_CODES.UNAUTHORIZED, 'ended'),
  tooManyErrors: cause(CLOSE_CODES.TOO_MANY_ERRORS, 'ended'),
  rateLimited: cause(CLOSE_CODES.RATE_LIMITED, 'dropped'),
  silent: cause(CLOSE_CODES.HEARTBEAT_TIMEOUT, 'dropped'),
  notIdentified: cause(CLOSE_CODES.IDENTIFY_TIMEOUT, 'dropped'),
  // A client that came back would be refused again: 4201 would have it try for ever.
  identifyRefused: cause(CLOSE_CODES.FORBIDDEN, 'ended', 'every `identify` was refused, for a reason that stays'),
  // Dialect 1 cannot be told of a gap.
  tooSlow: {
    ...cause(CLOSE_CODES.TRY_AGAIN_LATER, 'dropped'),
    dialect2: cause(CLOSE_CODES.TOO_SLOW, 'dropped'),
  },
  logLost: cause(CLOSE_CODES.TRY_AGAIN_LATER, 'dropped', 'the log of the group began anew: messages may be lost; dialect 1'),
  socketFailed: cause(CLOSE_CODES.TRY_AGAIN_LATER, 'dropped', 'the socket failed'),
  draining: {
    ...cause(CLOSE_CODES.SERVICE_RESTART, 'ended'),
    dialect2: cause(CLOSE_CODES.DRAINING, 'dropped'),
  },
  replaced: cause(CLOSE_CODES.REPLACED, 'dropped'),
  // Its member may be resumed with credentials that are good.
  expired: cause(CLOSE_CODES.UNAUTHORIZED, 'dropped', 'the credentials have expired'),
  revoked: { ...cause(CLOSE_CODES.FORBIDDEN, 'ended', 'revoked'), by: 'host' },
} as const satisfies Record<string, EndCause>;

/** What ends a dialect 1 member at once when its client closes so: 1001 is a page that went, and a dialect 1 client cannot resume. */
const CLEAN: ReadonlySet<number> = new Set([1000, 1001, 1005]);

/** The client began the close, or its connection was lost (1006). 1005 is a close frame without a code (RFC 6455 §7.1.5). */
export function clientEnd(code: number, reason: string): EndCause {
  const end: EndCause = { code, reason, ending: CLEAN.has(code) ? 'ended' : 'dropped', by: 'client' };
  // A page that was left and kept its token comes back as the same member.
  return code === 1001 ? { ...end, dialect2: { ...end, ending: 'dropped' } } : end;
}
