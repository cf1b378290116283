import type { History, Violation } from '../history.js';
import type { Plan } from '../plan.js';

/** A promise, as a function that finds where it was broken. */
export interface Check {
  name: string;
  /** For reports. */
  promise: string;
  check(history: History, plan: Plan): Found[];
}

/** A broken promise, before it has the name of its check. */
export type Found = Omit<Violation, 'check'>;
