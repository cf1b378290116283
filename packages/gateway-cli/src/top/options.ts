import { secretFile, secretOf } from '../secret.js';
import { type Environment, type Flags, parseInteger, readSettings, type Setting } from '../setting.js';
import { quote, UsageError } from '../usage-error.js';

/** By what `top` sorts. */
export const SORTS = ['lag', 'unsent', 'age', 'name'] as const;
export type Sort = (typeof SORTS)[number];

/** What to watch, and how. */
export interface TopOptions {
  /** Of the feed. */
  url: string;
  /** For the `Authorization` header. */
  password: string | undefined;
  sort: Sort;
  rows: number;
}

const ROWS_MAX = 200;

export const TOP_SETTINGS = {
  sort: {
    flag: '--sort',
    variable: 'GW_TOP_SORT',
    argument: '<column>',
    meaning: `by which connections are sorted: ${SORTS.join(', ')}`,
    takes: `one of ${SORTS.join(', ')}`,
    fallback: 'lag',
    parse: (text) => SORTS.find((sort) => sort === text),
  } satisfies Setting<Sort>,
  rows: {
    flag: '--rows',
    variable: 'GW_TOP_ROWS',
    argument: '<n>',
    meaning: 'connections and groups that are shown',
    takes: `an integer from 1 to ${ROWS_MAX}`,
    fallback: 20,
    parse: (text) => parseInteger(text, ROWS_MAX) || undefined,
  } satisfies Setting<number>,
  passwordFile: secretFile({
    flag: '--password-file',
    variable: 'GW_PLAYGROUND_PASSWORD_FILE',
    meaning: "whose first line is the playground's password; GW_PLAYGROUND_PASSWORD is one too",
  }),
};

/** @throws UsageError that names the argument, the flag or the variable. */
export function resolveTopOptions(url: string, flags: Flags, env: Environment): TopOptions {
  const { sort, rows } = readSettings(TOP_SETTINGS, flags, env);
  const password = secretOf(TOP_SETTINGS.passwordFile, 'GW_PLAYGROUND_PASSWORD', flags, env);
  return { url: feedUrl(url), password, sort: sort as Sort, rows };
}

/** The feed stands on the same host and port as the gateway. */
function feedUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^(?:ws|http)s?:$/.test(parsed.protocol) || parsed.username !== '') {
    throw new UsageError(`top takes a URL like ws://127.0.0.1:4100/rt, not ${quote(url)}`);
  }
  return `${parsed.protocol.replace('ws', 'http')}//${parsed.host}/playground/live`;
}
