import type { Clock, Gateway } from 'gateway-core';
import type { Logger } from 'gateway-protocol';
import type { LogLevel } from './log-levels.js';
import { closeInWords } from './playground/codes.js';

/** What is to be said of a connection when it ends. */
interface Life {
  readonly remoteAddress: string;
  /** Monotonic milliseconds. */
  readonly since: number;
  role?: string;
  /** `error`s that it was answered. */
  errors: number;
}

/** Logs of clients what the level asks for. @param counted for lives: they may end by the thousand. `debug` wants every line. */
export function logClients(gateway: Pick<Gateway, 'on'>, level: LogLevel, logger: Logger, counted: Logger, clock: Clock): void {
  if (level === 'info' || level === 'debug') logLives(gateway, counted, clock);
  if (level === 'debug') logMessages(gateway, logger);
}

/**
 * Logs one line at `info` for each connection, when it has ended: who it was, from where, for how long, what went through it, and why it
 * ended. Listens to nothing that comes with every message. `metadata`, claims and tokens stay out.
 */
export function logLives(gateway: Pick<Gateway, 'on'>, logger: Logger, clock: Clock): void {
  const lives = new Map<string, Life>();
  gateway.on('connection', ({ connectionId, remoteAddress }) =>
    lives.set(connectionId, { remoteAddress, since: clock.monotonicMs(), errors: 0 }),
  );
  gateway.on('identify', ({ connectionId, role }) => {
    const life = lives.get(connectionId);
    if (life !== undefined) life.role = role;
  });
  gateway.on('refused', ({ connectionId }) => {
    const life = lives.get(connectionId);
    if (life !== undefined) life.errors += 1;
  });
  gateway.on('disconnect', ({ connectionId, memberId, principal, code, reason, by, bytesIn, bytesOut }) => {
    const life = lives.get(connectionId);
    if (life === undefined) return;
    lives.delete(connectionId);
    const { remoteAddress, since, role, errors } = life;
    const who = { connectionId, memberId, principal, role, remoteAddress };
    const durationMs = Math.round(clock.monotonicMs() - since);
    logger.info('disconnected', { ...who, durationMs, bytesIn, bytesOut, errors, code, meaning: closeInWords(code), reason, by });
  });
}

/** What becomes of clients and their messages, by `traceId`. Only at `debug`: a listener to `data` costs every message. `metadata` stays out. */
function logMessages(gateway: Pick<Gateway, 'on'>, logger: Logger): void {
  gateway.on('connection', ({ connectionId, remoteAddress }) => logger.debug('connected', { connectionId, remoteAddress }));
  gateway.on('identify', ({ connectionId, memberId, role, groupId }) =>
    logger.debug('identified', { connectionId, memberId, role, groupId }),
  );
  gateway.on('data', ({ groupId, seq, from, id, traceId }) =>
    logger.debug('message accepted', { groupId, seq, from, id, traceId }),
  );
}
