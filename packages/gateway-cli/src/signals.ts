import type { Io } from './io.js';

type Listener = (signal: NodeJS.Signals) => void;

/** The signals that end a program, from now until `off`. */
export interface EndSignals {
  /** Resolves with the first one. */
  first: Promise<NodeJS.Signals>;
  /** Gives the signals their default effect back. */
  off(): void;
}

/** Which signals end a program. */
export interface EndSignalNames {
  /** Again, they end it at once. */
  urgent?: readonly NodeJS.Signals[];
  /** Again, they have no effect. */
  patient?: readonly NodeJS.Signals[];
}

/** @param onSecond called with every urgent signal after the first of all. */
export function endSignals(source: Io['signals'], onSecond: Listener, names: EndSignalNames = {}): EndSignals {
  const { urgent = ['SIGTERM', 'SIGINT'], patient = [] } = names;
  let ending = false;
  let resolve: Listener;
  const first = new Promise<NodeJS.Signals>((resolved) => {
    resolve = resolved;
  });
  const end: Listener = (signal) => {
    ending = true;
    resolve(signal);
  };
  const off = onSignals(source, [
    ...urgent.map((name) => [name, (signal: NodeJS.Signals) => (ending ? onSecond(signal) : end(signal))] as const),
    ...patient.map((name) => [name, end] as const),
  ]);
  return { first, off };
}

/**
 * Listens to signals. One that the system does not have, like SIGUSR2 on Windows, is to Node an event that never comes.
 * @returns what gives them their default effect back.
 */
export function onSignals(source: Io['signals'], listeners: readonly (readonly [NodeJS.Signals, Listener])[]): () => void {
  for (const [signal, listener] of listeners) source.on(signal, listener);
  return () => {
    for (const [signal, listener] of listeners) source.off(signal, listener);
  };
}
