import type { Io } from '../io.js';
import { endSignals } from '../signals.js';
import { plain } from '../terminal-text.js';
import type { TopOptions } from './options.js';
import { FeedError, readFeed } from './read-feed.js';
import { screenOf } from './screen.js';

/** Clears the screen from the place of the cursor on, which is first put to the top. */
const HOME = '\u001b[H\u001b[J';

/**
 * Shows what a gateway does until a signal, or once.
 * @returns the exit code: 1 where there is no feed.
 */
export async function runTop(options: TopOptions, io: Io, once: boolean): Promise<number> {
  const stop = new AbortController();
  const signals = endSignals(io.signals, () => io.exit(1));
  signals.first.then(() => stop.abort());
  // As `| head -1`: nobody is left to be shown anything.
  io.stdout.once?.('error', () => stop.abort());
  const width = io.stdout.columns ?? 160;
  let looks = 0;
  let isFull = false;
  try {
    await readFeed(options, stop.signal, (model) => {
      looks += 1;
      const lines = screenOf(model, options).map((line) => plain(line, once ? Number.POSITIVE_INFINITY : width));
      // A rate needs two looks.
      if (once && looks < 2) return true;
      // A terminal that was stopped is shown what is new then, and nothing of before.
      if (isFull) return true;
      isFull = io.stdout.write(`${once ? '' : HOME}${lines.join('\n')}\n`) === false && io.stdout.once !== undefined;
      if (isFull)
        io.stdout.once?.('drain', () => {
          isFull = false;
        });
      return !once;
    });
    return 0;
  } catch (error) {
    if (!(error instanceof FeedError)) throw error;
    io.stderr.write(`gateway-cli: ${plain(error.message, 500)}\n`);
    return 1;
  } finally {
    stop.abort();
    signals.off();
  }
}
