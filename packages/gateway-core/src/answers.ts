import { ERROR_CODES, type ErrorCode } from 'gateway-protocol';
import { quoted } from './data-body.js';
import type { EndCause } from './end-causes.js';
import type { GroupPresence } from './presence/presence-store.js';
import type { Timings } from './timings.js';
import { headerLength, textFrame, writeTextFrame } from './transport/frame.js';

/** Why a message was not accepted: what an `error` envelope says, and whether the connection ends with it. */
export interface Refusal {
  code: ErrorCode;
  message: string;
  retryAfterMs?: number;
  inReplyTo?: string;
  /** Of the message, for the log. */
  traceId?: string;
  /** Where the refusal ends the connection. */
  close?: EndCause;
}

/** PROTOCOL.md, "Gateway to client": `ready`. */
export function readyFrame(ts: number, connectionId: string, timings: Timings, presence?: GroupPresence): Buffer {
  // By hand: every client gets it twice, and a crowd that comes back at once all at once. Ids of `generateId` may be any string.
  const heartbeat = `{"intervalMs":${timings.heartbeatIntervalMs},"timeoutMs":${timings.heartbeatTimeoutMs}}`;
  const told = presence === undefined ? '' : `,"presence":${presenceText(presence)}`;
  return textFrame(
    `{"type":"ready","ts":${ts},"payload":{"connectionId":${quoted(connectionId)},"heartbeat":${heartbeat}${told}}}`,
  );
}

/** PROTOCOL.md, "Gateway to client": `presence_update`. In memory of its own: a group keeps it, and a piece of Node's pool would keep all of that. */
export function presenceFrame(ts: number, groupId: string, presence: GroupPresence): Buffer {
  const group = quoted(groupId);
  const payload = `{"groupId":${group},"info":${presenceText(presence)}}`;
  const text = `{"type":"presence_update","ts":${ts},"groupId":${group},"payload":${payload}}`;
  const length = Buffer.byteLength(text);
  const frame = Buffer.allocUnsafeSlow(headerLength(length) + length);
  writeTextFrame(frame, 0, text, length);
  return frame;
}

/** `PresenceInfo` of the contract as JSON text: metadata is text already. */
function presenceText({ status, details }: GroupPresence): string {
  if (details === undefined) return `{"status":"${status}"}`;
  const role = details.role === undefined ? '' : `"role":"${details.role}",`;
  const metadata = details.metadataText === undefined ? '' : `"metadata":${details.metadataText},`;
  return `{"status":"${status}","details":{${role}${metadata}"members":${details.members}}}`;
}

/** PROTOCOL.md, "Gateway to client": `error`. */
export function errorFrame(ts: number, { code, message, retryAfterMs, inReplyTo }: Refusal): Buffer {
  const { status, retryable } = ERROR_CODES[code];
  return textFrame(JSON.stringify({ type: 'error', ts, payload: { code, message, status, retryable, retryAfterMs, inReplyTo } }));
}
