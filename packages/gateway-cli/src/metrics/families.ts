import type { GatewayMetrics } from 'gateway-core';

/** What Prometheus is told of, by its name after `gateway_`. */
export interface Family {
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  /** Names of the labels that tell its values apart. */
  readonly labels?: readonly string[];
  /** What makes one value of those of several gateways; a sum unless said. */
  readonly together?: 'max' | 'min';
  read(metrics: GatewayMetrics): number | readonly (readonly [labels: readonly string[], value: number])[];
}

const byName = (counts: Record<string, number>) => Object.entries(counts).map(([name, value]) => [[name], value] as const);

/** Every family but the histogram of durations. Labels are of the contract: as many as it has codes, and none of groups, members or addresses. */
export const FAMILIES: Readonly<Record<string, Family>> = {
  connections: {
    kind: 'gauge',
    help: 'Connections, by dialect; none: not identified yet',
    labels: ['dialect'],
    read: ({ unidentified, identified }) => [[['none'], unidentified], ...byName(identified)],
  },
  closing_connections: {
    kind: 'gauge',
    help: 'Ended connections whose closing handshake is not over',
    read: ({ closing }) => closing,
  },
  dropped_members: {
    kind: 'gauge',
    help: 'Members without a connection that can come back',
    read: ({ droppedMembers }) => droppedMembers,
  },
  groups: { kind: 'gauge', help: 'Groups with members or a log', read: ({ groups }) => groups },
  log_bytes: { kind: 'gauge', help: 'Memory of all groups and their logs', read: ({ logBytes }) => logBytes },
  lag_messages_max: {
    kind: 'gauge',
    help: 'Messages that the slowest connection is behind the head of a group',
    together: 'max',
    read: ({ lagMax }) => lagMax,
  },
  presence_members: {
    kind: 'gauge',
    help: 'Members that presence shows, each once for each of its groups, connected or dropped',
    read: ({ presentMembers }) => presentMembers,
  },
  presence_groups: { kind: 'gauge', help: 'Groups with such members', read: ({ presentGroups }) => presentGroups },
  draining: {
    kind: 'gauge',
    help: 'Whether it drains',
    together: 'min',
    read: ({ draining }) => (draining ? 1 : 0),
  },
  connections_total: { kind: 'counter', help: 'Connections that were taken', read: ({ connectionsTotal }) => connectionsTotal },
  refused_connections_total: {
    kind: 'counter',
    help: 'Handshakes that were refused',
    read: ({ refusedTotal }) => refusedTotal,
  },
  closed_connections_total: {
    kind: 'counter',
    help: 'Connections that have ended, by close code',
    labels: ['code'],
    read: ({ closesTotal }) => byName(closesTotal),
  },
  received_messages_total: {
    kind: 'counter',
    help: 'Messages that clients have sent',
    read: ({ messagesInTotal }) => messagesInTotal,
  },
  received_bytes_total: { kind: 'counter', help: 'Their text, in bytes', read: ({ bytesInTotal }) => bytesInTotal },
  published_messages_total: {
    kind: 'counter',
    help: 'Messages that were published here, by clients or the host',
    read: ({ publishedTotal }) => publishedTotal,
  },
  delivered_messages_total: {
    kind: 'counter',
    help: 'Messages that fan-out has handed to sockets',
    read: ({ deliveredTotal }) => deliveredTotal,
  },
  sent_bytes_total: { kind: 'counter', help: 'Frames that were handed to sockets', read: ({ bytesOutTotal }) => bytesOutTotal },
  errors_total: {
    kind: 'counter',
    help: 'Errors that clients were answered, by code',
    labels: ['code'],
    read: ({ errorsTotal }) => byName(errorsTotal),
  },
  passed_over_messages_total: {
    kind: 'counter',
    help: 'Messages of delivery latest and volatile that receivers which were behind have not got',
    read: ({ passedOverTotal }) => passedOverTotal,
  },
  lost_messages_total: {
    kind: 'counter',
    help: 'Messages that receivers have not got because the log no longer reached them, and were told',
    read: ({ lostTotal }) => lostTotal,
  },
  gaps_total: { kind: 'counter', help: 'Gaps that were told', read: ({ gapsTotal }) => gapsTotal },
  slow_consumers_total: {
    kind: 'counter',
    help: 'Connections that were closed because they read too slowly',
    read: ({ slowConsumersTotal }) => slowConsumersTotal,
  },
  log_resets_total: {
    kind: 'counter',
    help: 'Logs that began anew because they were lost',
    read: ({ resetsTotal }) => resetsTotal,
  },
  resumes_total: { kind: 'counter', help: 'Members that have come back', read: ({ resumesTotal }) => resumesTotal },
  syncs_total: {
    kind: 'counter',
    help: 'Syncs that members were told, by outcome',
    labels: ['outcome'],
    read: ({ syncsTotal }) => byName(syncsTotal),
  },
  resets_total: {
    kind: 'counter',
    help: 'Members that were told that not all of what they had missed could be replayed, by reason',
    labels: ['reason'],
    read: ({ syncResetsTotal }) => byName(syncResetsTotal),
  },
  joins_total: { kind: 'counter', help: 'Members that have entered a group', read: ({ joinsTotal }) => joinsTotal },
  leaves_total: { kind: 'counter', help: 'Members that have left a group', read: ({ leavesTotal }) => leavesTotal },
};

/** The histogram of what hooks, stores and the broker took. */
export const DURATION = {
  name: 'part_duration_seconds',
  help: 'How long hooks, stores and the broker took that did not answer at once, by what was asked',
} as const;

/** What the primary process says of its workers, beside the sums of what these count. */
export const WORKER_FAMILIES = {
  workers: { kind: 'gauge', help: 'With --workers: processes that serve' },
  worker_deaths_total: { kind: 'counter', help: 'With --workers: processes that have ended without being told to' },
} as const;
