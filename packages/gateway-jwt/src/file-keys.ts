import { readFileSync, type Stats, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { Clock, Logger } from 'gateway-core';
import type { FindKey, KeySource } from './key-source.js';
import { UnfitKey } from './read-keys.js';

interface FileKeysOptions {
  path: string;
  /** @throws UnfitKey */
  read(text: string): FindKey;
  checkMs: number;
  bytesMax: number;
  clock: Clock;
  logger: Logger;
}

/**
 * The keys of a file. Whether it has changed is looked at when a token comes and the last look is long enough ago, so there is no timer and
 * nothing to close; what a file has that cannot be used, or one that is gone, leaves the keys as they are.
 */
export class FileKeys implements KeySource {
  #found: FindKey;
  /** Of the file that `#found` is from, or that was found unfit. */
  #version: string;
  /** Monotonic milliseconds. */
  #lookedAt: number;
  #looking: Promise<void> | undefined;
  #problem: string | undefined;

  /** @throws UnfitKey where the file cannot be read, or cannot be used. */
  constructor(private readonly options: FileKeysOptions) {
    const { path, read, clock } = options;
    this.#lookedAt = clock.monotonicMs();
    const stats = attempt(path, () => statSync(path));
    this.#check(stats);
    this.#version = versionOf(stats);
    this.#found = read(attempt(path, () => readFileSync(path, 'utf8')));
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  readonly find: FindKey = async (header) => {
    const { clock, checkMs } = this.options;
    if (this.#looking !== undefined || clock.monotonicMs() - this.#lookedAt >= checkMs) await this.reload();
    return this.#found(header);
  };

  reload(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#lookedAt = this.options.clock.monotonicMs();
      this.#looking = undefined;
    });
    return this.#looking;
  }

  close(): void {}

  async #look(): Promise<void> {
    const { path, read, logger } = this.options;
    try {
      // Looked at before it is read: what is written in between makes it another one at the next look.
      const stats = await stat(path);
      const version = versionOf(stats);
      if (version !== this.#version) {
        this.#check(stats);
        const text = await readFile(path, 'utf8');
        this.#found = read(text);
        this.#version = version;
        logger.info('the key file has changed: tokens are checked with what it has now', { path });
      } else if (this.#problem !== undefined) {
        logger.info('the key file is as it was', { path });
      }
      this.#problem = undefined;
    } catch (error) {
      const problem = error instanceof UnfitKey ? error.message : unreadable(path, error).message;
      if (this.#problem !== problem) {
        logger.warn('the key file cannot be used: the keys that it had before stay in use', { path, problem });
      }
      this.#problem = problem;
    }
  }

  #check(stats: Stats): void {
    const { path, bytesMax } = this.options;
    // A pipe would be waited for.
    if (!stats.isFile()) throw new UnfitKey(`must be a file, which ${JSON.stringify(path)} is not`);
    if (stats.size > bytesMax) throw new UnfitKey(`must be a file of at most ${bytesMax} bytes`);
  }
}

/** Another file of the same name counts as changed too: that is how secrets of containers are replaced. */
function versionOf({ mtimeMs, size, ino }: Stats): string {
  return `${mtimeMs} ${size} ${ino}`;
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): UnfitKey {
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  return new UnfitKey(`must be a file that can be read, not ${JSON.stringify(path)} (${code})`);
}
