/** A metric as reports show it. */
export interface Column {
  /** Name in {@link Metrics}. */
  key: string;
  title: string;
  format(value: number): string;
}

const digits = (count: number) => (value: number) => value.toFixed(count);
/** About three significant digits, and thousands apart. */
function significant(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value >= 1 ? value.toPrecision(3) : value.toFixed(3);
}
const thousands = (value: number) => `${significant(value / 1000)} k`;
const milliseconds = (value: number) => significant(value / 1000);

export const CPU_PER_DELIVERY: Column = { key: 'cpuUs', title: 'server CPU, µs per delivery', format: significant };
export const CPU_PER_CONNECTION: Column = { key: 'cpuUs', title: 'server CPU, µs per connection', format: significant };
export const CPU_PER_MEMBER: Column = { key: 'cpuUs', title: 'server CPU, µs per member', format: significant };
export const MEMORY: Column = { key: 'memoryKiB', title: 'memory, KiB per connection', format: significant };
export const DELIVERIES: Column = { key: 'perSecond', title: 'deliveries/s', format: thousands };
export const CONNECTIONS: Column = { key: 'perSecond', title: 'connections/s', format: significant };
export const P50: Column = { key: 'p50Us', title: 'p50, ms', format: milliseconds };
export const P99: Column = { key: 'p99Us', title: 'p99, ms', format: milliseconds };
export const P999: Column = { key: 'p999Us', title: 'p99.9, ms', format: milliseconds };
export const SERVER_BUSY: Column = { key: 'serverBusy', title: 'server busy', format: (value) => `${digits(0)(value * 100)} %` };
export const GENERATOR_BUSY: Column = {
  key: 'generatorBusy',
  title: 'generator busy',
  format: (value) => `${digits(0)(value * 100)} %`,
};

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
export const SLOW_SERVED: Column = { key: 'slowServed', title: 'slow ones served in the end', format: digits(0) };
export const SLOW_TOLD: Column = { key: 'slowTold', title: 'told of loss, or closed', format: digits(0) };
export const SLOW_SILENT: Column = { key: 'slowSilent', title: 'lost silently', format: digits(0) };
