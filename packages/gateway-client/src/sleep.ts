import { Alarm } from './alarm.js';
import type { Connection } from './connection.js';
import type { Context } from './context.js';
import { browserSignals, type PlatformSignal } from './signals.js';
import { CLOSES } from './socket.js';

/**
 * What the platform's signals do. They are hints: one makes an attempt at once or asks whether the connection still lives, and never opens
 * what the application has closed.
 */
export class Sleep {
  readonly #hide: Alarm;
  #isHidden = false;
  #forcedAt = Number.NEGATIVE_INFINITY;
  #end: (() => void) | undefined;

  /** @param isBusy whether something is pending that a hidden page should wait for. */
  constructor(
    private readonly context: Context,
    private readonly connection: Connection,
    private readonly isBusy: () => boolean,
  ) {
    this.#hide = new Alarm(context.clock);
    connection.onActive = (active) => (active ? this.#start() : this.#stop());
  }

  #start(): void {
    const { options, dispatcher } = this.context;
    const source = options.signals === undefined ? browserSignals : options.signals;
    this.#end = source?.subscribe((signal) => dispatcher.enter(() => this.#hear(signal)));
  }

  #stop(): void {
    this.#end?.();
    this.#end = undefined;
    this.#hide.clear();
    this.#isHidden = false;
    this.connection.delayMinMs = 0;
  }

  #hear(signal: PlatformSignal): void {
    const { connection, context } = this;
    if (signal === 'wake' || signal === 'hide') this.#isHidden = signal === 'hide';
    if (signal === 'online' || signal === 'offline') connection.status.set({ network: signal === 'online' });
    const isAway = this.#isHidden || !connection.status.store.get().network;
    connection.delayMinMs = isAway ? context.timings.hiddenDelayMs : 0;
    if (signal === 'wake' || signal === 'online') this.#wake();
    // Its word alone closes nothing: links stay up that a platform calls down.
    else if (signal === 'offline') connection.upkeep.liveness.probe();
    else if (signal === 'hide') this.#hidden(context.options.hiddenTimeoutMs ?? Number.POSITIVE_INFINITY);
    else connection.suspend(signal === 'leave' && context.options.onPageHide !== 'drop' ? CLOSES.leave : CLOSES.suspended);
  }

  #hidden(timeoutMs: number): void {
    if (timeoutMs === Number.POSITIVE_INFINITY) return;
    this.#hide.set(timeoutMs, () => {
      if (this.isBusy()) this.#hidden(this.context.timings.wakeIntervalMs);
      else this.context.dispatcher.enter(() => this.connection.suspend(CLOSES.suspended));
    });
  }

  #wake(): void {
    const { connection, context } = this;
    const { staleAttemptMs, wakeIntervalMs } = context.timings;
    this.#hide.clear();
    const now = context.clock.monotonicMs();
    const { state, attempt } = connection;
    if (state === 'online') {
      connection.upkeep.liveness.probe();
      return;
    }
    if (attempt !== undefined) {
      // One that was begun before the sleep may hang for long: give it up rather than wait for it.
      if (now - attempt.startedAt <= staleAttemptMs) return;
      connection.drop({ text: 'given up for a new attempt' }, CLOSES.givenUp);
    }
    if (connection.state !== 'waiting' && connection.state !== 'suspended') return;
    const waitMs = this.#forcedAt + wakeIntervalMs - now;
    if (waitMs > 0 && state !== 'suspended') {
      connection.waitFor(waitMs);
      return;
    }
    this.#forcedAt = now;
    connection.again('reconnect', true);
  }
}
