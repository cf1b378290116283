/** From the most talkative to the one at which nothing is logged. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
/** The lowest level that is logged; `silent`: nothing is. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What other programs call their levels: syslog (RFC 5424), pino and bunyan with their numbers, npm, winston, log4j, Python, systemd. */
const ALIASES: Readonly<Record<LogLevel, readonly string[]>> = {
  debug: ['all', 'trace', 'verbose', 'silly', 'finest', 'finer', 'fine', '10', '20'],
  info: ['information', 'informational', 'log', 'http', 'notice', 'default', '30'],
  warn: ['warning', '40'],
  error: ['err', 'severe', 'critical', 'crit', 'alert', 'emergency', 'emerg', 'panic', 'fatal', '50', '60'],
  silent: ['off', 'none', 'quiet'],
};

const BY_NAME: ReadonlyMap<string, LogLevel> = new Map(
  LOG_LEVELS.flatMap((level) => [level, ...ALIASES[level]].map((name) => [name, level] as const)),
);

/** Reads the name of a level in any case, also of a level that only other programs have: it is the nearest one here. */
export function parseLogLevel(text: string): LogLevel | undefined {
  return BY_NAME.get(text.trim().toLowerCase());
}
