import { reconnectFrame } from './answers.js';
import type { Clock, TimerHandle } from './clock.js';
import type { Connection } from './connection.js';
import { END_CAUSES } from './end-causes.js';
import type { Hub } from './hub.js';
import type { Router } from './router.js';
import type { Slices } from './slices.js';

/** How long clients that are told to go are put together. */
const STEP_MS = 100;
/** What of the grace they are told in, so that the last ones still have time to answer. */
const GRACE_SHARE = 0.8;
/** What of the grace clients of dialect 2 are asked to come back in. */
const ASKED_SHARE = 0.6;
/** And how much later they are closed. */
const LEAVE_SHARE = 0.2;

/**
 * How a gateway ends: not ready, still serving; then refusing; then every client is told, not all in one moment, for they all come back;
 * then what is left is cut.
 */
export class Drain {
  #closing: Promise<void> | undefined;
  /** Nobody is taken in any more: who comes now is told to go at once. */
  #isShut = false;
  /** What is accepted by others than handlers, and goes out before anybody is told to go. */
  readonly #underWay = new Set<Promise<unknown>>();
  /** When the next clients are told to go. */
  #nextStep: TimerHandle | undefined;

  constructor(
    private readonly parts: {
      clock: Clock;
      hub: Hub;
      router: Router;
      slices: Slices;
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
    if (this.#isShut) this.#dismiss(connection);
  }

  /**
   * Ends a connection whose member another one speaks for. In a drain its client is to come back like any other: 4004 would have it stay away
   * where the `ready` of the other connection was lost.
   */
  replaced(connection: Connection): void {
    this.parts.hub.end(connection, this.#isShut ? END_CAUSES.draining : END_CAUSES.replaced);
  }

  async #close(graceMs: number): Promise<void> {
    const { clock, hub, router, delayMs, shut, release } = this.parts;
    if (delayMs > 0) await this.#pause(delayMs);
    shut();
    this.#isShut = true;
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
    const [first, second] = [1, 2].map((dialect) => [...hub.values()].filter((connection) => connection.dialect === dialect)) as [
      Connection[],
      Connection[],
    ];
    const steps = Math.max(1, Math.floor((graceMs * GRACE_SHARE) / STEP_MS));
    const perStep = Math.max(Math.ceil((perSecondMax * STEP_MS) / 1000), Math.ceil(first.length / steps));
    // A client of dialect 2 comes back elsewhere when it is asked to, and is closed a while after that.
    const askedAfterMs = (index: number) => Math.floor((index * graceMs * ASKED_SHARE) / second.length);
    this.#ask(second, askedAfterMs);
    const due = [
      ...first.map((connection, index) => ({ connection, afterMs: Math.floor(index / perStep) * STEP_MS })),
      ...second.map((connection, index) => ({
        connection,
        afterMs: askedAfterMs(index) + Math.floor(graceMs * LEAVE_SHARE),
      })),
    ].sort((a, b) => a.afterMs - b.afterMs);
    const step = (told: number, passedMs: number): void => {
      let next = told;
      for (; next < due.length && (due[next]?.afterMs as number) <= passedMs; next += 1)
        this.#dismiss(due[next]?.connection as Connection);
      if (next < due.length) this.#nextStep = clock.setTimeout(() => step(next, passedMs + STEP_MS), STEP_MS);
    };
    step(0, 0);
  }

  #ask(connections: readonly Connection[], afterMs: (index: number) => number): void {
    const { clock, slices } = this.parts;
    let at = 0;
    slices.add({
      step: (units) => {
        let left = units;
        for (; left > 0 && at < connections.length; at += 1, left -= 1) {
          (connections[at] as Connection).write(reconnectFrame(clock.now(), afterMs(at)));
        }
        return left;
      },
    });
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
