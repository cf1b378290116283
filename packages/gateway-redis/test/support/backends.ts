import { randomUUID } from 'node:crypto';
import { backendOf } from '../../src/backend.js';
import type { RedisBackend, RedisBackendOptions } from '../../src/index.js';

/** Short where a test would wait for them. */
const TIMINGS = { auditIntervalMs: 100, sweepIntervalMs: 20, probeIntervalMs: 150, reconnectMaxMs: 200 };

/** Backends on one server, and the time that passes for it. */
export class Backends {
  readonly #all = new Set<RedisBackend>();
  /** By what they gave: whoever closes a part closes its backend. */
  readonly #prefixes = new WeakMap<object, string>();
  skewMs = 0;

  constructor(
    private readonly url: string,
    private readonly user: { username?: string; password?: string } = {},
  ) {}

  make({ timings, ...options }: Partial<RedisBackendOptions> = {}): RedisBackend {
    const prefix = options.prefix ?? randomUUID();
    const all = { url: this.url, ...this.user, ...options, prefix, timings: { ...TIMINGS, ...timings } };
    const backend = backendOf(all, { skewMs: () => this.skewMs });
    this.#all.add(backend);
    return backend;
  }

  /** One part of a backend of its own, whose `close` closes that. */
  part<Name extends keyof RedisBackend['parts']>(
    name: Name,
    prefix: string = randomUUID(),
    options: Partial<RedisBackendOptions> = {},
  ) {
    const backend = this.make({ ...options, prefix });
    const part = backend.parts[name];
    this.#prefixes.set(part, prefix);
    part.close = () => backend.close();
    return part;
  }

  prefixOf(part: object): string {
    return this.#prefixes.get(part) as string;
  }

  close(): void {
    for (const backend of this.#all) backend.close();
  }
}
