import type { History, WireMessage } from '../history.js';
import type { GoesOn } from '../parts/backend.js';
import type { Found } from './check.js';
import { groupOf } from './groups-in.js';
import { type Hole, Stream } from './stream.js';
import { Truth } from './truth.js';

type Since = { epoch?: string; seq?: number; tail?: number };

/** What one connection may be sent. */
interface Line {
  readonly who: string;
  isIdentified: boolean;
  /** By group: what it has asked for and not been told yet. */
  readonly asked: Map<string, Since>;
  /** Groups that it has asked for, or was told to be in. */
  readonly wanted: Set<string>;
  readonly streams: Map<string, Stream>;
  /** Groups whose `leave` was acknowledged, and ids of those that are not. */
  readonly leaves: Map<string, string>;
  readonly gone: Set<string>;
  /** Joined again before the `leave` was answered, with what was asked for: the new stays begin with that answer. */
  readonly again: Map<string, Since[]>;
  /** Groups of what it has published, by id; and the last place that was acknowledged in each. */
  readonly said: Map<string, string>;
  readonly acked: Map<string, { epoch: string; seq: number }>;
}

/** What went over the connections, put in order, and everything that is wrong with the order. */
export interface Reading {
  truth: Truth;
  order: Found[];
  strangers: Found[];
  holes: Hole[];
  goesOn: GoesOn;
}

const read = new WeakMap<History, Reading>();

/** Reads all connections of a history; several checks look at what comes out. */
export function reading(history: History): Reading {
  let known = read.get(history);
  if (known === undefined) {
    known = readAll(history);
    read.set(history, known);
  }
  return known;
}

function readAll(history: History): Reading {
  const truth = new Truth(history);
  const goesOn: GoesOn = history.goesOn ?? ((_groupId, from, epoch) => from.epoch === epoch);
  const result: Reading = { truth, order: [], strangers: [], holes: [], goesOn };
  const lines = new Map<string, Line>();
  const lineOf = (connection: string) => {
    let line = lines.get(connection);
    if (line === undefined) {
      line = {
        who: connection,
        isIdentified: false,
        asked: new Map(),
        wanted: new Set(),
        streams: new Map(),
        leaves: new Map(),
        gone: new Set(),
        again: new Map(),
        said: new Map(),
        acked: new Map(),
      };
      lines.set(connection, line);
    }
    return line;
  };
  for (const entry of history.entries) {
    if (entry.kind === 'sent') sent(lineOf(entry.connection), entry.message);
    else if (entry.kind === 'received') received(lineOf(entry.connection), entry.message, entry.atMs, result);
  }
  return result;
}

function sent(line: Line, { type, id, groupId: to, payload = {} }: WireMessage): void {
  if (type === 'identify') {
    const { groupId, resume } = payload as { groupId?: string; resume?: { groups?: Record<string, Since> } };
    for (const [group, since] of Object.entries(resume?.groups ?? {})) {
      line.asked.set(group, since);
      line.wanted.add(group);
    }
    if (groupId === undefined) return;
    if (!line.asked.has(groupId)) line.asked.set(groupId, {});
    line.wanted.add(groupId);
  } else if (type === 'join') {
    const { groupId, since = {} } = payload as { groupId: string; since?: Since };
    line.wanted.add(groupId);
    line.gone.delete(groupId);
    if ([...line.leaves.values()].includes(groupId)) line.again.set(groupId, [...(line.again.get(groupId) ?? []), since]);
    else joined(line, groupId, since);
  } else if (type === 'data_update' && id !== undefined && to !== undefined) line.said.set(id, to);
  else if (type === 'leave' && id !== undefined) line.leaves.set(id, (payload as { groupId: string }).groupId);
}

function received(line: Line, message: WireMessage, atMs: number, result: Reading): void {
  const { type, payload = {} } = message;
  const { truth } = result;
  if (type === 'ready') {
    if (payload.memberId !== undefined) line.isIdentified = true;
    for (const group of (payload.groups as string[] | undefined) ?? []) line.wanted.add(group);
    return;
  }
  if (type === 'ack') {
    acked(line, payload);
    const left = line.leaves.get(payload.id as string);
    if (left !== undefined) {
      owed(line, left, atMs, result);
      line.streams.delete(left);
      line.gone.add(left);
      answered(line, payload.id as string, left);
    }
    return;
  }
  if (type === 'error') {
    // Without an id it may be about any of them.
    for (const [id, groupId] of line.leaves)
      if (payload.inReplyTo === undefined || payload.inReplyTo === id) answered(line, id, groupId);
  }
  const groupId = groupOf(message);
  if (groupId === undefined || !(type === 'data_update' || type === 'sync' || type === 'gap' || type === 'presence_update'))
    return;
  const strange = (text: string) => result.strangers.push({ atMs, text: `${line.who}: ${type} of ${groupId} ${text}` });
  if (!line.isIdentified) strange('before it was identified');
  if (!line.wanted.has(groupId)) strange('that it has not asked for');
  if (line.gone.has(groupId)) strange('after it had left');
  if (type === 'presence_update') return;
  let stream = line.streams.get(groupId);
  if (stream === undefined) {
    stream = new Stream(
      line.who,
      groupId,
      (found) => result.order.push(found),
      (hole) => result.holes.push(hole),
      (place) => truth.add(place),
      result.goesOn,
    );
    line.streams.set(groupId, stream);
  }
  if (type === 'data_update') stream.message(atMs, message);
  else if (type === 'gap') stream.gap(atMs, payload.from as number, payload.to as number);
  else {
    stream.sync(atMs, payload, line.asked.get(groupId));
    line.asked.delete(groupId);
  }
}

function joined(line: Line, groupId: string, since: Since): void {
  line.asked.set(groupId, since);
  line.streams.get(groupId)?.rejoin();
}

/** A `leave` was done, or was not: what was asked for after it is next. */
function answered(line: Line, id: string, groupId: string): void {
  line.leaves.delete(id);
  const since = line.again.get(groupId)?.shift();
  if (since === undefined) return;
  line.gone.delete(groupId);
  joined(line, groupId, since);
}

function acked(line: Line, payload: Record<string, unknown>): void {
  const { id, epoch, seq, duplicate } = payload as { id: string; epoch?: string; seq?: number; duplicate?: boolean };
  const groupId = line.said.get(id);
  if (groupId === undefined || epoch === undefined || seq === undefined || duplicate === true) return;
  line.acked.set(groupId, { epoch, seq });
}

/** Who leaves has been sent all that was accepted before: all up to what it was told to be so, that is. */
function owed(line: Line, groupId: string, atMs: number, { holes }: Reading): void {
  const stream = line.streams.get(groupId);
  const last = line.acked.get(groupId);
  if (stream?.isLive !== true || last === undefined || last.epoch !== stream.epoch) return;
  holes.push({ atMs, who: line.who, groupId, epoch: last.epoch, from: stream.seq + 1, to: last.seq, isOwed: true });
}
