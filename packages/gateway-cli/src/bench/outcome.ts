import type { Fleet } from './generator/fleet.js';
import type { Latency } from './generator/meter.js';
import type { BenchOptions } from './options.js';
import type { Tally } from './tally.js';

/** Latency of deliveries in milliseconds, from the publish to the read that brought the last byte. */
export type LatencyMs = { [Percentile in keyof Latency]: number };

/** What a run of `gateway-cli bench` found; `--json` prints this. */
export interface Outcome {
  url: string;
  /** Whether every connection was let in and stayed, no error came, and every message reached everybody once and in order. */
  ok: boolean;
  /** It was ended by a signal. */
  interrupted: boolean;
  connections: { wanted: number; opened: number; refused: number; dropped: number };
  groups: number;
  /** Connections that published. */
  publishers: number;
  sizeBytes: number;
  /** From the first publish to the last delivery, and at least as long as it published. */
  elapsedMs: number;
  published: number;
  /** Messages that were due and not sent: ten seconds of their publisher's were in flight, or nobody was left to publish. */
  skipped: number;
  deliveries: number;
  deliveriesPerSecond: number;
  /** Absent where nothing was delivered. */
  latencyMs?: LatencyMs;
  /** Deliveries that did not come. */
  lost: number;
  doubled: number;
  /** Deliveries that came after a later message of the same publisher. */
  outOfOrder: number;
  /** Deliveries of what nobody published. */
  mangled: number;
  /** Error codes that the gateway answered with, and how often. */
  errors: Record<string, number>;
  /** Why connections were refused, and how many. */
  refusals: Record<string, number>;
  /** Why connections ended before the run did, and how many. */
  drops: Record<string, number>;
}

/** What the receivers have got so far. */
export interface Received {
  deliveries: number;
  lost: number;
  doubled: number;
  outOfOrder: number;
  mangled: number;
}

export function receivedBy({ clients }: Fleet): Received {
  const sum: Received = { deliveries: 0, lost: 0, doubled: 0, outOfOrder: 0, mangled: 0 };
  for (const { receipts } of clients) {
    sum.deliveries += receipts.received;
    sum.lost += receipts.lost;
    sum.doubled += receipts.repeated;
    sum.outOfOrder += receipts.late;
    sum.mangled += receipts.mangled;
  }
  return sum;
}

/** What a run knows when it is over. */
export interface RunFacts {
  options: BenchOptions;
  fleet: Fleet;
  latency: Latency;
  interrupted: boolean;
  opened: number;
  publishers: number;
  skipped: number;
  elapsedMs: number;
  errors: Tally;
  refusals: Tally;
  drops: Tally;
}

/** Called while the clients are still connected: what is due to them then is lost. */
export function outcomeOf(facts: RunFacts): Outcome {
  const { options, fleet, latency, interrupted, opened, publishers, skipped, elapsedMs, errors, refusals, drops } = facts;
  const received = receivedBy(fleet);
  const { deliveries, doubled, outOfOrder, mangled } = received;
  const lost = received.lost + fleet.clients.reduce((sum, { receipts }) => sum + receipts.outstanding, 0);
  const faults = refusals.total + drops.total + errors.total + lost + doubled + outOfOrder + mangled;
  return {
    url: options.url,
    ok: faults === 0,
    interrupted,
    connections: { wanted: options.connections, opened, refused: refusals.total, dropped: drops.total },
    groups: options.groups,
    publishers,
    sizeBytes: options.size,
    elapsedMs: Math.round(elapsedMs),
    published: fleet.ledgers.reduce((sum, { sent }) => sum + sent, 0),
    skipped,
    deliveries,
    deliveriesPerSecond: elapsedMs === 0 ? 0 : Math.round(deliveries / (elapsedMs / 1000)),
    latencyMs: deliveries === 0 ? undefined : inMs(latency),
    lost,
    doubled,
    outOfOrder,
    mangled,
    errors: errors.toJSON(),
    refusals: refusals.toJSON(),
    drops: drops.toJSON(),
  };
}

export function inMs({ p50, p90, p99, p999, max }: Latency): LatencyMs {
  return { p50: p50 / 1000, p90: p90 / 1000, p99: p99 / 1000, p999: p999 / 1000, max: max / 1000 };
}
