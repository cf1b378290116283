import type { Context } from './context.js';
import type { GatewayClientError } from './errors.js';

/**
 * A promise that is never an unhandled rejection, and never fails in silence either: where nobody awaits it, its failure is an `error`
 * event of the client.
 */
export class Promised<Value> extends Promise<Value> {
  /** What `then` makes is an ordinary promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  static make<Value>(context: Context): Promised<Value> {
    let settle: Pick<Promised<Value>, 'resolve' | 'reject'> | undefined;
    const promised = new Promised<Value>((resolve, reject) => {
      settle = { resolve, reject };
    });
    promised.resolve = settle!.resolve;
    promised.reject = (error) => {
      // A handler is added first, or this would be an unhandled rejection.
      Promise.prototype.then.call(promised, undefined, () => {});
      settle!.reject(error);
      // `await` adds its handler a few microtasks later.
      context.clock.setTimeout(() => {
        if (!promised.#isAwaited) context.report(error);
      }, 0);
    };
    return promised;
  }

  #isAwaited = false;
  resolve!: (value: Value) => void;
  reject!: (error: GatewayClientError) => void;

  // biome-ignore lint/suspicious/noThenProperty: it is a promise, and says whether anybody waits for it.
  override then<One = Value, Other = never>(
    fulfilled?: ((value: Value) => One | PromiseLike<One>) | null,
    rejected?: ((reason: unknown) => Other | PromiseLike<Other>) | null,
  ): Promise<One | Other> {
    this.#isAwaited = true;
    return super.then(fulfilled, rejected);
  }
}
