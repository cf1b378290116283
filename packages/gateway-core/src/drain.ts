import type { Clock, TimerHandle } from './clock.js';
import type { Connection } from './connection.js';
import { END_CAUSES } from './end-causes.js';
import type { Hub } from './hub.js';
import type { Router } from './router.js';

/** How long clients that are told to go are put together. */
const STEP_MS = 100;
/** What of the grace they are told in, so that the last ones still have time to answer. */
const GRACE_SHARE = 0.8;

/**
 * How a gateway ends: not ready, still serving; then refusing; then every client is told, not all in one moment, for they all come back;
 * then what is left is cut.
 */
export class Drain {
  #closing: Promise<void> | undefined;
  /** Who comes now is told to go at once. */
  #tellsAll = false;
  /** What is accepted by others than handlers, and goes out before anybody is told to go. */
  readonly #underWay = new Set<Promise<unknown>>();
  /** When the next clients are told to go. */
  #nextStep: TimerHandle | undefined;

  constructor(
    private readonly parts: {
      clock: Clock;
      hub: Hub;
      router: Router;
      delayMs: number;
      perSecondMax: number;
      /** Refuses who comes from now on. */
      shut: () => void;
      /** No socket is left: lets go of everything. */
      release: () => Promise<void>;
    },
  ) {}

  /** Whether `close` was called. */
  get begun(): boolean {
    return this.#closing !== undefined;
  }

  close(graceMs: number): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  /** @returns a promise that settles as `publishing` does. */
  waitFor<T>(publishing: Promise<T>): Promise<T> {
    this.#underWay.add(publishing);
    return publishing.finally(() => this.#underWay.delete(publishing));
  }

  /** One that comes through a door that was open a moment ago. */
  came(connection: Connection): void {
    if (this.#tellsAll) this.#dismiss(connection);
  }

  async #close(graceMs: number): Promise<void> {
    const { clock, hub, router, delayMs, shut, release } = this.parts;
    if (delayMs > 0) await this.#pause(delayMs);
    shut();
    this.#tellsAll = true;
    const deadline = clock.setTimeout(() => {
      clock.clearTimeout(this.#nextStep);
      for (const connection of [...hub.values()]) hub.end(connection, END_CAUSES.draining);
      hub.terminateAll();
    }, graceMs);
    // What handlers have begun, or the server has published, is accepted and goes out first.
    void Promise.allSettled([router.settled(), ...this.#underWay]).then(() => this.#tell(graceMs));
    await hub.empty();
    clock.clearTimeout(deadline);
    // Clients may all go before their turn has come.
    clock.clearTimeout(this.#nextStep);
    await release();
  }

  /** Tells clients step by step, so that they do not all come back in one moment. */
  #tell(graceMs: number): void {
    const { clock, hub, perSecondMax } = this.parts;
    const connections = [...hub.values()];
    const steps = Math.max(1, Math.floor((graceMs * GRACE_SHARE) / STEP_MS));
    const perStep = Math.max(Math.ceil((perSecondMax * STEP_MS) / 1000), Math.ceil(connections.length / steps));
    const step = (told: number): void => {
      const next = told + perStep;
      for (const connection of connections.slice(told, next)) this.#dismiss(connection);
      if (next < connections.length) this.#nextStep = clock.setTimeout(() => step(next), STEP_MS);
    };
    step(0);
  }

  /** Closes a connection once it has everything, as slow as it is; the deadline does not wait. */
  #dismiss(connection: Connection): void {
    if (connection.catchUp()) this.parts.hub.end(connection, END_CAUSES.draining);
    else void connection.untilFree().then(() => this.#dismiss(connection));
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.parts.clock.setTimeout(resolve, ms));
  }
}
