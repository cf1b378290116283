import type { Clock } from 'gateway-core';
import { RedisBackendError } from './errors.js';
import type { Link } from './link.js';

/** Intervals that a probe waits for at most, where one after the other comes to nothing. */
const BACKOFF_MAX = 10;

/**
 * Finds a connection that is well and leads to a server that nobody publishes to, as one that was demoted: only what comes through the path of
 * messages proves that what is published is heard.
 */
export class Probe {
  #commands: Link | undefined;
  #hearing: Link | undefined;
  #incarnation = '';
  #heardAt = 0;
  #isAsked = false;
  #backoff = 1;

  constructor(
    private readonly clock: Clock,
    private readonly intervalMs: number,
    /** The channel that it publishes to. */
    private readonly inbox: string,
    private readonly lost: (link: Link, error: Error) => void,
  ) {}

  begin(commands: Link, hearing: Link, incarnation: string): void {
    this.#commands = commands;
    this.#hearing = hearing;
    this.#incarnation = incarnation;
    this.#heardAt = this.clock.monotonicMs();
    this.#isAsked = false;
  }

  heard(): void {
    this.#heardAt = this.clock.monotonicMs();
    this.#isAsked = false;
    this.#backoff = 1;
  }

  sweep(now: number): void {
    const commands = this.#commands;
    const hearing = this.#hearing;
    if (commands === undefined || hearing === undefined || commands.isDead || hearing.isDead) return;
    const silentMs = now - this.#heardAt;
    if (!this.#isAsked && silentMs >= this.intervalMs) {
      this.#isAsked = true;
      // One that fails proves nothing.
      commands.send(['PUBLISH', this.inbox, '']).catch(() => {
        this.#isAsked = false;
      });
      void this.#checkServer(commands, hearing);
    } else if (this.#isAsked && silentMs >= this.intervalMs * (1 + this.#backoff)) {
      this.#backoff = Math.min(BACKOFF_MAX, 2 * this.#backoff);
      this.lost(hearing, new Error('nothing of what is published is heard'));
    }
  }

  /** The server under an open connection may have become a replica, and a primary again. */
  async #checkServer(commands: Link, hearing: Link): Promise<void> {
    try {
      const servers = await Promise.all([commands.server(), hearing.server()]);
      if (servers.every(({ incarnation }) => this.#incarnation.startsWith(`${incarnation}:`))) return;
      this.lost(commands, new Error('the server is no longer what it was'));
    } catch (error) {
      if (error instanceof RedisBackendError && error.code === 'UNUSABLE') this.lost(commands, error);
    }
  }
}
