import type { ServerSentEvent } from './sse.js';
import type { Change, ConnectionRow, Events, FeedEvent, GroupRow, Snapshot, Stats } from './wire.js';

/** For how many changes rates are remembered. */
const HISTORY_MAX = 120;

/** Counters of which rates are shown. */
const RATES = ['messagesInTotal', 'deliveredTotal', 'bytesInTotal', 'errorsSentTotal', 'publishedTotal'] as const;
export type RateName = (typeof RATES)[number];

/** What a viewer knows of a gateway, kept up to date by the feed. */
export class Model {
  readonly connections = new Map<string, ConnectionRow>();
  readonly groups = new Map<string, GroupRow>();
  /** What was said last, and the last snapshot. */
  change: Change | undefined;
  snapshot: Snapshot | undefined;
  /** Of each counter, what it grew by per second, the newest last. */
  readonly rates = Object.fromEntries(RATES.map((name) => [name, []])) as unknown as Record<RateName, number[]>;
  /** How many connections there were. */
  readonly connectionCounts: number[] = [];

  /** @returns the events that came with it, and how many were left out. */
  take({ name, data }: ServerSentEvent): Events {
    if (name === 'events') return JSON.parse(data);
    const change: Change = JSON.parse(data);
    let events: FeedEvent[] = [];
    if (name === 'snapshot') {
      this.snapshot = change as Snapshot;
      events = this.snapshot.events;
      this.connections.clear();
      this.groups.clear();
    }
    this.#remember(change);
    this.change = change;
    update(this.connections, change.connections);
    update(this.groups, change.groups);
    return { events, left: 0 };
  }

  /** The newest rate of a counter, per second. */
  rate(name: RateName): number {
    return this.rates[name].at(-1) ?? 0;
  }

  #remember({ at, stats }: Change): void {
    keep(this.connectionCounts, stats.connections ?? 0);
    const before = this.change;
    if (before === undefined || at <= before.at) return;
    const seconds = (at - before.at) / 1_000;
    for (const name of RATES) keep(this.rates[name], Math.max(0, difference(name, before.stats, stats) / seconds));
  }
}

function difference(name: string, before: Stats, after: Stats): number {
  return (after[name] ?? 0) - (before[name] ?? 0);
}

function keep(history: number[], value: number): void {
  history.push(value);
  if (history.length > HISTORY_MAX) history.shift();
}

function update<Row extends { id: string }>(rows: Map<string, Row>, { set, gone }: { set: Row[]; gone: string[] }): void {
  for (const id of gone) rows.delete(id);
  for (const row of set) rows.set(row.id, row);
}
