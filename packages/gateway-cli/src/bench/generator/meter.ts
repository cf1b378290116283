import { build, type Histogram } from 'hdr-histogram-js';

/** Latencies in microseconds. */
export interface Latency {
  p50: number;
  p90: number;
  p99: number;
  p999: number;
  max: number;
}

/** Latencies below this, in microseconds, are counted in an array first: an increment costs less than a histogram's look-up. */
const COUNTED_BELOW = 65_536;

/** Three significant digits, of any length of time. */
const histogram = () => build({ bitBucketSize: 32, autoResize: true, numberOfSignificantValueDigits: 3 });

function summary(values: Histogram): Latency {
  // The histogram answers with the highest value that counts as the same, which may be over the greatest there was.
  const at = (percentile: number) => Math.min(values.getValueAtPercentile(percentile), values.maxValue);
  return { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max: values.maxValue };
}

/** Counts deliveries and records their latencies: from the publish to the read that brought the frame's last byte. */
export class Meter {
  /** Time of the read in progress, in milliseconds of `performance.now()`. */
  now = 0;
  deliveries = 0;
  /** Received by all clients, after their handshakes. */
  bytes = 0;
  private readonly all = histogram();
  private readonly recent = histogram();
  private readonly counts = new Uint32Array(COUNTED_BELOW);

  /** One delivery of what was sent at `sentAt`, read at `now`. */
  record(sentAt: number): void {
    this.deliveries++;
    const us = Math.max(1, Math.round((this.now - sentAt) * 1000));
    if (us < COUNTED_BELOW) this.counts[us]!++;
    else this.recent.recordValue(us);
  }

  reset(): void {
    this.deliveries = 0;
    this.bytes = 0;
    this.counts.fill(0);
    this.recent.reset();
    this.all.reset();
  }

  /** What was recorded since the last reset. */
  latency(): Latency {
    this.recentLatency();
    return summary(this.all);
  }

  /** What was recorded since this or {@link latency} was last asked for. */
  recentLatency(): Latency {
    for (let us = 0; us < COUNTED_BELOW; us++) {
      const count = this.counts[us]!;
      if (count > 0) this.recent.recordValueWithCount(us, count);
    }
    this.counts.fill(0);
    const latency = summary(this.recent);
    this.all.add(this.recent);
    this.recent.reset();
    return latency;
  }
}
