import type { Output } from '../io.js';
import type { Load } from './load.js';
import { inMs, receivedBy } from './outcome.js';

const INTERVAL_MS = 500;
const count = (value: number) => value.toLocaleString('en-US');
const seconds = (ms: number) => (ms / 1000).toFixed(1);

/** Shows how a load is going on one line of a terminal, until the function that it answers is called. */
export function showLive(load: Load, options: { connections: number; durationMs: number }, terminal: Output): () => void {
  let before = { at: performance.now(), deliveries: 0 };
  const line = () => {
    if (load.phase === 'connecting') return `connected: ${count(load.opened)} of ${count(options.connections)}`;
    const { deliveries, lost, doubled, outOfOrder } = receivedBy(load.fleet);
    const now = performance.now();
    const perSecond = Math.round((deliveries - before.deliveries) / ((now - before.at) / 1000));
    const { p50, p99 } = inMs(load.meter.recentLatency());
    before = { at: now, deliveries };
    const errors = Object.entries(load.errors.toJSON()).map(([code, times]) => `${code} × ${count(times)}  `);
    return (
      `${seconds(now - load.startedAt)}/${seconds(options.durationMs)} s  ${errors.join('')}${count(perSecond)} deliveries/s  ` +
      `p50 ${p50.toPrecision(3)} ms  p99 ${p99.toPrecision(3)} ms  lost ${count(lost)}  doubled ${count(doubled)}  out of order ${count(outOfOrder)}`
    );
  };
  const show = (text: string) => terminal.write(`\r\u001b[K${text.slice(0, (terminal.columns ?? 80) - 1)}`);
  show(line());
  const timer = setInterval(() => show(line()), INTERVAL_MS);
  return () => {
    clearInterval(timer);
    show('');
  };
}
