import type { Duplex } from 'node:stream';
import { type Clock, MemoryBroker, MemoryMemberStore, MemoryPresenceStore, MemorySessionStore, systemClock } from 'gateway-core';
import { Feeds } from './feeds.js';
import { ServedWorker } from './served-worker.js';
import type { SharedParts } from './shared-parts.js';

/** Options of a {@link PartsServer}; everything has a default. */
export interface PartsServerOptions {
  /** Default: new ones. */
  parts?: Partial<SharedParts> | undefined;
  /** How long members of a worker that died may come back, in milliseconds: as the gateways' `resumeTtlMs`. Default 15,000. */
  resumeTtlMs?: number | undefined;
  /** What may wait in the socket to one worker, in bytes; beyond it that worker is sent no log entries until half of it is gone. Default 4 MiB. */
  backlogBytesMax?: number | undefined;
  /** Default: the machine's time. */
  clock?: Clock | undefined;
}

/** Owns what the gateways of several processes share, and answers each over one socket. The other end is `connectParts`. */
export class PartsServer {
  readonly #parts: SharedParts;
  readonly #feeds: Feeds;
  readonly #workers = new Set<ServedWorker>();
  readonly #settings: { clock: Clock; resumeTtlMs: number; backlogBytesMax: number };

  constructor(options: PartsServerOptions = {}) {
    const { parts = {}, clock = systemClock, resumeTtlMs = 15_000, backlogBytesMax = 4 * 1024 * 1024 } = options;
    this.#settings = { clock, resumeTtlMs, backlogBytesMax };
    this.#parts = {
      broker: parts.broker ?? new MemoryBroker({ clock }),
      presence: parts.presence ?? new MemoryPresenceStore({ clock }),
      sessions: parts.sessions ?? new MemorySessionStore({ clock }),
      members: parts.members ?? new MemoryMemberStore({ clock }),
    };
    this.#feeds = new Feeds(this.#parts.broker);
  }

  /** Groups that some worker has subscribed to. */
  get groups(): number {
    return this.#feeds.size;
  }

  /**
   * Serves a worker over a socket. When that closes the worker is gone: its connected members have dropped in that moment, and may be
   * resumed elsewhere for `resumeTtlMs`.
   * @param closed is told then, with what was wrong.
   */
  accept(socket: Duplex, closed: (error: Error | undefined) => void = () => {}): void {
    const worker = new ServedWorker(socket, this.#parts, this.#feeds, this.#settings, (error) => {
      this.#workers.delete(worker);
      closed(error);
    });
    this.#workers.add(worker);
  }

  /** Ends the links to all workers. */
  close(): void {
    for (const worker of this.#workers) worker.close();
  }
}
