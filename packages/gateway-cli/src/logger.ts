import type { Logger } from 'gateway-protocol';
import { pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { Output } from './io.js';
import type { LogLevel } from './log-levels.js';

/** Bytes of log that wait for a reader who has stopped reading; what comes after is dropped rather than held in memory. */
const WAITING_BYTES_MAX = 8 * 1024 * 1024;

/** A logger that writes one JSON object per line, or with `pretty` lines for people. What waits is written when the process exits. */
export function createLogger(options: { level: LogLevel; pretty: boolean; color: boolean; output: Output }): Logger {
  const { level, output } = options;
  const lines = output.fd === undefined ? output : pino.destination({ fd: output.fd, sync: false, maxLength: WAITING_BYTES_MAX });
  const prettify = options.pretty
    ? prettyFactory({ colorize: options.color, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' })
    : (line: string) => line;
  const log = pino(
    {
      level,
      errorKey: 'error',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line) => lines.write(prettify(line)) },
  );
  const write = (at: keyof Logger) => (msg: string, meta?: Record<string, unknown>) => log[at](meta ?? {}, msg);
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
