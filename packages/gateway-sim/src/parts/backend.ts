import type { BackendAct } from '../plan.js';
import type { Parts, ReachOptions } from './shared-parts.js';

/** A position in a group's log. */
interface Position {
  readonly epoch: string;
  readonly seq: number;
}

/** Whether everything up to a position of one epoch is in another epoch as well, so that who stands there can go on. */
export type GoesOn = (groupId: string, from: Position, epoch: string) => boolean;

/** What gateways share instead of the parts in memory. */
export interface Backend {
  /** What one gateway has of it; `close` is the end of its connections. */
  reach(options: ReachOptions): { parts: Parts; close: () => void };
  act(act: BackendAct): void;
  /** As its faults have it, and not as the gateways say. */
  readonly goesOn: GoesOn;
}
