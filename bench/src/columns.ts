/** A metric as reports show it. */
export interface Column {
  /** Name in {@link Metrics}. */
  key: string;
  title: string;
  format(value: number): string;
  /** A cost whose ratio between two servers is about the same from run to run; a latency has none that is. */
  steady?: boolean;
  /** What is less is not measured exactly enough for a ratio to it to say anything. Default 0. */
  least?: number;
}

const digits = (count: number) => (value: number) => value.toFixed(count);
/** About three significant digits, and thousands apart. */
function significant(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value >= 1 ? value.toPrecision(3) : value.toFixed(3);
}
const thousands = (value: number) => `${significant(value / 1000)} k`;
const milliseconds = (value: number) => significant(value / 1000);
const percent = (value: number) => `${digits(0)(value * 100)} %`;

export const CPU_PER_DELIVERY: Column = { key: 'cpuUs', title: 'server CPU, µs per delivery', format: significant, steady: true };
export const CPU_PER_CONNECTION: Column = {
  key: 'cpuUs',
  title: 'server CPU, µs per connection',
  format: significant,
  steady: true,
};
export const CPU_PER_MEMBER: Column = { key: 'cpuUs', title: 'server CPU, µs per member', format: significant, steady: true };
export const MEMORY: Column = { key: 'memoryKiB', title: 'memory, KiB per connection', format: significant, steady: true };
export const DELIVERIES: Column = { key: 'perSecond', title: 'deliveries/s', format: thousands };
export const CONNECTIONS: Column = { key: 'perSecond', title: 'connections/s', format: significant };
export const BYTES: Column = { key: 'bytes', title: 'bytes per delivery', format: significant };
export const RUN_GROWTH: Column = { key: 'growthMiB', title: 'process growth by the end of the run, MiB', format: significant };
export const P50: Column = { key: 'p50Us', title: 'p50, ms', format: milliseconds };
export const P99: Column = { key: 'p99Us', title: 'p99, ms', format: milliseconds };
export const P999: Column = { key: 'p999Us', title: 'p99.9, ms', format: milliseconds };
export const SERVER_BUSY: Column = { key: 'serverBusy', title: 'server busy', format: percent };
export const GENERATOR_BUSY: Column = { key: 'generatorBusy', title: 'generator busy', format: percent };

export const GONE: Column = {
  key: 'goneRatio',
  title: 'process when all have gone ÷ before they came',
  format: digits(2),
};
export const CPU_QUIET: Column = {
  key: 'cpuUs',
  title: 'server CPU, µs per connection and second, with heartbeats',
  format: significant,
  steady: true,
  // It is counted in steps of 10 ms, user and system apart: up to 0.04 µs of 15,000 connections in 30 s.
  least: 0.4,
};
export const CPU_PINGED: Column = { key: 'pingedUs', title: 'the same, of clients that only answer pings', format: significant };
export const BLOCK_MS: Column = { key: 'blockMs', title: 'longest block of the event loop, ms', format: significant };
export const HALF_RATE: Column = { key: 'halfPerSecond', title: 'half of its own full rate, messages/s', format: significant };
export const AT_HALF_P50: Column = { key: 'halfP50Us', title: 'at that, p50, ms', format: milliseconds };
export const AT_HALF_P99: Column = { key: 'halfP99Us', title: 'p99, ms', format: milliseconds };
export const AT_HALF_P999: Column = { key: 'halfP999Us', title: 'p99.9, ms', format: milliseconds };

export const MESSAGES_PER_MEMBER: Column = {
  key: 'messagesPerMember',
  title: 'presence messages per member',
  format: significant,
};
export const JOIN_MS: Column = { key: 'joinMs', title: 'all joined and told, ms', format: digits(0) };
export const LEAVE_MS: Column = { key: 'leaveMs', title: 'half left and told, ms', format: digits(0) };

export const P50_RATIO: Column = { key: 'p50Ratio', title: 'healthy p50, × that without slow ones', format: digits(2) };
export const P99_RATIO: Column = { key: 'p99Ratio', title: 'healthy p99, × that without', format: digits(2) };
export const GROWTH: Column = { key: 'growthMiB', title: 'process growth, MiB', format: significant };
export const CPU_PER_ACKED: Column = {
  key: 'cpuUs',
  title: 'server CPU, µs per acknowledged echo',
  format: significant,
  steady: true,
};
export const CPU_PER_PLAIN: Column = { key: 'cpuUsPlain', title: 'µs per echo without an id', format: significant };
export const ACK_RATIO: Column = { key: 'ackRatio', title: 'acknowledged ÷ without', format: digits(2) };
export const CPU_PER_REPLAYED: Column = {
  key: 'cpuUs',
  title: 'server CPU, µs per replayed message',
  format: significant,
  steady: true,
};
export const REPLAY_MS: Column = { key: 'replayMs', title: 'all served, ms', format: digits(0) };

export const REDIS_US: Column = { key: 'redisUs', title: 'Redis’ CPU, µs per message', format: significant };
export const PER_REDIS_CORE: Column = { key: 'perRedisCore', title: 'messages/s for a whole core of Redis', format: thousands };
export const NODE_US: Column = { key: 'cpuUs', title: 'servers’ CPU, µs per delivery', format: significant };
export const ALONE_US: Column = { key: 'aloneUs', title: 'the same of one alone, without Redis', format: significant };
export const SCALING: Column = { key: 'scaling', title: 'deliveries of 2 ÷ of 1, at a core each', format: digits(2) };
export const MESSAGES: Column = { key: 'messages', title: 'messages/s', format: thousands };
export const HALF_P50: Column = { key: 'halfP50Us', title: 'p50 at half load, ms', format: milliseconds };
export const HALF_P99: Column = { key: 'halfP99Us', title: 'p99, ms', format: milliseconds };
export const ALONE_P50: Column = { key: 'aloneP50Us', title: 'p50 of one alone, ms', format: milliseconds };
export const ALONE_P99: Column = { key: 'aloneP99Us', title: 'p99 of one alone, ms', format: milliseconds };
export const LIVE_MS: Column = { key: 'liveMs', title: 'all live and caught up, ms', format: digits(0) };
export const CONNECTED_MS: Column = { key: 'connectedMs', title: 'of which until all are subscribed to, ms', format: digits(0) };
export const SERVED_MS: Column = { key: 'servedMs', title: 'all served again, ms', format: digits(0) };
export const REDIS_BUSY: Column = { key: 'redisBusy', title: 'Redis busy', format: (value) => `${digits(0)(value * 100)} %` };
export const REDIS_PER_CONNECTION: Column = { key: 'redisUs', title: 'Redis’ CPU, µs per connection', format: significant };
export const SERVER_PER_CONNECTION: Column = { key: 'cpuUs', title: 'server CPU, µs per connection', format: significant };
export const MEMBER_BYTES: Column = {
  key: 'memberBytes',
  title: 'Redis’ memory, bytes per member that can resume',
  format: significant,
};
export const GROUP_BYTES: Column = { key: 'groupBytes', title: 'per group', format: significant };

export const BACK_P99: Column = {
  key: 'backP99Ms',
  title: 'back until all that was missed has come, p99, ms',
  format: significant,
};
export const BACK_P50: Column = { key: 'backP50Ms', title: 'p50, ms', format: significant };
export const RETURNS: Column = { key: 'returns', title: 'returns', format: digits(0) };
export const RESUMED: Column = { key: 'resumed', title: 'as the same member', format: digits(0) };
export const DELIVERED: Column = {
  key: 'delivered',
  title: 'delivered',
  format: (value) => `${(Math.floor(value * 1e5) / 1e3).toFixed(3)} %`,
};
export const MISSING: Column = { key: 'missing', title: 'missing', format: digits(0) };
export const DOUBLED: Column = { key: 'doubled', title: 'doubled', format: digits(0) };
export const LATE: Column = { key: 'late', title: 'out of order', format: digits(0) };

export const SLOW_SERVED: Column = { key: 'slowServed', title: 'slow ones served in the end', format: digits(0) };
export const SLOW_TOLD: Column = { key: 'slowTold', title: 'told of loss, or closed', format: digits(0) };
export const SLOW_SILENT: Column = { key: 'slowSilent', title: 'lost silently', format: digits(0) };
