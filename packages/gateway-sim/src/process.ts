import type { Clock } from 'gateway-core';
import type { Timer } from 'gateway-core/testing';
import type { Schedule } from './schedule.js';

/** Where virtual time begins, in Unix milliseconds: 2026-01-01T00:00:00Z. */
export const START = Date.UTC(2026, 0, 1);

/** What a process' clock is like. */
export interface ClockFault {
  /** How far its wall clock is ahead of the true time, in milliseconds. */
  offsetMs: number;
  /** How fast its clocks go: 1.01 gains 10 ms a second. */
  rate: number;
}

/** A timer that is due while its process stands still is the one that runs first after it. */
interface Pending {
  timer: Timer | undefined;
  readonly task: () => void;
}

/**
 * A process of the simulation, with a clock of its own: it can stand still (as by SIGSTOP, or a laptop's sleep), its clocks can be wrong, and it can
 * die. What is meant for it goes through `run`.
 */
export class SimProcess implements Clock {
  readonly #timers = new Set<Pending>();
  /** Of those, who sleeps. */
  readonly #sleeping = new Set<Pending>();
  #mayWake = true;
  /** What has become due while it stood still. */
  #held: (() => void)[] = [];
  #isPaused = false;
  #isDead = false;
  #offsetMs: number;
  readonly #rate: number;

  constructor(
    readonly name: string,
    private readonly schedule: Schedule,
    { offsetMs, rate }: ClockFault = { offsetMs: 0, rate: 1 },
  ) {
    this.#offsetMs = offsetMs;
    this.#rate = rate;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  now(): number {
    return Math.floor(START + this.#offsetMs + this.monotonicMs());
  }

  monotonicMs(): number {
    return this.schedule.nowMs * this.#rate;
  }

  setTimeout(task: () => void, delayMs: number): Pending {
    const pending: Pending = { timer: undefined, task };
    if (this.#isDead) return pending;
    this.#timers.add(pending);
    // As in Node: a delay that is none is the shortest.
    const delay = Math.max(delayMs || 0, 0);
    pending.timer = this.schedule.after(delay / this.#rate, () => this.run(() => this.#fire(pending)));
    return pending;
  }

  clearTimeout(timer: unknown): void {
    const pending = timer as Pending | undefined;
    if (pending === undefined || pending === null || !this.#timers.delete(pending)) return;
    if (pending.timer !== undefined) this.schedule.cancel(pending.timer);
  }

  setImmediate(task: () => void): void {
    this.schedule.after(0, () => this.run(task));
  }

  /** Resolves after so long by its own clock; where the process has died, never. No timer that is left behind. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isDead || !this.#mayWake) return;
      const pending = this.setTimeout(() => {
        this.#sleeping.delete(pending);
        resolve();
      }, ms);
      this.#sleeping.add(pending);
    });
  }

  /** Who sleeps, or does so later, wakes no more. */
  endSleep(): void {
    this.#mayWake = false;
    for (const pending of this.#sleeping) this.clearTimeout(pending);
    this.#sleeping.clear();
  }

  /** Timers that are set. */
  get pendingTimers(): number {
    return this.#timers.size - this.#sleeping.size;
  }

  /** Does something in the process: now, once it goes on again, or never where it is dead. */
  run(task: () => void): void {
    if (this.#isDead) return;
    if (this.#isPaused) this.#held.push(task);
    else task();
  }

  /** Stands still until `resume`. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    // Each as a task of its own, in the order in which they became due.
    for (const task of this.#held.splice(0)) this.schedule.after(0, () => this.run(task));
  }

  /** Its wall clock jumps; its monotonic one does not. */
  jump(ms: number): void {
    this.#offsetMs += ms;
  }

  /** Nothing of it runs any more. */
  kill(): void {
    this.#isDead = true;
    this.#held = [];
    this.#sleeping.clear();
    for (const pending of [...this.#timers]) this.clearTimeout(pending);
  }

  #fire(pending: Pending): void {
    if (this.#timers.delete(pending)) pending.task();
  }
}
