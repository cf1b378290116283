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
const FULL_TIME = { warmupMs: 700, measureMs: 1500 };
const QUICK_TIME = { warmupMs: 30, measureMs: 60 };
/** Plain `ws` holds a connection in one way, whichever way it sends. */
const ONE_WS = LONE_SERVERS.filter((name) => name !== 'ws-once');

function fan(
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

function storm(id: string, title: string, members: number, servers: readonly ServerName[]): Case {
  return {
    id,
    title,
    columns: [column.CPU_PER_MEMBER, column.MESSAGES_PER_MEMBER, column.JOIN_MS, column.LEAVE_MS],
    servers,
    full: { scenario: 'storm', params: { members } },
    quick: { scenario: 'storm', params: { members: 10 } },
  };
}

function nodes(id: string, title: string, groups: number, membersPerGroup: number, window: number): Case {
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

const JITTER_COLUMNS = [
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

const CROWD = { groups: 1000, membersPerGroup: 10 };
const QUICK_CROWD = { groups: 5, membersPerGroup: 4 };

export const CASES: readonly Case[] = [
  fan('fan1k-w1', '1,000 subscribers, 128 B, one publish at a time', 1, 1000, 1),
  fan('fan1k-w64', '1,000 subscribers, 128 B, 64 publishes in flight', 1, 1000, 64),
  fan('fan10k-w4', '10,000 subscribers, one group, 128 B, 4 in flight', 1, 10_000, 4),
  fan('groups10k', '10,000 subscribers in 1,000 groups, 128 B, 64 in flight', 1000, 10, 64),
  fan('fan200-16k-w8', '200 subscribers, 16 KiB, 8 in flight', 1, 200, 8, 16 * 1024),
  fan('echo1k', 'echo, 1,000 connections, 128 B, one in flight on each', 1000, 1, 1000, 128, true),
  {
    id: 'deflate1k-w8',
    title: '1,000 subscribers with `permessage-deflate`, 1 KiB of records, 8 in flight',
    columns: [
      column.CPU_PER_DELIVERY,
      column.BYTES,
      column.RUN_GROWTH,
      column.DELIVERIES,
      column.P50,
      column.P99,
      column.SERVER_BUSY,
      column.GENERATOR_BUSY,
    ],
    servers: LONE_SERVERS,
    full: {
      scenario: 'fan',
      params: { groups: 1, membersPerGroup: 1000, window: 8, dataBytes: 1024, deflate: true, ...FULL_TIME },
    },
    quick: {
      scenario: 'fan',
      params: { groups: 1, membersPerGroup: 5, window: 5, dataBytes: 1024, deflate: true, ...QUICK_TIME },
    },
  },
  {
    id: 'echo1k-ack',
    title: 'acknowledged echo, 1,000 connections of dialect 2, 128 B, one in flight on each',
    columns: [column.CPU_PER_ACKED, column.CPU_PER_PLAIN, column.ACK_RATIO],
    servers: GATEWAYS,
    full: { scenario: 'acked', params: { connections: 1000, dataBytes: 128, warmupMs: 1000, measureMs: 3000 } },
    quick: { scenario: 'acked', params: { connections: 5, dataBytes: 128, warmupMs: 30, measureMs: 90 } },
  },
  {
    id: 'idle10k',
    title: 'idle: 10,000 connections in 1,000 groups',
    columns: [column.MEMORY],
    servers: ONE_WS,
    full: { scenario: 'idle', params: CROWD },
    quick: { scenario: 'idle', params: QUICK_CROWD },
  },
  {
    id: 'idle10k-d2',
    title: 'idle: 10,000 members of dialect 2 in 1,000 groups',
    columns: [column.MEMORY],
    servers: GATEWAYS,
    full: { scenario: 'idle', params: { ...CROWD, version: '2' } },
    quick: { scenario: 'idle', params: { ...QUICK_CROWD, version: '2' } },
  },
  {
    id: 'reconnect10k',
    title: '10,000 connections come back at once, into 1,000 groups',
    columns: [column.CPU_PER_CONNECTION, column.CONNECTIONS, column.MESSAGES_PER_MEMBER],
    servers: ONE_WS,
    full: { scenario: 'reconnect', params: CROWD },
    quick: { scenario: 'reconnect', params: QUICK_CROWD },
  },
  {
    id: 'resume10k',
    title: '10,000 members drop at once and resume, in 1,000 groups',
    columns: [column.CPU_PER_CONNECTION, column.CONNECTIONS, column.MESSAGES_PER_MEMBER],
    servers: GATEWAYS,
    full: { scenario: 'resume', params: CROWD },
    quick: { scenario: 'resume', params: QUICK_CROWD },
  },
  {
    id: 'replay1k',
    title: '1,000 members join at once, 100 to a group, and are replayed 1,000 messages of 128 B each',
    columns: [column.CPU_PER_REPLAYED, column.DELIVERIES, column.REPLAY_MS],
    servers: GATEWAYS,
    full: { scenario: 'replay', params: { groups: 10, membersPerGroup: 100, messages: 1000, dataBytes: 128 } },
    quick: { scenario: 'replay', params: { groups: 2, membersPerGroup: 3, messages: 20, dataBytes: 128 } },
  },
  {
    id: 'jitter',
    title: '2,000 clients, each cut every 15 s and away for 2 s, under 2 broadcasts/s',
    columns: JITTER_COLUMNS,
    servers: [...GATEWAYS, 'socketio'],
    full: {
      scenario: 'jitter',
      params: { members: 2000, everyMs: 15_000, awayMs: 2_000, perSecond: 2, dataBytes: 128, durationMs: 20_000 },
    },
    quick: {
      scenario: 'jitter',
      params: { members: 10, everyMs: 300, awayMs: 100, perSecond: 40, dataBytes: 128, durationMs: 600 },
    },
  },
  {
    id: 'jitter-clients',
    title: 'the same with the products’ own clients: 200, each cut every 15 s and away for 2 s, under 5 broadcasts/s',
    columns: JITTER_COLUMNS,
    servers: [...GATEWAYS, 'socketio'],
    full: {
      scenario: 'client-jitter',
      params: { members: 200, everyMs: 15_000, awayMs: 2_000, perSecond: 5, dataBytes: 128, durationMs: 30_000 },
    },
    quick: {
      scenario: 'client-jitter',
      params: { members: 4, everyMs: 300, awayMs: 50, perSecond: 40, dataBytes: 128, durationMs: 300 },
    },
  },
  // Naive announcements are quadratic: 10,000 members would take minutes. And plain servers have no presence.
  storm('storm1k', 'presence storm: 1,000 join one group at once, then half leave', 1000, [...GATEWAYS, 'socketio']),
  storm('storm10k', 'presence storm: 10,000 join one group at once, then half leave', 10_000, GATEWAYS),
  {
    id: 'slow1k',
    title: '1,000 subscribers, 1 KiB, 64 in flight; 100 of them do not read',
    columns: [
      column.GROWTH,
      column.P50_RATIO,
      column.P99_RATIO,
      column.P50,
      column.P99,
      column.DELIVERIES,
      column.CPU_PER_DELIVERY,
      column.SLOW_SERVED,
      column.SLOW_TOLD,
      column.SLOW_SILENT,
    ],
    servers: ONE_WS,
    full: {
      scenario: 'slow',
      // Linux buffers up to 4 MiB for a loopback peer that does not read (net.ipv4.tcp_wmem), so this much fills it.
      params: { membersPerGroup: 1000, slowMembers: 100, window: 64, dataBytes: 1024, fillBytes: 4.5 * 2 ** 20, ...FULL_TIME },
    },
    quick: {
      scenario: 'slow',
      params: { membersPerGroup: 10, slowMembers: 2, window: 4, dataBytes: 1024, fillBytes: 256 * 1024, ...QUICK_TIME },
    },
  },
  nodes('nodes-w1', '2 nodes, 1,000 groups of 2 with a member on each, 128 B, 64 in flight: one to a batch', 1000, 2, 64),
  nodes('nodes-w8', '2 nodes, 100 groups of 2 with a member on each, 128 B, 8 in flight in each', 100, 2, 800),
  nodes('nodes-fan', '2 nodes, one group with 500 members on each, 128 B, 16 in flight', 1, 1000, 16),
  {
    id: 'nodes-resubscribe',
    title: 'a gateway’s connection to Redis comes back, with 10,000 groups and a message missed in each',
    columns: [column.LIVE_MS, column.CONNECTED_MS],
    servers: ['gateway'],
    full: { scenario: 'resubscribe', params: { groups: 10_000 } },
    quick: { scenario: 'resubscribe', params: { groups: 100 } },
  },
  {
    id: 'nodes-killed',
    title: 'one of 2 nodes is killed, and its 10,000 clients in 1,000 groups come to the other',
    columns: [column.SERVED_MS, column.RESUMED, column.SERVER_PER_CONNECTION, column.REDIS_PER_CONNECTION, column.REDIS_BUSY],
    servers: REDIS_SERVERS,
    full: { scenario: 'killed-node', params: CROWD },
    quick: { scenario: 'killed-node', params: QUICK_CROWD },
  },
  {
    id: 'nodes-memory',
    title: 'what Redis holds for 1,000 idle groups of 10 members of dialect 2',
    columns: [column.MEMBER_BYTES, column.GROUP_BYTES],
    servers: ['gateway'],
    full: { scenario: 'redis-memory', params: CROWD },
    quick: { scenario: 'redis-memory', params: { groups: 50, membersPerGroup: 4 } },
  },
];
