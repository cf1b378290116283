import { type Attempt, CLOSES, type Loss } from './attempt.js';
import { type Context, createAlarm } from './context.js';
import type { State } from './machine.js';
import { browserSignals, type PlatformSignal } from './signals.js';
import type { Status } from './status.js';

/** What it needs of the connection. */
export interface SleepLink {
  state(): State;
  attempt(): Attempt | undefined;
  probe(): void;
  /** Gives the connection up, as a drop. */
  drop(loss: Loss, code: number): void;
  /** Nothing is tried until it wakes. */
  suspend(code: number): void;
  /** An attempt in `delayMs`, where one is waited for. */
  waitFor(delayMs: number): void;
  /** An attempt now, counted from the first. */
  anew(): void;
  /** Whether something is pending that a hidden page should wait for. */
  isBusy(): boolean;
}

/**
 * What the platform's signals do. They are hints: one makes an attempt at once or asks whether the connection still lives, and never opens
 * what the application has closed.
 */
export interface Sleep {
  start(): void;
  stop(): void;
  /** Whether attempts are to be rare. */
  isAway(): boolean;
}

export function createSleep(context: Context, status: Status, link: SleepLink): Sleep {
  const hide = createAlarm(context);
  let isHidden = false;
  let forcedAt = Number.NEGATIVE_INFINITY;
  let end: (() => void) | undefined;

  const hidden = (timeoutMs: number) =>
    hide(timeoutMs, () => (link.isBusy() ? hidden(context.timings.wakeIntervalMs) : link.suspend(CLOSES.suspended)));
  const wake = () => {
    const state = link.state();
    const now = context.clock.monotonicMs();
    hide();
    if (state === 'online') return link.probe();
    if (state === 'trying') {
      // One that was begun before the sleep may hang for long: give it up rather than wait for it.
      if (now - (link.attempt()?.startedAt ?? now) <= context.timings.staleAttemptMs) return;
      link.drop({ text: 'given up for a new attempt' }, CLOSES.givenUp);
    }
    const waitMs = forcedAt + context.timings.wakeIntervalMs - now;
    if (waitMs > 0 && state !== 'suspended') return link.waitFor(waitMs);
    forcedAt = now;
    link.anew();
  };

  const actions: Readonly<Record<PlatformSignal, () => void>> = {
    wake() {
      isHidden = false;
      wake();
    },
    hide() {
      isHidden = true;
      hidden(context.options.hiddenTimeoutMs ?? Number.POSITIVE_INFINITY);
    },
    online() {
      status.set({ network: true });
      wake();
    },
    offline() {
      status.set({ network: false });
      // Its word alone closes nothing: links stay up that a platform calls down.
      if (link.state() === 'online') link.probe();
    },
    freeze: () => link.suspend(CLOSES.suspended),
    leave: () => link.suspend(context.options.onPageHide === 'drop' ? CLOSES.suspended : CLOSES.leave),
  };

  return {
    start() {
      // What was said before may be over: nobody listened.
      status.set({ network: true });
      const { signals = browserSignals } = context.options;
      end = signals?.subscribe((signal) => context.enter(actions[signal]));
    },
    stop() {
      end?.();
      end = undefined;
      hide();
      isHidden = false;
    },
    isAway: () => isHidden || !status.store.get().network,
  };
}
