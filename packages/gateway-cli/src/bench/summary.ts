import type { LatencyMs, Outcome } from './outcome.js';
import { isOverDefaultLimits, type Share } from './spread.js';

const count = (value: number) => value.toLocaleString('en-US');
const plural = (value: number, noun: string) => `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
/** Three significant digits. */
const ms = (value: number) => `${value < 100 ? value.toPrecision(3) : count(Math.round(value))} ms`;

export function latencyText({ p50, p90, p99, p999, max }: LatencyMs): string {
  return `p50 ${ms(p50)}  p90 ${ms(p90)}  p99 ${ms(p99)}  p99.9 ${ms(p999)}  max ${ms(max)}`;
}

function reasons(title: string, counts: Record<string, number>): string[] {
  return Object.entries(counts).map(([reason, times]) => `  ${count(times)} × ${title}: ${reason}`);
}

const RATE_LIMITED_HINT =
  '  RATE_LIMITED: a connection published more than the gateway lets it (its --messages-per-second-max and --bytes-per-second-max).\n' +
  '  What it refused is counted as lost. More --connections or a lower --rate spread it thinner.';

/** Said before a run that a gateway with default limits would refuse in part; undefined for any other. */
export function shareWarning(share: Share, publishers: number): string | undefined {
  if (!isOverDefaultLimits(share)) return undefined;
  const { messagesPerSecond, bytesPerSecond } = share;
  return (
    `each of ${count(publishers)} publishers sends ${count(Math.round(messagesPerSecond))} messages (${count(Math.round(bytesPerSecond))} bytes) ` +
    'per second; by default a gateway answers RATE_LIMITED to that: more --connections or a lower --rate spread it thinner'
  );
}

function rows(outcome: Outcome): [name: string, value: string][] {
  const { connections, latencyMs, skipped, mangled } = outcome;
  const { opened, wanted, refused, dropped } = connections;
  const members = `${count(opened)} of ${count(wanted)} in ${plural(outcome.groups, 'group')}`;
  const table: [string, string][] = [['connections', `${members}, ${count(refused)} refused, ${count(dropped)} dropped`]];
  if (opened === 0) return table;
  const messages = `${plural(outcome.published, 'message')} of ${count(outcome.sizeBytes)} bytes`;
  const seconds = (outcome.elapsedMs / 1000).toFixed(1);
  table.push(
    ['published', `${messages} by ${plural(outcome.publishers, 'publisher')} in ${seconds} s`],
    ['delivered', `${count(outcome.deliveries)}, ${count(outcome.deliveriesPerSecond)}/s`],
    ['latency', latencyMs === undefined ? 'none' : latencyText(latencyMs)],
    ['lost', count(outcome.lost)],
    ['doubled', count(outcome.doubled)],
    ['out of order', count(outcome.outOfOrder)],
  );
  if (mangled > 0) table.push(['mangled', count(mangled)]);
  if (skipped > 0)
    table.push(['not sent', `${plural(skipped, 'message')}: too much was in flight, or nobody was left to publish`]);
  return table;
}

/** An outcome for people. */
export function summary(outcome: Outcome): string {
  const { url, ok, interrupted, refusals, drops, errors } = outcome;
  return [
    `${url}: ${ok ? 'ok' : 'FAULTS'}${interrupted ? ', interrupted' : ''}`,
    ...rows(outcome).map(([name, value]) => `  ${name.padEnd(14)}${value}`),
    ...reasons('refused', refusals),
    ...reasons('dropped', drops),
    ...reasons('error', errors),
    ...(errors.RATE_LIMITED === undefined ? [] : [RATE_LIMITED_HINT]),
    '',
  ].join('\n');
}
