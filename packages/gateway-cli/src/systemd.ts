import { execFile } from 'node:child_process';
import type { Logger } from 'gateway-protocol';
import type { Environment } from './setting.js';

/** What systemd is told of a service with `Type=notify` (sd_notify(3)). */
export interface SystemdLink {
  /** Clients are taken. With `WatchdogSec=` it is told from now on that the event loop turns. */
  ready(): void;
  /** It drains. */
  stopping(): void;
  /** Tells nothing any more. */
  off(): void;
}

/** A watchdog is fed twice in its time, as sd_watchdog_enabled(3) asks. */
const WATCHDOG_SHARE = 2;
/** Each time costs a process; where systemd is slow to hear, so many wait for it. */
const FEED_MIN_MS = 100;
const FEEDING_MAX = 2;
/** The longest delay that a timer takes; `WatchdogSec=infinity` is longer. */
const FEED_MAX_MS = 2 ** 31 - 1;
/** Until systemd has heard; one that does not listen must not keep this process from ending. */
const HEARD_MS = 10_000;

/**
 * By the program `systemd-notify`, since Node has no datagram sockets of Unix: the unit needs `NotifyAccess=all`. Where systemd did not start this
 * process, or the unit is not of `Type=notify`, nothing is done.
 * @param heardMs how long it may take.
 */
export function systemdLink(env: Environment, logger: Logger, heardMs = HEARD_MS): SystemdLink {
  let watchdog: NodeJS.Timeout | undefined;
  let feeding = 0;
  let hasFailed = false;
  const tell = (state: string, told = () => {}) => {
    if ((env.NOTIFY_SOCKET ?? '') === '') return;
    // It waits until systemd has looked who tells: of a process that is gone by then, systemd believes nothing.
    execFile('systemd-notify', [state], { env: { ...env }, timeout: heardMs, killSignal: 'SIGKILL' }, (error) => {
      told();
      if (error === null || hasFailed) return;
      hasFailed = true;
      logger.warn('systemd could not be told: systemd-notify has failed', { error: error.message });
    });
  };
  const feed = () => {
    if (feeding >= FEEDING_MAX) return;
    feeding += 1;
    tell('WATCHDOG=1', () => {
      feeding -= 1;
    });
  };
  return {
    ready() {
      tell('READY=1');
      const feedMs = feedMsOf(env);
      if (feedMs === undefined || (env.NOTIFY_SOCKET ?? '') === '') return;
      watchdog = setInterval(feed, feedMs);
      watchdog.unref();
    },
    stopping: () => tell('STOPPING=1'),
    off: () => clearInterval(watchdog),
  };
}

/** `undefined`: there is no watchdog, or it is another process's. */
function feedMsOf({ WATCHDOG_USEC = '', WATCHDOG_PID }: Environment): number | undefined {
  const isOurs = WATCHDOG_PID === undefined || Number(WATCHDOG_PID) === process.pid;
  if (!isOurs || !/^\d+$/.test(WATCHDOG_USEC) || Number(WATCHDOG_USEC) === 0) return undefined;
  return Math.min(Math.max(Number(WATCHDOG_USEC) / 1_000 / WATCHDOG_SHARE, FEED_MIN_MS), FEED_MAX_MS);
}
