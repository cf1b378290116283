import type { Clock, TimerHandle } from './clock.js';
import { Durations } from './durations.js';
import { GatewayError } from './errors.js';
import { isPromise, type MaybePromise } from './maybe-promise.js';
import type { MessageSpan } from './tracer.js';

/** Bounds the wait for a part: a hook, a store, the broker. */
export class PartTimeouts {
  /** What is waited for, by its timer. */
  readonly #waiting = new Map<TimerHandle, (error: GatewayError) => void>();
  /** How long parts took that did not answer at once, by what was asked. */
  readonly durations = new Durations();
  #isClosed = false;

  constructor(
    private readonly clock: Clock,
    /** `timings.partTimeoutMs`. */
    private readonly timeoutMs: number,
  ) {}

  /**
   * Answers as the part does, or rejects with `PART_TIMEOUT` where that takes too long; what it answers later is ignored. An answer that
   * is there already costs neither a timer nor a promise.
   */
  limit<T>(answer: MaybePromise<T>, where: string): MaybePromise<T> {
    if (!isPromise(answer)) return answer;
    if (this.#isClosed) {
      answer.then(undefined, () => {});
      return Promise.reject(closed());
    }
    const askedAt = this.clock.monotonicMs();
    return new Promise((resolve, reject) => {
      const timer = this.clock.setTimeout(() => {
        this.#waiting.delete(timer);
        this.durations.took(where, this.timeoutMs);
        reject(new GatewayError('PART_TIMEOUT', `${where}: no answer within timings.partTimeoutMs (${this.timeoutMs})`));
      }, this.timeoutMs);
      this.#waiting.set(timer, reject);
      const done = () => {
        if (!this.#waiting.delete(timer)) return;
        this.clock.clearTimeout(timer);
        this.durations.took(where, this.clock.monotonicMs() - askedAt);
      };
      answer.then(
        (value) => {
          done();
          resolve(value);
        },
        (error: unknown) => {
          done();
          reject(error);
        },
      );
    });
  }

  /** Makes a call as `limit` bounds it, in a span of the message's trace where that is recorded. */
  ask<T>(span: MessageSpan | undefined, where: string, call: () => MaybePromise<T>): MaybePromise<T> {
    return span === undefined ? this.limit(call(), where) : span.part(where, () => this.limit(call(), where));
  }

  /** Waits for nothing any more, and for nothing that is asked later: the gateway has closed. */
  close(): void {
    this.#isClosed = true;
    for (const [timer, reject] of this.#waiting) {
      this.clock.clearTimeout(timer);
      reject(closed());
    }
    this.#waiting.clear();
  }
}

function closed(): GatewayError {
  return new GatewayError('CLOSED', 'the gateway is closed');
}
