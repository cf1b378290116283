/** What depends on the connection. */
export interface ConnectionListener {
  /** Channels to be subscribed to before the connection counts as up. */
  channels(): Iterable<string>;
  heard(channel: string, payload: Buffer): void;
  /** Subscribed to everything again. What was published meanwhile was not heard. */
  up(): void;
  sweep(now: number): void;
}
