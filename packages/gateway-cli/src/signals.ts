import type { Io } from './io.js';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** The signals that end a server, from now until `off`. */
export interface EndSignals {
  /** Resolves with the first one. */
  first: Promise<NodeJS.Signals>;
  /** Gives the signals their default effect back. */
  off(): void;
}

/** @param onSecond called with every signal after the first. */
export function endSignals(source: Io['signals'], onSecond: (signal: NodeJS.Signals) => void): EndSignals {
  let listener = onSecond;
  const first = new Promise<NodeJS.Signals>((resolve) => {
    listener = (signal) => {
      listener = onSecond;
      resolve(signal);
    };
  });
  const listen = (signal: NodeJS.Signals) => listener(signal);
  for (const signal of SIGNALS) source.on(signal, listen);
  return {
    first,
    off: () => {
      for (const signal of SIGNALS) source.off(signal, listen);
    },
  };
}
