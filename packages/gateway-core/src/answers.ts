import { ERROR_CODES, type ErrorCode, type LogPosition } from 'gateway-protocol';
import type { MemberFence } from './broker/broker.js';
import { quoted } from './data-body.js';
import type { EndCause } from './end-causes.js';
import type { Replay } from './groups/replay.js';
import type { Limits } from './limits.js';
import type { GroupPresence, PresenceMember } from './presence/presence-store.js';
import type { Timings } from './timings.js';
import { FIN_TEXT, headerLength, textFrame, writeHeader, writeTextFrame } from './transport/frame.js';

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
  /** Where another gateway has the sender in a later generation than this one, which ends the connection. */
  overtaken?: MemberFence;
}

/** PROTOCOL.md, "Gateway to client": `ready`. */
export function readyFrame(ts: number, connectionId: string, timings: Timings, presence?: GroupPresence): Buffer {
  // By hand: every client gets it twice, and a crowd that comes back at once all at once. Ids of `generateId` may be any string.
  const told = presence === undefined ? '' : `,"presence":${presenceText(presence)}`;
  return textFrame(
    `{"type":"ready","ts":${ts},"payload":{"connectionId":${quoted(connectionId)},"heartbeat":${heartbeatText(timings)}${told}}}`,
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

/** PROTOCOL.md, "Gateway to client": `ready` of dialect 2. A text: it leaves in one write with the first `sync`. */
export function memberReadyText(ts: number, { timings, limits, ...told }: MemberReady): string {
  const { connectionId, memberId, resumed, resume, expiresAt, groups } = told;
  // By hand, as `readyFrame`.
  const who = `"connectionId":${quoted(connectionId)},"memberId":${quoted(memberId)},"resumed":${resumed}`;
  const token = `"resume":{"token":${quoted(resume.token)},"ttlMs":${resume.ttlMs}}`;
  const expiry = expiresAt !== undefined && Number.isFinite(expiresAt) ? `,"expiresAt":${expiresAt}` : '';
  const rest = `"groups":[${groups.map(quoted).join()}],"heartbeat":${heartbeatText(timings)},"limits":${limitsText(limits)},"serverTs":${ts}`;
  return `{"type":"ready","ts":${ts},"payload":{${who},${token}${expiry},${rest}}}`;
}

function heartbeatText({ heartbeatIntervalMs, heartbeatTimeoutMs }: Timings): string {
  return `{"intervalMs":${heartbeatIntervalMs},"timeoutMs":${heartbeatTimeoutMs}}`;
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

const limitsTexts = new WeakMap<Limits, string>();

/** The same for all clients of a gateway. A limit that is off is 0, as in the options. */
function limitsText(limits: Limits): string {
  const known = limitsTexts.get(limits);
  if (known !== undefined) return known;
  const told = TOLD_LIMITS.map((name) => `"${name}":${Number.isFinite(limits[name]) ? limits[name] : 0}`);
  const text = `{${told.join()}}`;
  limitsTexts.set(limits, text);
  return text;
}

/** PROTOCOL.md, "Gateway to client": `presence_update`. In memory of its own: a group keeps it, and a piece of Node's pool would keep all of that. */
export function presenceFrame(ts: number, groupId: string, presence: GroupPresence): Buffer {
  return keptFrame(`${presenceHead(ts, groupId, presence)}}}`);
}

/** A `presence_update` of dialect 2, and from where on it says `"version":…`, which goes on to its closing braces. */
export interface RosterFrame {
  frame: Buffer;
  rosterAt: number;
}

/** PROTOCOL.md, "Presence": who is there, all of them; or, without `members`, that they are too many to be listed. */
export function rosterFrame(
  ts: number,
  groupId: string,
  presence: GroupPresence,
  version: number,
  members: Iterable<string> | undefined,
): RosterFrame {
  const head = `${presenceHead(ts, groupId, presence)},`;
  const list = members === undefined ? '' : `,"members":[${[...members].join(',')}]`;
  const roster = `"version":${version}${list}}}`;
  const frame = keptFrame(head + roster);
  return { frame, rosterAt: frame.length - Buffer.byteLength(roster) };
}

/** PROTOCOL.md, "Presence": what leads from the list before to this version. `joins` and `updates` are texts of {@link memberText}. */
export function differenceFrame(
  ts: number,
  groupId: string,
  presence: GroupPresence,
  version: number,
  { joins, updates, leaves }: { joins: readonly string[]; updates: readonly string[]; leaves: readonly string[] },
): Buffer {
  const lists = { joins, updates, leaves: leaves.map(quoted) };
  let text = `${presenceHead(ts, groupId, presence)},"version":${version}`;
  for (const [name, texts] of Object.entries(lists)) if (texts.length > 0) text += `,"${name}":[${texts.join(',')}]`;
  return keptFrame(`${text}}}`);
}

/** `GroupMember` of the contract as JSON text: `metadata` and `state` are text already. */
export function memberText({ memberId, role, metadataText, stateText, state }: PresenceMember): string {
  const metadata = metadataText === undefined ? '' : `,"metadata":${metadataText}`;
  const said = stateText === undefined ? '' : `,"state":${stateText}`;
  return `{"memberId":${quoted(memberId)},"role":"${role}"${metadata}${said},"connected":${state === 'connected'}}`;
}

/** A `presence_update` up to where its payload may go on. */
function presenceHead(ts: number, groupId: string, presence: GroupPresence): string {
  const group = quoted(groupId);
  const payload = `{"groupId":${group},"info":${presenceText(presence)}`;
  return `{"type":"presence_update","ts":${ts},"groupId":${group},"payload":${payload}`;
}

function keptFrame(text: string): Buffer {
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

/** PROTOCOL.md, "Gateway to client": `ack`. A text: it leaves in one frame of memory with what is written next. */
export function ackText(ts: number, id: string, { epoch, seq, duplicate }: Accepted['ack']): string {
  const position = epoch === undefined ? '' : `,"epoch":${quoted(epoch)},"seq":${seq}`;
  return `{"type":"ack","ts":${ts},"payload":{"id":${quoted(id)}${position}${duplicate ? ',"duplicate":true' : ''}}}`;
}

/**
 * PROTOCOL.md, "Gateway to client": `sync`.
 * @param roster `"version":…,"members":[…]`: bytes, for everybody who comes at the same time gets the same.
 */
export function syncFrame(ts: number, groupId: string, position: LogPosition, replay: Replay, roster?: Buffer): Buffer {
  const { outcome, reason, replayed } = replay;
  const group = `"groupId":${quoted(groupId)}`;
  const how = `"outcome":"${outcome}"${reason === undefined ? '' : `,"reason":"${reason}"`},"replayed":${replayed}`;
  const payload = `{${group},"epoch":${quoted(position.epoch)},"seq":${position.seq},${how}}`;
  const text = `{"type":"sync","ts":${ts},${group},"payload":${payload}}`;
  if (roster === undefined) return textFrame(text);
  const head = `${text.slice(0, -2)},`;
  const headLength = Buffer.byteLength(head);
  const length = headLength + roster.length + 2;
  const frame = Buffer.allocUnsafe(headerLength(length) + length);
  let at = writeHeader(frame, 0, FIN_TEXT, length);
  at += frame.write(head, at);
  at += roster.copy(frame, at);
  frame.write('}}', at);
  return frame;
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
