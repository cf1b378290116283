import type { ClientType, IncomingFromClient, OutgoingToClient2, ReadyPayload, ResumeSince, Since } from 'gateway-protocol';

/** Every shape that the client writes is made here; what it reads, `decodeGatewayMessage` has looked at. */
const text = (signal: IncomingFromClient): string => JSON.stringify(signal);

/** Who the client is, and with what it comes back. */
export interface Introduction {
  id: string;
  clientType: ClientType;
  metadata: Record<string, unknown> | undefined;
  token: string | null;
  resumeToken?: string | undefined;
  groups?: Record<string, ResumeSince> | undefined;
}

export const identifyText = ({ id, token, resumeToken, groups, ...who }: Introduction): string =>
  text({
    type: 'identify',
    version: '2',
    id,
    payload: { ...who, token: token ?? undefined, resume: groups && { token: resumeToken, groups } },
  });

export const heartbeatText = (ts: number): string => text({ type: 'heartbeat', ts });

export const joinText = (id: string, groupId: string, since: Since | undefined): string =>
  text({ type: 'join', id, payload: { groupId, since } });

export const leaveText = (groupId: string): string => text({ type: 'leave', payload: { groupId } });

/** `undefined` takes the state back. */
export const presenceText = (groupId: string, state: unknown): string =>
  text({ type: 'presence', groupId, payload: { state: state ?? null } });

/** The fields of a `data_update`. */
export interface DataFields {
  id?: string | undefined;
  groupId: string;
  data: unknown;
  delivery?: 'reliable' | 'latest' | 'volatile' | undefined;
  key?: string | undefined;
  sessionId?: string | undefined;
  traceId?: string | undefined;
  meta?: object | undefined;
}

/** @throws TypeError where `data` cannot be written as JSON, as a cycle, a BigInt or a function cannot. */
export function dataText({ data, meta, ...fields }: DataFields): string {
  const said = JSON.stringify(data);
  if (said === undefined) throw new TypeError('no JSON value');
  const head = JSON.stringify({ type: 'data_update', ...fields }).slice(0, -1);
  return `${head},"payload":{"data":${said}${meta === undefined ? '' : `,"meta":${JSON.stringify(meta)}`}}}`;
}

/** A record of groups: `__proto__` is an id like any other. */
export function groupsRecord(entries: Iterable<[string, ResumeSince]>): Record<string, ResumeSince> {
  return Object.fromEntries(entries);
}

/** What a `ready` that answers an `identify` says; the greeting has no member. */
export interface MemberReady extends ReadyPayload {
  memberId: string;
  resume: { token: string; ttlMs: number };
}

/** Whether it answers an `identify`. */
export const isMemberReady = (ready: ReadyPayload): ready is MemberReady => ready.memberId !== undefined;

/** What the groups and the outbox are given. */
export type GroupSignal = Exclude<OutgoingToClient2, { type: 'ready' | 'heartbeat_ack' | 'reconnect' }>;
