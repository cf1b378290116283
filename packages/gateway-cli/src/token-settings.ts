import type { Logger } from 'gateway-core';
import type { JwtAlgorithm, JwtAuthentication } from 'gateway-jwt';
import { type Environment, type Flags, parseInteger, readSettings, type Setting, setting } from './setting.js';
import { SAID, said } from './switch-variable.js';
import { UsageError } from './usage-error.js';

/** Which tokens clients are asked for. Of keys it has only where they are. */
export interface TokensConfig {
  secretFile?: string | undefined;
  publicKeyFile?: string | undefined;
  jwksUrl?: string | undefined;
  issuer?: string[] | undefined;
  audience?: string[] | undefined;
  algorithms?: string[] | undefined;
  clockToleranceMs: number;
  groups?: string[] | undefined;
}

const file = (text: string) => (text === '' ? undefined : text);
const list = (text: string) => text.split(',').map((item) => item.trim());

/** Settings of tokens, by the names that the options of `jwtAuthenticate` have. */
export const TOKEN_SETTINGS = {
  secretFile: setting<string | undefined>({
    flag: '--jwt-secret-file',
    variable: 'GW_JWT_SECRET_FILE',
    argument: '<file>',
    meaning: 'whose text is the secret that tokens are signed with',
    takes: 'a file',
    fallback: undefined,
    fallbackText: 'none',
    parse: file,
  }),
  publicKeyFile: setting<string | undefined>({
    flag: '--jwt-public-key-file',
    variable: 'GW_JWT_PUBLIC_KEY_FILE',
    argument: '<file>',
    meaning: 'with the public keys of those who sign tokens, in PEM',
    takes: 'a file',
    fallback: undefined,
    fallbackText: 'none',
    parse: file,
  }),
  jwksUrl: setting<string | undefined>({
    flag: '--jwks-url',
    variable: 'GW_JWKS_URL',
    argument: '<url>',
    meaning: 'where who signs tokens publishes the public keys, as a key set (JWKS)',
    takes: 'a URL like https://login.example/.well-known/jwks.json',
    fallback: undefined,
    fallbackText: 'none',
    parse: (text) => (/^https?:\/\/[^\s/]/.test(text) && URL.canParse(text) ? text : undefined),
  }),
  issuer: setting<string[] | undefined>({
    flag: '--jwt-issuer',
    variable: 'GW_JWT_ISSUER',
    argument: '<text>',
    meaning: 'what iss must be; one of several, separated by commas',
    takes: 'texts, separated by commas',
    fallback: undefined,
    fallbackText: 'any',
    repeatable: true,
    parse: list,
  }),
  audience: setting<string[] | undefined>({
    flag: '--jwt-audience',
    variable: 'GW_JWT_AUDIENCE',
    argument: '<text>',
    meaning: 'what aud must name; one of several, separated by commas',
    takes: 'texts, separated by commas',
    fallback: undefined,
    fallbackText: 'any',
    repeatable: true,
    parse: list,
  }),
  algorithms: setting<string[] | undefined>({
    flag: '--jwt-algorithms',
    variable: 'GW_JWT_ALGORITHMS',
    argument: '<names>',
    meaning: 'how tokens may be signed, like RS256,ES256',
    takes: 'names of algorithms, separated by commas',
    fallback: undefined,
    fallbackText: 'HS256 for a secret, all of public keys else',
    repeatable: true,
    parse: list,
  }),
  clockToleranceMs: setting<number>({
    flag: '--jwt-clock-tolerance-ms',
    variable: 'GW_JWT_CLOCK_TOLERANCE_MS',
    argument: '<ms>',
    meaning: 'how far the clock of who makes tokens may be off',
    takes: 'an integer from 0',
    fallback: 5_000,
    parse: (text) => parseInteger(text),
  }),
  groups: setting<string[] | undefined>({
    flag: '--jwt-groups',
    variable: 'GW_JWT_GROUPS',
    argument: '<patterns>',
    meaning: 'groups of a token that has no claim groups, like lobby,user-{sub}',
    takes: 'group ids and patterns, separated by commas',
    fallback: undefined,
    fallbackText: 'none',
    repeatable: true,
    parse: list,
  }),
};

/** The flag that takes no value. */
export const ANONYMOUS = {
  flag: '--anonymous',
  variable: 'GW_ANONYMOUS',
  meaning: 'clients are asked for no token, and that is meant: no warning',
} as const;

const SOURCES = ['secretFile', 'publicKeyFile', 'jwksUrl'] as const;

/**
 * What flags and environment say of tokens.
 * @returns `tokens` absent: clients are asked for none.
 * @throws UsageError that names the flag or the variable. Files are not looked into yet.
 */
export function resolveTokens(
  switches: { anonymous?: boolean | undefined },
  flags: Flags,
  env: Environment,
): { anonymous: boolean; tokens: TokensConfig | undefined } {
  const anonymous = switches.anonymous ?? said(ANONYMOUS.variable, env, SAID) ?? false;
  const config = readSettings(TOKEN_SETTINGS, flags, env);
  const source = SOURCES.find((name) => config[name] !== undefined);
  if (source === undefined) {
    const settings: [string, Setting][] = Object.entries(TOKEN_SETTINGS);
    const alone = settings.find(([, { flag, variable }]) => flags.has(flag) || (env[variable] ?? '') !== '')?.[1];
    if (alone === undefined) return { anonymous, tokens: undefined };
    const sources = SOURCES.map((name) => TOKEN_SETTINGS[name].flag).join(', ');
    throw new UsageError(
      `${alone.flag} (${alone.variable}) is about tokens, and nothing says where their keys are: one of ${sources}`,
    );
  }
  if (anonymous) {
    const { flag, variable } = TOKEN_SETTINGS[source];
    throw new UsageError(
      `${ANONYMOUS.flag} (${ANONYMOUS.variable}) says that no token is asked for: leave it out, or ${flag} (${variable})`,
    );
  }
  return { anonymous, tokens: config };
}

/**
 * Loaded only where it is wanted.
 * @throws GatewayError (by rejection) where a file has no key, or the options do not go together.
 */
export async function authenticationOf(
  { tokens, timings }: { tokens?: TokensConfig | undefined; timings: { partTimeoutMs: number } },
  logger?: Logger,
): Promise<JwtAuthentication | undefined> {
  if (tokens === undefined) return undefined;
  const { DEFAULT_JWT_TIMINGS, jwtAuthenticate } = await import('gateway-jwt');
  const { clockToleranceMs, algorithms, ...rest } = tokens;
  // The gateway must not give up on the hook before that has given up on the issuer.
  const jwksTimeoutMs = Math.min(DEFAULT_JWT_TIMINGS.jwksTimeoutMs, Math.ceil(timings.partTimeoutMs / 2));
  return jwtAuthenticate({
    ...rest,
    algorithms: algorithms as JwtAlgorithm[] | undefined,
    timings: { clockToleranceMs, jwksTimeoutMs },
    logger,
  });
}

/** For `/health`, which anybody may read: nothing of where keys are. */
export function tokensProblem(authentication: JwtAuthentication | undefined): string | undefined {
  return authentication?.problem === undefined ? undefined : 'the keys of tokens cannot be had anew';
}
