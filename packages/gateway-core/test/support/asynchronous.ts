import type { Clock } from 'gateway-core';

type Wait = () => Promise<void>;

/** When a part takes a call up, and when it answers. */
export interface Pace {
  /** Before the call takes effect. Default: it does at once. */
  readonly before?: Wait;
  /** After that, and before its answer. Default: nothing. */
  readonly after?: Wait;
}

/** One turn of the machine's event loop. */
export const oneTurn: Wait = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A wait of `ms` on a clock. */
export const waitOn =
  (clock: Clock, ms: number): Wait =>
  () =>
    new Promise<void>((resolve) => {
      clock.setTimeout(resolve, ms);
    });

const forEver: Wait = () => new Promise<void>(() => {});

/** Takes effect and answers in the call, as parts in memory do. */
export const sync: Pace = {};
/** Takes effect in the next turn, and answers in the one after it. No time passes. */
export const nextTurn: Pace = { before: oneTurn, after: oneTurn };
/** Takes effect after `ms`, and answers after as much again, as beyond a network. */
export const delayed = (clock: Clock, ms: number): Pace => ({ before: waitOn(clock, ms), after: waitOn(clock, ms) });
/** Takes effect at once, and answers only after `ms`: for one that comes after the time limit of the call. */
export const late = (clock: Clock, ms: number): Pace => ({ after: waitOn(clock, ms) });
/** Neither takes effect nor answers: the request was lost. */
export const never: Pace = { before: forEver };
/** Takes effect, and does not answer: the answer was lost. */
export const unanswered: Pace = { after: forEver };

/** The calls that paced parts have not answered yet. */
export interface PendingCalls {
  pending: number;
}

/** A function at a pace, such as a hook. */
export function pacedFunction<Args extends unknown[], Answer>(
  call: (...args: Args) => Answer,
  { before, after }: Pace,
  calls: PendingCalls = { pending: 0 },
): (...args: Args) => Answer | Promise<Awaited<Answer>> {
  if (before === undefined && after === undefined) return call;
  return async (...args): Promise<Awaited<Answer>> => {
    calls.pending += 1;
    try {
      if (before !== undefined) await before();
      const answer = await call(...args);
      await after?.();
      return answer;
    } finally {
      calls.pending -= 1;
    }
  };
}

/**
 * A store or broker at a pace: each of the named methods, and of their calls those that `when` is true of. The order of the calls stays,
 * among those of one pace.
 */
export function paced<Part extends object>(
  part: Part,
  methods: readonly (keyof Part)[],
  pace: Pace,
  { calls, when = () => true }: { calls?: PendingCalls; when?: (...args: unknown[]) => boolean } = {},
): Part {
  return new Proxy(part, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const call: (...args: unknown[]) => unknown = value.bind(target);
      if (!methods.includes(name as keyof Part)) return call;
      const atPace = pacedFunction(call, pace, calls);
      return (...args: unknown[]) => (when(...args) ? atPace(...args) : call(...args));
    },
  });
}

/** A store or broker as one beyond a network: each of the named methods takes effect after a `wait` and answers after another one. */
export function asynchronous<Part extends object>(part: Part, methods: (keyof Part)[], wait: Wait): Part {
  return paced(part, methods, { before: wait, after: wait });
}

/** A store or broker that calls back twice: whatever a method is given to call, a function or an object of them. */
export function twice<Part extends object>(part: Part, method: keyof Part): Part {
  return new Proxy(part, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name !== method) return value.bind(target);
      return (...args: unknown[]) => value.apply(target, args.map(calledTwice));
    },
  });
}

function calledTwice(callback: unknown): unknown {
  if (typeof callback === 'function') {
    return (...args: unknown[]) => {
      callback(...args);
      return callback(...args);
    };
  }
  if (typeof callback !== 'object' || callback === null) return callback;
  return new Proxy(callback, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? calledTwice(value.bind(target)) : value;
    },
  });
}

export const PRESENCE_METHODS = ['enter', 'leave', 'info', 'list', 'touch'] as const;
export const MEMBER_METHODS = ['put', 'find', 'takeOver', 'end', 'expire', 'touch'] as const;
export const SESSION_METHODS = ['upsert', 'touch', 'list', 'expire'] as const;
export const BROKER_METHODS = ['publish', 'subscribe', 'history'] as const;
