import { inspect } from 'node:util';

/** A logger may fail as well, as one whose worker has gone; what it is told of goes on all the same. */
export function quietly(log: () => void): void {
  try {
    log();
  } catch {
    // The `error` event tells of what failed; of the logger there is nobody to tell.
  }
}

/** An error, or whatever else was thrown, as a log has it. */
export function describe(error: unknown): string {
  if (error instanceof Error) return error.stack ?? error.message;
  // What has no `toString`, like an object without a prototype.
  return typeof error === 'object' ? inspect(error) : String(error);
}
