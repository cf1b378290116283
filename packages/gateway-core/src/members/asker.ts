import { isPromise, type MaybePromise } from '../maybe-promise.js';
import type { PartTimeouts } from '../part-timeouts.js';

/** Asks a store within the time limit of a part. What fails is reported, and answered with what is said for that. */
export class Asker {
  constructor(
    private readonly timeouts: PartTimeouts,
    private readonly report: (error: unknown, where: string) => void,
  ) {}

  ask<T, O>(where: string, call: () => MaybePromise<T>, otherwise: O, failed: () => void = () => {}): MaybePromise<T | O> {
    const fail = (error: unknown): O => {
      this.report(error, where);
      failed();
      return otherwise;
    };
    try {
      const answer = this.timeouts.limit(call(), where);
      return isPromise(answer) ? answer.catch(fail) : answer;
    } catch (error) {
      return fail(error);
    }
  }
}
