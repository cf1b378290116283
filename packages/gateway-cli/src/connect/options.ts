import { CLIENT_TYPES, type ClientType } from 'gateway-protocol';
import { secretFile, secretOf } from '../secret.js';
import { type Environment, type Flags, parseSeconds, readSettings, setting } from '../setting.js';
import { quote, UsageError } from '../usage-error.js';

/** Whom to connect to, and as whom. */
export interface ConnectOptions {
  url: string;
  groups: string[];
  clientType: ClientType;
  name: string | undefined;
  token: string | undefined;
  /** For how long it stays after the last line, in milliseconds. */
  waitMs: number;
}

const WAIT_MAX_S = 86_400;

export const WHO_SETTINGS = {
  groups: setting<string[]>({
    flag: '--group',
    variable: 'GW_CONNECT_GROUP',
    argument: '<id>',
    meaning: 'group to join; repeat it, or separate several by commas. What is typed goes to the first',
    takes: 'ids of groups, separated by commas',
    fallback: [],
    fallbackText: 'none',
    repeatable: true,
    parse: (text) => text.split(',').filter((id) => id !== ''),
  }),
  clientType: setting<ClientType>({
    flag: '--client-type',
    variable: 'GW_CONNECT_CLIENT_TYPE',
    argument: '<type>',
    meaning: `what kind of client it is: ${CLIENT_TYPES.join(', ')}`,
    takes: `one of ${CLIENT_TYPES.join(', ')}`,
    fallback: 'app-client',
    parse: (text) => CLIENT_TYPES.find((type) => type === text),
  }),
  name: setting<string | undefined>({
    flag: '--name',
    variable: 'GW_CONNECT_NAME',
    argument: '<name>',
    meaning: 'name in its metadata, which the others see',
    takes: 'a name',
    fallback: undefined,
    fallbackText: 'none',
    parse: (text) => (text === '' ? undefined : text),
  }),
  tokenFile: secretFile({
    flag: '--token-file',
    variable: 'GW_CONNECT_TOKEN_FILE',
    meaning: 'whose first line is the token; GW_CONNECT_TOKEN is one too',
  }),
};

export const INPUT_SETTINGS = {
  waitMs: setting<number>({
    flag: '--wait',
    variable: 'GW_CONNECT_WAIT',
    argument: '<s>',
    meaning: 'seconds for which it stays after the last line',
    takes: `seconds from 0 to ${WAIT_MAX_S}`,
    fallback: 0,
    parse: (text) => parseSeconds(text, 0, WAIT_MAX_S),
  }),
};

/** @throws UsageError that names the argument, the flag or the variable. */
export function resolveConnectOptions(url: string, flags: Flags, env: Environment): ConnectOptions {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^wss?:$/.test(parsed.protocol) || parsed.username !== '' || parsed.hash !== '') {
    throw new UsageError(`connect takes a URL like ws://127.0.0.1:4100/rt, not ${quote(url)}`);
  }
  const { groups, clientType, name } = readSettings(WHO_SETTINGS, flags, env);
  const { waitMs } = readSettings(INPUT_SETTINGS, flags, env);
  const token = secretOf(WHO_SETTINGS.tokenFile, 'GW_CONNECT_TOKEN', flags, env);
  return { url, groups, clientType, name, token, waitMs };
}
