import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { EchoOptions } from './echo.js';

export const USAGE = `Usage: pnpm dev:echo [options]

  (none)             over a gateway of its own, on a free port of the loopback interface
  --virtual          without sockets and in virtual time: the same transcript every time
  --seed <n>         the seed of the ids, with or without --virtual (default 1)
  --url <url>        over a running gateway, like ws://127.0.0.1:4100/rt or wss://example.org/rt
  --ca <file>        trust the certificates in this PEM file (wss)
  --insecure         trust any certificate (wss)
  --group <id>       the group to meet in (default group-1)
  --timeout-ms <n>   how long each expected message may take (default 5000)
  --help             this text`;

/** A wrong flag. The message is one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Reads the command line. `undefined`: help is asked for.
 * @throws UsageError
 */
export function readFlags(args: string[]): Omit<EchoOptions, 'write'> | undefined {
  const flags = parse(args);
  if (flags.help) return undefined;
  const { url, ca, insecure, group } = flags;
  const seeded = flags.virtual || flags.seed !== undefined;
  if (url !== undefined && seeded) throw new UsageError('--url is real: it goes with neither --virtual nor --seed');
  if (url !== undefined && !/^wss?:\/\/./.test(url)) throw new UsageError(`--url must begin with ws:// or wss://, not ${url}`);
  if (url !== undefined && !URL.canParse(url)) throw new UsageError(`--url is not a URL: ${url}`);
  if ((ca !== undefined || insecure) && !url?.startsWith('wss:'))
    throw new UsageError('--ca and --insecure go with --url wss://…');
  return {
    url,
    tls: { ...(ca === undefined ? {} : { ca: readPem(ca) }), ...(insecure ? { rejectUnauthorized: false } : {}) },
    seed: seeded ? wholeNumber('--seed', flags.seed ?? '1', 0) : undefined,
    groupId: group,
    timeoutMs: flags['timeout-ms'] === undefined ? undefined : wholeNumber('--timeout-ms', flags['timeout-ms'], 1),
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        virtual: { type: 'boolean' },
        seed: { type: 'string' },
        url: { type: 'string' },
        ca: { type: 'string' },
        insecure: { type: 'boolean' },
        group: { type: 'string' },
        'timeout-ms': { type: 'string' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    // Node adds advice on further lines.
    throw new UsageError((error as Error).message.split(/\n|\. /)[0]);
  }
}

function wholeNumber(flag: string, text: string, least: number): number {
  const value = Number(text);
  // 2^31 - 1 is the longest delay that a Node timer takes.
  if (/^\d+$/.test(text) && value >= least && value < 2 ** 31) return value;
  throw new UsageError(`${flag} must be a whole number from ${least} to ${2 ** 31 - 1}, not ${text}`);
}

function readPem(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`--ca cannot be read: ${(error as Error).message}`);
  }
}
