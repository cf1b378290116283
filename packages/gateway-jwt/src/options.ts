import type { Clock, Logger } from 'gateway-core';
import { systemClock } from 'gateway-core';
import {
  isPublicKeyAlgorithm,
  isSecretAlgorithm,
  type JwtAlgorithm,
  PUBLIC_KEY_ALGORITHMS,
  type SecretAlgorithm,
} from './algorithms.js';
import { fault } from './fault.js';
import type { Grants } from './grants.js';
import { compilePatterns } from './group-patterns.js';

/** Durations of {@link JwtOptions}, in milliseconds. */
export interface JwtTimings {
  /** How far this machine's clock and the issuer's may be apart: a token is good for so long after its `exp`, and before its `nbf`. */
  clockToleranceMs: number;
  /** How often, at most, it is looked whether a file with a key has changed. */
  keyFileCheckMs: number;
  /** How old a key set may be before it is asked for again. */
  jwksMaxAgeMs: number;
  /** How long after a key set has come no other one is asked for on account of a token whose key is not in it. */
  jwksCooldownMs: number;
  /** The pause after an attempt to get the key set that failed. */
  jwksRetryMs: number;
  /** How long an answer with the key set may take. Less than the gateway's `partTimeoutMs`. */
  jwksTimeoutMs: number;
}

/** The defaults of {@link JwtTimings}. */
export const DEFAULT_JWT_TIMINGS: Readonly<JwtTimings> = {
  clockToleranceMs: 5_000,
  keyFileCheckMs: 5_000,
  jwksMaxAgeMs: 600_000,
  jwksCooldownMs: 30_000,
  jwksRetryMs: 5_000,
  jwksTimeoutMs: 3_000,
};

/** Bounds of {@link JwtOptions}. */
export interface JwtLimits {
  /** Longest token, in characters. */
  tokenLengthMax: number;
  /** Largest file with a key, and largest key set, in bytes. */
  keysBytesMax: number;
  /** Most lines a minute that say why a token was refused; the others are counted, and their number is told. */
  refusalLinesPerMinuteMax: number;
}

/** The defaults of {@link JwtLimits}. */
export const DEFAULT_JWT_LIMITS: Readonly<JwtLimits> = {
  tokenLengthMax: 8_192,
  keysBytesMax: 262_144,
  refusalLinesPerMinuteMax: 60,
};

/** Options of `jwtAuthenticate`: one of the first five, which say where the keys are, and what a token must say. */
export interface JwtOptions {
  /** The secret that tokens are signed with; text counts as UTF-8. As long as the hash at least: 32 bytes for HS256. */
  secret?: string | Uint8Array | undefined;
  /** A file whose text, without the white space around it, is the secret. It is read again when it has changed. */
  secretFile?: string | undefined;
  /** One or several public keys or certificates in PEM. */
  publicKey?: string | undefined;
  /** A file with that. It is read again when it has changed. */
  publicKeyFile?: string | undefined;
  /** Where the issuer publishes its public keys as a JSON Web Key Set (RFC 7517 §5), like `https://login.example/.well-known/jwks.json`. */
  jwksUrl?: string | undefined;
  /** What `iss` must be; of a list one of them. Default: anything, or nothing. */
  issuer?: string | readonly string[] | undefined;
  /** What `aud` must name; of a list one of them. Default: anything, or nothing. */
  audience?: string | readonly string[] | undefined;
  /** How tokens may be signed. Default: `HS256` with a secret; with public keys, every signature of public keys. */
  algorithms?: readonly JwtAlgorithm[] | undefined;
  /** Groups, as ids and patterns, of a token that has no claim `groups`. Default: none. */
  groups?: readonly string[] | undefined;
  /** What a token allows, in place of the claims `groups`, `publish` and `clientType`. It must answer the same for the same claims. */
  grants?: ((claims: Readonly<Record<string, unknown>>) => Grants) | undefined;
  /** See {@link JwtTimings} for the defaults. */
  timings?: { [Name in keyof JwtTimings]?: JwtTimings[Name] | undefined } | undefined;
  /** See {@link JwtLimits} for the defaults. */
  limits?: { [Name in keyof JwtLimits]?: JwtLimits[Name] | undefined } | undefined;
  /** Is told why tokens are refused, and when keys change or cannot be had; never a token or a key. Default: nobody. */
  logger?: Logger | undefined;
  /** Default: the machine's time. */
  clock?: Clock | undefined;
}

const SOURCES = ['secret', 'secretFile', 'publicKey', 'publicKeyFile', 'jwksUrl'] as const;
const OTHERS = ['issuer', 'audience', 'algorithms', 'groups', 'grants', 'timings', 'limits', 'logger', 'clock'] as const;
const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
/** The longest delay that a timer takes. */
const DELAY_MAX = 2 ** 31 - 1;

/** Where the keys are: one of the options, with what it says. */
export type SourceOption =
  | { name: 'secret'; value: string | Uint8Array }
  | { name: Exclude<(typeof SOURCES)[number], 'secret'>; value: string };

/** {@link JwtOptions} after checks, complete. */
export interface ResolvedJwtOptions {
  source: SourceOption;
  issuer: string[] | undefined;
  audience: string[] | undefined;
  algorithms: readonly string[];
  groups: readonly string[];
  grants: JwtOptions['grants'];
  timings: Readonly<JwtTimings>;
  limits: Readonly<JwtLimits>;
  logger: Logger;
  clock: Clock;
}

/** @throws GatewayError `INVALID_OPTION`, naming the option and never a key. */
export function resolveJwtOptions(options: JwtOptions): ResolvedJwtOptions {
  if (typeof options !== 'object' || options === null) throw fault('options', 'must be an object');
  const names: readonly string[] = [...SOURCES, ...OTHERS];
  for (const name of Object.keys(options)) if (!names.includes(name)) throw fault(name, 'is not an option');
  const source = sourceOf(options);
  const { grants, groups = [], logger = SILENT, clock = systemClock } = options;
  if (grants !== undefined && typeof grants !== 'function') throw fault('grants', 'must be a function');
  const problem = compilePatterns(groups, 'subject');
  if (typeof problem === 'string') throw fault('groups', problem);
  return {
    source,
    issuer: textsOf('issuer', options.issuer),
    audience: textsOf('audience', options.audience),
    algorithms: algorithmsOf(options.algorithms, source),
    groups,
    grants,
    timings: numbersOf('timings', DEFAULT_JWT_TIMINGS, options.timings, ['clockToleranceMs', 'keyFileCheckMs', 'jwksCooldownMs']),
    limits: numbersOf('limits', DEFAULT_JWT_LIMITS, options.limits, ['refusalLinesPerMinuteMax']),
    logger,
    clock,
  };
}

function sourceOf(options: JwtOptions): SourceOption {
  const [name, another] = SOURCES.filter((one) => options[one] !== undefined);
  if (name === undefined) throw fault('options', `must have one of ${SOURCES.join(', ')}`);
  if (another !== undefined) throw fault(another, `must not be there beside ${name}: keys come from one place`);
  const value = options[name];
  const isText = typeof value === 'string' && value !== '';
  if (!isText && !(name === 'secret' && value instanceof Uint8Array)) throw fault(name, 'must be a text that is not empty');
  if (name === 'jwksUrl') checkUrl(value as string);
  return { name, value } as SourceOption;
}

function checkUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw fault('jwksUrl', 'must be an https or http URL');
  if (url.username !== '' || url.password !== '') throw fault('jwksUrl', 'must have no user and no password');
}

function textsOf(name: 'issuer' | 'audience', said: string | readonly string[] | undefined): string[] | undefined {
  if (said === undefined) return undefined;
  const texts: readonly unknown[] = Array.isArray(said) ? said : [said];
  if (texts.length === 0 || !texts.every((text) => typeof text === 'string' && text !== '')) {
    throw fault(name, 'must be a text, or a list of texts, that is not empty');
  }
  return [...texts] as string[];
}

/** What a secret signs and what a public key verifies are never allowed together: who knows the public key could sign with it as if it were the secret. */
function algorithmsOf(said: readonly JwtAlgorithm[] | undefined, source: SourceOption): readonly string[] {
  const isSecret = source.name === 'secret' || source.name === 'secretFile';
  if (said === undefined) return isSecret ? (['HS256'] satisfies SecretAlgorithm[]) : PUBLIC_KEY_ALGORITHMS;
  if (!Array.isArray(said) || said.length === 0) throw fault('algorithms', 'must be a list that is not empty');
  for (const name of said as readonly unknown[]) {
    if (isSecret ? isSecretAlgorithm(name) : isPublicKeyAlgorithm(name)) continue;
    const isKnown = isSecretAlgorithm(name) || isPublicKeyAlgorithm(name);
    const text = JSON.stringify(String(name).slice(0, 80));
    throw fault('algorithms', isKnown ? `must not have ${text} beside ${source.name}` : `must not have ${text}`);
  }
  return said;
}

function numbersOf<T extends object>(
  group: string,
  defaults: Readonly<T>,
  given: { [Name in keyof T]?: T[Name] | undefined } | undefined,
  mayBeZero: readonly (keyof T)[],
): T {
  if (given !== undefined && (typeof given !== 'object' || given === null)) throw fault(group, 'must be an object');
  const merged: T = { ...defaults };
  for (const [name, value] of Object.entries(given ?? {}) as [keyof T & string, unknown][]) {
    if (!Object.hasOwn(defaults, name)) throw fault(`${group}.${name}`, 'is not an option');
    if (value === undefined) continue;
    const least = mayBeZero.includes(name) ? 0 : 1;
    if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > DELAY_MAX) {
      throw fault(`${group}.${name}`, `must be an integer from ${least} to ${DELAY_MAX}`);
    }
    merged[name] = value as T[typeof name];
  }
  return merged;
}
