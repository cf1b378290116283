import type { Manner } from '../plan.js';
import type { SimProcess } from '../process.js';
import type { Random } from '../random.js';
import type { Schedule } from '../schedule.js';

/** What a channel needs to know of the world. */
export interface ChannelOptions {
  readonly schedule: Schedule;
  /** Who calls. What is answered to it waits while it stands still, and is lost when it is dead. */
  readonly process: SimProcess;
  readonly random: Random;
  readonly manner: () => Manner | undefined;
}

/** A call that `fail`s. */
class PartDown extends Error {
  override readonly name = 'PartDown';
}

/** How long a call is under way, each way, in milliseconds. */
const leastMs = 0.2;
const mostMs = 3;

/**
 * The way from a gateway to a part that is shared: calls take effect in the order in which they were made, and each is answered after a time, too late, or
 * never, as the weather is.
 */
export class Channel {
  #lastEffectMs = 0;
  #lastPushMs = 0;
  #isClosed = false;

  constructor(private readonly options: ChannelOptions) {}

  /** Asks the part to do something. @param work what it does there. */
  call<T>(work: () => T): Promise<T> {
    const { schedule, process, random } = this.options;
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return;
      const manner = this.options.manner();
      if (manner === 'fail') {
        schedule.after(this.#latency(), () => process.run(() => reject(new PartDown('the part is down'))));
        return;
      }
      // Lost on the way there, or on the way back.
      if (manner === 'lost' && random.chance(0.5)) return;
      const slowMs = manner === 'slow' ? random.integer(50, 3_000) : 0;
      const backMs = manner === 'late' ? random.integer(5_000, 20_000) : this.#latency();
      schedule.at(this.#effectMs(manner, slowMs), () => {
        if (this.#isClosed) return;
        const settle = settled(work);
        if (manner !== 'lost') schedule.after(backMs, () => process.run(() => settle(resolve, reject)));
      });
    });
  }

  /** As `call`, but the answer comes in the order of what is pushed: for what begins a stream. */
  open<T>(work: () => T): Promise<T> {
    return this.call(work).then(
      (answer) =>
        new Promise<T>((resolve) => {
          this.push(() => resolve(answer));
        }),
    );
  }

  /** The part tells the gateway something; what is told keeps its order. */
  push(told: () => void): void {
    if (this.#isClosed) return;
    const { schedule, process } = this.options;
    this.#lastPushMs = Math.max(this.#lastPushMs, schedule.nowMs + this.#latency());
    schedule.at(this.#lastPushMs, () => {
      if (!this.#isClosed) process.run(told);
    });
  }

  /** Nothing goes through any more. */
  close(): void {
    this.#isClosed = true;
  }

  /** When a call that is made now takes effect: after all earlier ones, unless it overtakes them, or is overtaken. */
  #effectMs(manner: Manner | undefined, slowMs: number): number {
    const { schedule, random } = this.options;
    const atMs = schedule.nowMs + this.#latency() + slowMs;
    if (manner === 'overtaking') return atMs + random.integer(0, random.pick([20, 3_000, 20_000]));
    this.#lastEffectMs = Math.max(this.#lastEffectMs, atMs);
    return this.#lastEffectMs;
  }

  #latency(): number {
    return leastMs + this.options.random.next() * (mostMs - leastMs);
  }
}

/** Does something now, and says later how it went. */
function settled<T>(work: () => T): (resolve: (answer: T) => void, reject: (error: unknown) => void) => void {
  try {
    const answer = work();
    return (resolve) => resolve(answer);
  } catch (error) {
    return (_resolve, reject) => reject(error);
  }
}
