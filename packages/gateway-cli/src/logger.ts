import { writeSync } from 'node:fs';
import type { Logger } from 'gateway-protocol';
import { pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { Output } from './io.js';
import type { LogLevel } from './log-levels.js';
import { inertJson, withoutControls } from './terminal-text.js';

/** Bytes of log that wait for a reader who has stopped reading; what comes after is dropped rather than held in memory. */
const WAITING_BYTES_MAX = 8 * 1024 * 1024;

/**
 * A logger that writes one JSON object per line, or with `pretty` lines for people. Whatever clients have sent, a terminal that shows them
 * obeys nothing in them. What waits is written when the process exits.
 */
export function createLogger(options: { level: LogLevel; pretty: boolean; color: boolean; output: Output }): Logger {
  const { level, output } = options;
  const lines = output.fd === undefined ? output : linesTo(output.fd);
  const shown = options.pretty ? prettified(options.color) : inertJson;
  const log = pino(
    {
      level,
      errorKey: 'error',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line) => lines.write(shown(line)) },
  );
  const write = (at: keyof Logger) => (msg: string, meta?: Record<string, unknown>) => log[at](meta ?? {}, msg);
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}

function prettified(colorize: boolean): (line: string) => string {
  const pretty = prettyFactory({ colorize, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' });
  return (line) => inertJson(pretty(withoutControls(line)));
}

/** Writes to a descriptor without holding up the event loop, until that fails. */
function linesTo(fd: number): Pick<Output, 'write'> {
  const stream = pino.destination({ fd, sync: false, maxLength: WAITING_BYTES_MAX });
  let lines: Pick<Output, 'write'> = stream;
  // A terminal that was closed and a full disk cost lines, not the server. From then on each line is tried once: the stream would
  // hold on to the one that failed, and at the exit of the process try it for ever.
  stream.on('error', () => {
    stream.destroy();
    lines = { write: (line) => attempt(() => writeSync(fd, line)) };
  });
  return { write: (line) => lines.write(line) };
}

function attempt(action: () => unknown): void {
  try {
    action();
  } catch {
    // Nobody is left to be told.
  }
}
