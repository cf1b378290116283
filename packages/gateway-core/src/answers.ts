import { ERROR_CODES, type ErrorCode, type PresenceInfo } from 'gateway-protocol';
import type { Timings } from './timings.js';
import { textFrame } from './transport/frame.js';

/** Why a message was not accepted: what an `error` envelope says, and whether the connection ends with it. */
export interface Refusal {
  code: ErrorCode;
  message: string;
  retryAfterMs?: number;
  inReplyTo?: string;
  /** Close code and reason, where the refusal ends the connection. */
  close?: { code: number; reason: string };
}

/** PROTOCOL.md, "Gateway to client": `ready`. */
export function readyFrame(ts: number, connectionId: string, timings: Timings, presence?: PresenceInfo): Buffer {
  const heartbeat = { intervalMs: timings.heartbeatIntervalMs, timeoutMs: timings.heartbeatTimeoutMs };
  return textFrame(JSON.stringify({ type: 'ready', ts, payload: { connectionId, heartbeat, presence } }));
}

/** PROTOCOL.md, "Gateway to client": `error`. */
export function errorFrame(ts: number, { code, message, retryAfterMs, inReplyTo }: Refusal): Buffer {
  const { status, retryable } = ERROR_CODES[code];
  return textFrame(JSON.stringify({ type: 'error', ts, payload: { code, message, status, retryable, retryAfterMs, inReplyTo } }));
}
