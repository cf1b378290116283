type Method = (...args: unknown[]) => unknown;

/**
 * Puts a function in front of a method of an object that others use too.
 * @param around gets the arguments, and what calls the method with them.
 * @returns what undoes it.
 */
export function wrapMethod(object: object, name: string, around: (args: unknown[], call: () => unknown) => unknown): () => void {
  const methods = object as Record<string, Method | undefined>;
  const method = methods[name] as Method;
  const wasOwn = Object.hasOwn(object, name);
  let wrapped = true;
  const wrapper = (...args: unknown[]): unknown => {
    const call = () => Reflect.apply(method, object, args);
    return wrapped ? around(args, call) : call();
  };
  methods[name] = wrapper;
  return () => {
    wrapped = false;
    // Somebody else may have wrapped it since; then the wrapper stays and only passes on.
    if (methods[name] !== wrapper) return;
    if (wasOwn) methods[name] = method;
    else delete methods[name];
  };
}
