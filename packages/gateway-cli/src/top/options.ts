import { readFileSync } from 'node:fs';
import { type Environment, type Flags, readSettings, type Setting } from '../setting.js';
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
    parse: (text) => (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= ROWS_MAX ? Number(text) : undefined),
  } satisfies Setting<number>,
  passwordFile: {
    flag: '--password-file',
    variable: 'GW_PLAYGROUND_PASSWORD_FILE',
    argument: '<file>',
    meaning: "whose first line is the playground's password; GW_PLAYGROUND_PASSWORD is one too",
    takes: 'a file',
    fallback: undefined,
    fallbackText: 'none',
    parse: (text) => (text === '' ? undefined : text),
  } satisfies Setting<string | undefined>,
};

/** @throws UsageError that names the argument, the flag or the variable. */
export function resolveTopOptions(url: string, flags: Flags, env: Environment): TopOptions {
  const { sort, rows, passwordFile } = readSettings(TOP_SETTINGS, flags, env);
  const password = env.GW_PLAYGROUND_PASSWORD;
  const said = !flags.has('--password-file') && password !== undefined && password !== '';
  return { url: feedUrl(url), password: said ? password : passwordIn(passwordFile), sort: sort as Sort, rows };
}

/** The feed stands on the same host and port as the gateway. */
function feedUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^(?:ws|http)s?:$/.test(parsed.protocol) || parsed.username !== '') {
    throw new UsageError(`top takes a URL like ws://127.0.0.1:4100/rt, not ${quote(url)}`);
  }
  return `${parsed.protocol.replace('ws', 'http')}//${parsed.host}/playground/live`;
}

function passwordIn(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/, 1)[0];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`--password-file takes a file that can be read, not ${quote(file)} (${code})`);
  }
}
