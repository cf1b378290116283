import type { Column } from './columns.js';
import * as column from './columns.js';
import { GATEWAYS, LONE_SERVERS, REDIS_SERVERS, type ServerName, type Task } from './job.js';

/** One row of the benchmark. */
export interface Case {
  id: string;
  title: string;
  /** What is measured; the first column is what servers are compared by, and less of it is better. */
  columns: readonly Column[];
  servers: readonly ServerName[];
  full: Task;
  /** So small that it only shows that the case runs. */
  quick: Task;
}

const FAN_COLUMNS = [
  column.CPU_PER_DELIVERY,
  column.DELIVERIES,
  column.P50,
  column.P99,
  column.P999,
  column.SERVER_BUSY,
  column.GENERATOR_BUSY,
];
export const FULL_TIME = { warmupMs: 700, measureMs: 1500 };
export const QUICK_TIME = { warmupMs: 30, measureMs: 60 };
/** Plain `ws` holds a connection in one way, whichever way it sends. */
export const ONE_WS = LONE_SERVERS.filter((name) => name !== 'ws-once');

export const CROWD = { groups: 1000, membersPerGroup: 10 };
export const QUICK_CROWD = { groups: 5, membersPerGroup: 4 };
/** Longer than `resumeTtlMs` by default, and a sweep. */
export const GONE_D2_MS = 17_000;

export function fan(
  id: string,
  title: string,
  groups: number,
  membersPerGroup: number,
  window: number,
  dataBytes = 128,
  echo = false,
): Case {
  const small = { groups: Math.min(groups, 5), membersPerGroup: Math.min(membersPerGroup, 5), window: Math.min(window, 5) };
  return {
    id,
    title,
    columns: FAN_COLUMNS,
    servers: LONE_SERVERS,
    full: { scenario: 'fan', params: { groups, membersPerGroup, window, dataBytes, echo, ...FULL_TIME } },
    quick: { scenario: 'fan', params: { ...small, dataBytes, echo, ...QUICK_TIME } },
  };
}

export function storm(id: string, title: string, members: number, servers: readonly ServerName[]): Case {
  return {
    id,
    title,
    columns: [column.CPU_PER_MEMBER, column.MESSAGES_PER_MEMBER, column.JOIN_MS, column.LEAVE_MS],
    servers,
    full: { scenario: 'storm', params: { members } },
    quick: { scenario: 'storm', params: { members: 10 } },
  };
}

export function nodes(id: string, title: string, groups: number, membersPerGroup: number, window: number): Case {
  const small = { groups: Math.min(groups, 5), membersPerGroup: Math.min(membersPerGroup, 4), window: Math.min(window, 5) };
  return {
    id,
    title,
    columns: [
      column.REDIS_US,
      column.PER_REDIS_CORE,
      column.NODE_US,
      column.ALONE_US,
      column.SCALING,
      column.MESSAGES,
      column.HALF_P50,
      column.HALF_P99,
      column.ALONE_P50,
      column.ALONE_P99,
    ],
    servers: REDIS_SERVERS,
    full: { scenario: 'nodes', params: { groups, membersPerGroup, window, dataBytes: 128, ...FULL_TIME } },
    quick: { scenario: 'nodes', params: { ...small, dataBytes: 128, ...QUICK_TIME } },
  };
}

export function open(
  id: string,
  title: string,
  membersPerGroup: number,
  perSecond: number,
  window: number,
  returnsPerSecond = 0,
): Case {
  const small = { membersPerGroup: 10, dataBytes: 128, perSecond: 100, window: 4, returnsPerSecond: returnsPerSecond && 50 };
  return {
    id,
    title,
    columns: [
      column.P99,
      column.P50,
      column.P999,
      column.CPU_PER_DELIVERY,
      column.HALF_RATE,
      column.AT_HALF_P50,
      column.AT_HALF_P99,
      column.AT_HALF_P999,
      column.GENERATOR_BUSY,
    ],
    servers: LONE_SERVERS.filter((name) => name !== 'ws-naive'),
    full: {
      scenario: 'open',
      params: { membersPerGroup, dataBytes: 128, perSecond, window, returnsPerSecond, warmupMs: 1000, measureMs: 3000 },
    },
    quick: { scenario: 'open', params: { ...small, ...QUICK_TIME } },
  };
}

export function quiet(id: string, title: string, servers: readonly ServerName[], version?: '2'): Case {
  const dialect = version && { version };
  return {
    id,
    title,
    columns: [column.CPU_QUIET, column.CPU_PINGED],
    servers,
    full: { scenario: 'quiet', params: { groups: 1500, membersPerGroup: 10, quietMs: 30_000, ...dialect } },
    quick: { scenario: 'quiet', params: { ...QUICK_CROWD, quietMs: 100, ...dialect } },
  };
}

export function resume(id: string, title: string, missed: number): Case {
  return {
    id,
    title,
    columns: [column.CPU_PER_CONNECTION, column.CONNECTIONS, column.BLOCK_MS, column.MESSAGES_PER_MEMBER],
    servers: [...GATEWAYS, 'ws-naive'],
    full: { scenario: 'resume', params: { ...CROWD, missed } },
    quick: { scenario: 'resume', params: { ...QUICK_CROWD, missed } },
  };
}

export const JITTER_COLUMNS = [
  column.BACK_P99,
  column.BACK_P50,
  column.RETURNS,
  column.RESUMED,
  column.DELIVERED,
  column.MISSING,
  column.DOUBLED,
  column.LATE,
  column.SERVER_BUSY,
];
