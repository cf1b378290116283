/** How a part fails: later, or at the call itself. */
export type Failure = 'rejects' | 'throws';

/** A store or broker of which one method fails while `when` says so. */
export function failing<Part extends object>(
  part: Part,
  method: keyof Part,
  how: Failure,
  when: (...args: unknown[]) => boolean = () => true,
): Part {
  return new Proxy(part, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (name !== method || !when(...args)) return value.apply(target, args);
        const error = new Error(`${String(method)} failed`);
        if (how === 'throws') throw error;
        return Promise.reject(error);
      };
    },
  });
}
