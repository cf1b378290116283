import { ERROR_CODES, type ErrorCode, type LogPosition } from 'gateway-protocol';
import { quoted } from './data-body.js';
import type { EndCause } from './end-causes.js';
import type { Replay } from './groups/replay.js';
import type { Limits } from './limits.js';
import type { GroupPresence } from './presence/presence-store.js';
import type { Timings } from './timings.js';
import { headerLength, textFrame, writeTextFrame } from './transport/frame.js';

/** Why a message was not accepted: what an `error` envelope says, and whether the connection ends with it. */
export interface Refusal {
  code: ErrorCode;
  message: string;
  retryAfterMs?: number;
  inReplyTo?: string;
  /** The group that it is about, where it is not in answer to a message that names it. */
  groupId?: string;
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

/** What a member of dialect 2 is told. */
export interface MemberReady {
  connectionId: string;
  timings: Timings;
  limits: Limits;
  memberId: string;
  resumed: boolean;
  resume: { token: string; ttlMs: number };
  expiresAt: number | undefined;
  groups: string[];
}

/** PROTOCOL.md, "Gateway to client": `ready` of dialect 2. */
export function memberReadyFrame(ts: number, { timings, limits, ...told }: MemberReady): Buffer {
  const heartbeat = { intervalMs: timings.heartbeatIntervalMs, timeoutMs: timings.heartbeatTimeoutMs };
  const payload = {
    ...told,
    heartbeat,
    limits: Object.fromEntries(TOLD_LIMITS.map((name) => [name, told0(limits[name])])),
    serverTs: ts,
  };
  return textFrame(JSON.stringify({ type: 'ready', ts, payload }));
}

/** Limits that a client can keep to. */
const TOLD_LIMITS = [
  'messageBytesMax',
  'messagesPerSecondMax',
  'bytesPerSecondMax',
  'joinsPerSecondMax',
  'groupsPerConnectionMax',
  'metadataBytesMax',
  'presenceStateBytesMax',
] as const satisfies (keyof Limits)[];

/** A limit that is off is 0, as in the options. */
function told0(limit: number): number {
  return Number.isFinite(limit) ? limit : 0;
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
export function errorFrame(ts: number, { code, message, retryAfterMs, inReplyTo, groupId }: Refusal): Buffer {
  const { status, retryable } = ERROR_CODES[code];
  const payload = { code, message, status, retryable, retryAfterMs, inReplyTo };
  return textFrame(JSON.stringify({ type: 'error', ts, groupId, payload }));
}

/** What a client of dialect 2 has reached with a message: its place in the log, where it has one. */
export interface Accepted {
  ack: Partial<LogPosition> & { duplicate?: true | undefined };
}

/** PROTOCOL.md, "Gateway to client": `ack`. */
export function ackFrame(ts: number, id: string, { epoch, seq, duplicate }: Accepted['ack']): Buffer {
  const position = epoch === undefined ? '' : `,"epoch":${quoted(epoch)},"seq":${seq}`;
  return textFrame(`{"type":"ack","ts":${ts},"payload":{"id":${quoted(id)}${position}${duplicate ? ',"duplicate":true' : ''}}}`);
}

/** PROTOCOL.md, "Gateway to client": `sync`. */
export function syncFrame(ts: number, groupId: string, position: LogPosition, replay: Replay): Buffer {
  const { outcome, reason, replayed } = replay;
  const payload = { groupId, epoch: position.epoch, seq: position.seq, outcome, reason, replayed };
  return textFrame(JSON.stringify({ type: 'sync', ts, groupId, payload }));
}

/** PROTOCOL.md, "Gateway to client": `gap`. */
export function gapFrame(ts: number, groupId: string, from: number, to: number): Buffer {
  return textFrame(JSON.stringify({ type: 'gap', ts, groupId, payload: { groupId, from, to, reason: 'behind' } }));
}

/** PROTOCOL.md, "Gateway to client": `heartbeat_ack`. */
export function heartbeatAckFrame(ts: number, echoTs: number | undefined): Buffer {
  return textFrame(JSON.stringify({ type: 'heartbeat_ack', ts, payload: { echoTs, serverTs: ts } }));
}

/** PROTOCOL.md, "Gateway to client": `reconnect`. */
export function reconnectFrame(ts: number, afterMs: number): Buffer {
  return textFrame(JSON.stringify({ type: 'reconnect', ts, payload: { reason: 'drain', afterMs } }));
}
