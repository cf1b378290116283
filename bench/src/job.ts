/** Servers under test. The first is ours, the second ours on Bun, the others are its peers. */
export const SERVERS = ['gateway', 'gateway-bun', 'bun', 'ws-once', 'ws-naive', 'socketio', 'sio-streams', 'sio-pubsub'] as const;
export type ServerName = (typeof SERVERS)[number];

/** Ours, on each runtime that is measured. */
export const GATEWAYS: readonly ServerName[] = ['gateway', 'gateway-bun'];
/** Those that Bun runs. */
export const ON_BUN: ReadonlySet<ServerName> = new Set<ServerName>(['gateway-bun', 'bun']);
/** Those that share a Redis in some case: Socket.IO with its adapter for streams, and with that for PUB/SUB. */
export const REDIS_SERVERS: readonly ServerName[] = ['gateway', 'sio-streams', 'sio-pubsub'];
/** Those of the cases that need no Redis. */
export const LONE_SERVERS = SERVERS.filter((name) => !name.startsWith('sio-'));

/** Members publish at full rate within a window, to all members of their group or, `echo`, to themselves. */
export interface FanParams {
  groups: number;
  membersPerGroup: number;
  /** Messages in flight over all groups. */
  window: number;
  dataBytes: number;
  warmupMs: number;
  measureMs: number;
  echo?: boolean;
  /** Messages are compressed where the server does that. */
  deflate?: boolean;
}

/** Connections that have joined a group and do nothing, or come all at once. */
export interface CrowdParams {
  groups: number;
  membersPerGroup: number;
}

/** The same, over TLS where that is said: with a whole handshake for each, or resuming a session (RFC 8446 §2.2). */
export interface ReconnectParams extends CrowdParams {
  tls?: 'whole' | 'resumed';
}

/** The same, which drop in the end and are forgotten after `goneMs`. */
export interface IdleParams extends CrowdParams {
  goneMs: number;
  version?: '2';
}

/** The same, on which nothing is said for `quietMs`. */
export interface QuietParams extends CrowdParams {
  quietMs: number;
  version?: '2';
}

/** Members that come back to groups that have gone on by `missed` messages. */
export interface ResumeParams extends CrowdParams {
  missed: number;
}

/** Members of one group, in which one publishes at a fixed rate. */
export interface OpenParams {
  membersPerGroup: number;
  dataBytes: number;
  /** Messages per second. */
  perSecond: number;
  /** Messages in flight while the server's full rate is found out. Without it, that is not. */
  window?: number;
  /** Members that reconnect. Default 0. */
  returnsPerSecond?: number;
  warmupMs: number;
  measureMs: number;
}

/** Members that are alone in their groups and publish at full rate, with an `id` and without. */
export interface AckedParams {
  connections: number;
  dataBytes: number;
  warmupMs: number;
  measureMs: number;
}

/** Members that join groups whose logs have `messages`. */
export interface ReplayParams extends CrowdParams {
  messages: number;
  dataBytes: number;
}

/** Members of one group, each of which is cut once in `everyMs` and away for `awayMs`, while `perSecond` messages are broadcast. */
export interface JitterParams {
  members: number;
  everyMs: number;
  awayMs: number;
  perSecond: number;
  dataBytes: number;
  durationMs: number;
}

/** Members of one group, all of whom join at once. */
export interface StormParams {
  members: number;
}

/** Members of one group of whom some do not read. */
export interface SlowParams extends Omit<FanParams, 'groups' | 'echo'> {
  /** How many of the members do not read. */
  slowMembers: number;
  /** Bytes published before the measurement, to fill what the kernel buffers for those who do not read. */
  fillBytes: number;
}

/** Groups that are on both of two servers over one Redis, half of each group's members on each. */
export type NodesParams = Omit<FanParams, 'echo'>;

/** Groups that one gateway has. */
export interface ResubscribeParams {
  groups: number;
}

/** What to do: a scenario (scenarios/) and its sizes. */
export type Task =
  | { scenario: 'fan'; params: FanParams }
  | { scenario: 'idle'; params: IdleParams }
  | { scenario: 'quiet'; params: QuietParams }
  | { scenario: 'open'; params: OpenParams }
  | { scenario: 'reconnect'; params: ReconnectParams }
  | { scenario: 'resume'; params: ResumeParams }
  | { scenario: 'acked'; params: AckedParams }
  | { scenario: 'replay'; params: ReplayParams }
  | { scenario: 'jitter' | 'client-jitter'; params: JitterParams }
  | { scenario: 'storm'; params: StormParams }
  | { scenario: 'nodes'; params: NodesParams }
  | { scenario: 'killed-node' | 'redis-memory'; params: CrowdParams }
  | { scenario: 'resubscribe'; params: ResubscribeParams }
  | { scenario: 'slow'; params: SlowParams };

/** Scenarios that start a Redis. */
export const REDIS_SCENARIOS: ReadonlySet<Task['scenario']> = new Set<Task['scenario']>([
  'nodes',
  'killed-node',
  'redis-memory',
  'resubscribe',
]);

/** One task for a generator process. */
export interface Job {
  caseId: string;
  server: ServerName;
  task: Task;
}

/** Numbers by name; their meanings are with the cases (columns.ts). */
export type Metrics = Record<string, number>;

/** What a generator process answers, one JSON line. */
export interface JobResult {
  caseId: string;
  server: ServerName;
  /** Name and version of the server, as it says. */
  version: string;
  metrics: Metrics;
}

/** A job that did not end with a result. */
export interface JobFailure {
  caseId: string;
  server: ServerName;
  message: string;
}

/** What a generator process is to do. */
export interface Orders {
  jobs: readonly Job[];
  /** For servers, each as `taskset -c` takes it. */
  cores: readonly string[];
  /** Jobs at a time. */
  lanes: number;
}
