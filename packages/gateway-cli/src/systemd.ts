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

/**
 * By the program `systemd-notify`, since Node has no datagram sockets of Unix: the unit needs `NotifyAccess=all`. Where systemd did not start this
 * process, or the unit is not of `Type=notify`, nothing is done.
 */
export function systemdLink(env: Environment, logger: Logger): SystemdLink {
  let watchdog: NodeJS.Timeout | undefined;
  let hasFailed = false;
  const tell = (state: string) => {
    if ((env.NOTIFY_SOCKET ?? '') === '') return;
    // It waits until systemd has looked who tells: of a process that is gone by then, systemd believes nothing.
    execFile('systemd-notify', [state], { env: { ...env } }, (error) => {
      if (error === null || hasFailed) return;
      hasFailed = true;
      logger.warn('systemd could not be told: systemd-notify has failed', { error: error.message });
    });
  };
  return {
    ready() {
      tell('READY=1');
      const watchdogUs = Number(env.WATCHDOG_USEC ?? 0);
      const isOurs = env.WATCHDOG_PID === undefined || Number(env.WATCHDOG_PID) === process.pid;
      if (!(watchdogUs > 0) || !isOurs) return;
      watchdog = setInterval(() => tell('WATCHDOG=1'), watchdogUs / 1_000 / WATCHDOG_SHARE);
      watchdog.unref();
    },
    stopping: () => tell('STOPPING=1'),
    off: () => clearInterval(watchdog),
  };
}
