import type { GatewayClientError } from './errors.js';

/** A promise with what settles it. */
export interface Deferred<Value> {
  readonly promise: Promise<Value>;
  resolve(value: Value): void;
  reject(error: GatewayClientError): void;
}

/** It is never an unhandled rejection: what fails is told in `status`, or as an `error` event, besides. */
export function deferred<Value>(Class: typeof Promise = Promise): Deferred<Value> {
  let settle!: Pick<Deferred<Value>, 'resolve' | 'reject'>;
  const promise = new Class<Value>((resolve, reject) => {
    settle = { resolve, reject };
  });
  promise.catch(() => {});
  return { promise, ...settle };
}

/** A promise that knows whether anybody waits for it, once `isAwaited` is set to `false`. */
export class Watched<Value> extends Promise<Value> {
  isAwaited?: boolean;

  /** What `then` makes is an ordinary promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise.
  override then<One = Value, Other = never>(
    fulfilled?: ((value: Value) => One | PromiseLike<One>) | null,
    rejected?: ((reason: unknown) => Other | PromiseLike<Other>) | null,
  ): Promise<One | Other> {
    this.isAwaited = true;
    return super.then(fulfilled, rejected);
  }
}

/** Calls `aborted` when the signal is, or was. @returns what ends it. */
export function onAbort(signal: AbortSignal | undefined, aborted: () => void): () => void {
  if (signal?.aborted) aborted();
  signal?.addEventListener('abort', aborted);
  return () => signal?.removeEventListener('abort', aborted);
}

/** Before what has failed so many times is tried again, in milliseconds. */
export const retryDelay = (failures: number): number => Math.min(1_000 * 2 ** failures, 30_000);
