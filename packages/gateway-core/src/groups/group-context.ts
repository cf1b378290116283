import type { LogPosition } from 'gateway-protocol';
import type { BrokerEntry } from '../broker/broker.js';
import type { Limits } from '../limits.js';
import type { SlicedTask } from '../slices.js';
import type { Tracer } from '../tracer.js';
import type { FanOutCounters } from './cursor.js';
import type { LogBudget } from './log-budget.js';
import type { ReplayPace } from './replay-pace.js';

/** What a group needs of its surroundings. */
export interface GroupContext {
  readonly limits: Limits;
  readonly budget: LogBudget;
  readonly replays: ReplayPace;
  readonly now: () => number;
  /** The group has something to write: `step` is called from the end of the turn on, until all is done. */
  readonly dirty: (group: SlicedTask) => void;
  /** Messages handed to sockets, and logs that began anew. */
  readonly counters: FanOutCounters & { resets: number };
  /** Wall-clock time, for stamps. */
  readonly stamp: () => number;
  /** Its log began anew. */
  readonly wasReset: (groupId: string, position: LogPosition) => void;
  /** A message is in a group's log. */
  readonly logged: (group: { readonly groupId: string; readonly position: LogPosition }, entry: BrokerEntry) => void;
  readonly tracer?: Tracer | undefined;
  /** The broker did not keep its contract. */
  readonly failed: (error: unknown, where: string) => void;
}
