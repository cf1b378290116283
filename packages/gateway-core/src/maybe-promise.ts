/** A store may answer at once or later. In-memory ones answer at once and cost no promise. */
export type MaybePromise<T> = T | Promise<T>;

export function isPromise<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof (value as Promise<T> | undefined)?.then === 'function';
}

/** Goes on with a value: at once where it is there, so that what answers at once costs no promise. */
export function whenKnown<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return isPromise(value) ? value.then(next) : next(value);
}

/** Makes a call and goes on with its answer or its failure: at once, or when it settles. */
export function whenDone<T>(call: () => MaybePromise<T>, done: (answer: T) => void, failed: (error: unknown) => void): void {
  let answer: MaybePromise<T>;
  try {
    answer = call();
  } catch (error) {
    failed(error);
    return;
  }
  if (isPromise(answer)) answer.then(done, failed);
  else done(answer);
}

/** Makes a call of which only the failure is of interest. */
export function whenFailed(call: () => MaybePromise<unknown>, failed: (error: unknown) => void): void {
  whenDone(call, () => {}, failed);
}
