import type { Io } from './io.js';
import { type EndSignals, endSignals, onSignals } from './signals.js';

/** What a server does at the signals that do not make it drain. */
export interface ServerSignalListeners {
  /** One to drain came while it drains. */
  exitNow(signal: NodeJS.Signals): void;
  /** SIGHUP where there is no terminal that could be gone. */
  reload(signal: NodeJS.Signals): void;
  /** SIGUSR2. */
  stats(signal: NodeJS.Signals): void;
}

/**
 * The signals of a server, of which `first` is the one at which it drains. SIGHUP is one of those only on a terminal, which then is gone;
 * elsewhere it asks to read the configuration again, by convention, and must end nothing. It never ends a drain: systemd (`SendSIGHUP=`)
 * and shells send it after SIGTERM, and terminals twice.
 */
export function serverSignals(io: Io, { exitNow, reload, stats }: ServerSignalListeners): EndSignals {
  const terminal = io.stdout.isTTY === true || io.stderr.isTTY === true;
  const end = endSignals(io.signals, exitNow, {
    urgent: ['SIGTERM', 'SIGINT', 'SIGQUIT'],
    patient: terminal ? ['SIGHUP'] : [],
  });
  const off = onSignals(io.signals, [['SIGUSR2', stats], ...(terminal ? [] : [['SIGHUP', reload] as const])]);
  return {
    first: end.first,
    off: () => {
      end.off();
      off();
    },
  };
}
