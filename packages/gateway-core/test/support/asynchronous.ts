import type { Clock } from 'gateway-core';

/**
 * A store or broker as one beyond a network: each of the named methods takes effect after a `wait` and answers after another one. The
 * order of the calls stays.
 */
export function asynchronous<Part extends object>(part: Part, methods: (keyof Part)[], wait: () => Promise<void>): Part {
  return new Proxy(part, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (!methods.includes(name as keyof Part)) return value.bind(target);
      return async (...args: unknown[]) => {
        await wait();
        const answer: unknown = await value.apply(target, args);
        await wait();
        return answer;
      };
    },
  });
}

/** One turn of the machine's event loop. */
export const oneTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A wait of `ms` on a clock. */
export const waitOn = (clock: Clock, ms: number) => () =>
  new Promise<void>((resolve) => {
    clock.setTimeout(resolve, ms);
  });

export const PRESENCE_METHODS = ['enter', 'leave', 'info', 'list', 'touch'] as const;
export const SESSION_METHODS = ['upsert', 'touch', 'list', 'expire'] as const;
export const BROKER_METHODS = ['publish', 'subscribe', 'history'] as const;
