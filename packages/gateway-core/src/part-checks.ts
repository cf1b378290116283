import { invalidOption } from './errors.js';

/** @throws GatewayError `INVALID_OPTION`, where a part lacks a method, or another part that it needs. */
export function checkParts(options: Readonly<Record<string, unknown>>): void {
  const parts: [name: string, methods: string[]][] = [
    ['server', ['on', 'emit', 'listenerCount']],
    ['presence', ['enter', 'leave', 'info', 'list', 'touch', 'watch']],
    ['members', ['put', 'find', 'takeOver', 'end', 'expire', 'touch', 'onReplaced']],
    ['sessions', ['upsert', 'touch', 'list', 'expire']],
    ['broker', ['publish', 'subscribe', 'history']],
    ['tracer', ['message', 'delivery']],
    ['logger', ['debug', 'info', 'warn', 'error']],
    ['clock', ['now', 'monotonicMs', 'setTimeout', 'clearTimeout', 'setImmediate']],
  ];
  for (const [name, methods] of parts) {
    const part = options[name] as Record<string, unknown> | undefined;
    if (part === undefined) continue;
    const missing = methods.find((method) => typeof part?.[method] !== 'function');
    if (missing !== undefined) throw invalidOption(name, `must have a method ${missing}()`);
  }
  // Who came from another gateway would find neither its messages nor its place there.
  if (options.members !== undefined && (options.broker === undefined || options.presence === undefined)) {
    throw invalidOption('members', 'needs a broker and a presence store that the same gateways share');
  }
  for (const name of ['authenticate', 'authorize', 'generateId'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'function') throw invalidOption(name, 'must be a function');
  }
}
