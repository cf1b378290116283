import type { Io } from '../io.js';
import { endSignals } from '../signals.js';
import { showLive } from './live-line.js';
import { Load } from './load.js';
import type { BenchOptions } from './options.js';
import { publishersPerGroup, shareOf } from './spread.js';
import { shareWarning, summary } from './summary.js';

/**
 * Puts a load on a gateway, and prints what came of it.
 * @returns the exit code: 1 where there was any fault.
 */
export async function runBench(options: BenchOptions, io: Io, json: boolean): Promise<number> {
  const publishers = publishersPerGroup(options) * options.groups;
  const warning = shareWarning(shareOf(options, publishers), publishers);
  if (warning !== undefined) io.stderr.write(`gateway-cli: ${warning}\n`);

  const stop = new AbortController();
  const signals = endSignals(io.signals, () => io.exit(1));
  signals.first.then(() => stop.abort());
  const load = new Load(options);
  // On stderr, so that the outcome alone can go to a file.
  const hide = io.stderr.isTTY === true ? showLive(load, options, io.stderr) : () => {};
  try {
    const outcome = await load.run(stop.signal).finally(hide);
    io.stdout.write(json ? `${JSON.stringify(outcome, undefined, 2)}\n` : summary(outcome));
    return outcome.ok ? 0 : 1;
  } finally {
    signals.off();
  }
}
