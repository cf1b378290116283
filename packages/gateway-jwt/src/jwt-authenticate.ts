import type { Authenticate, AuthenticateContext, Authenticated, Authorize } from 'gateway-core';
import { fault } from './fault.js';
import { FileKeys } from './file-keys.js';
import { grantsOf, type Rights, rightsOf } from './grants.js';
import { fixedKeys, type KeySource } from './key-source.js';
import { type JwtOptions, type ResolvedJwtOptions, resolveJwtOptions } from './options.js';
import { readPublicKeys, readSecret, UnfitKey } from './read-keys.js';
import { RefusalLog } from './refusal-log.js';
import { RemoteKeys } from './remote-keys.js';
import { shownUrl } from './shown-url.js';
import { KeysUnavailable, refusalOf, TokenRefused } from './token-refused.js';
import { verify } from './verify.js';

/** The largest `expiresAt` that is a date. */
const DATE_MAX = 8.64e15;

/** Tokens as a gateway's hooks. */
export interface JwtAuthentication {
  /** For `createGateway({ ...jwt.hooks })`. */
  readonly hooks: { readonly authenticate: Authenticate; readonly authorize: Authorize };
  /** Looks for other keys now, as for SIGHUP. Resolves when it has; never rejects: that they cannot be had is logged, and is `problem`. */
  reload(): Promise<void>;
  /** Why keys may be older than those that are there to be had, or are not known at all; `undefined` where all is well. */
  readonly problem: string | undefined;
  /** Ends what is being asked for. After the gateways that use it have closed. */
  close(): void;
}

/**
 * Checks the JSON Web Token (RFC 7519) of every `identify`: its `sub` becomes the `principal`, its `exp` (and the tolerance) the `expiresAt`,
 * its claims the `claims`; `groups`, `publish` and `clientType` say what it may. A token that is not good is refused (`UNAUTHORIZED`, close 4001);
 * why is logged, and not told to the client. While no key can be had, the hook rejects, and the client is answered `INTERNAL`.
 * @throws GatewayError `INVALID_OPTION`, also where a file has no key that can be used. It names no key.
 * @example
 * const jwt = jwtAuthenticate({ jwksUrl: 'https://login.example/jwks.json', issuer: 'https://login.example', audience: 'chat' });
 * const gateway = createGateway({ ...jwt.hooks });
 */
export function jwtAuthenticate(options: JwtOptions): JwtAuthentication {
  const resolved = resolveJwtOptions(options);
  const { timings, limits, logger, clock } = resolved;
  warnOf(resolved);
  const keys = keysOf(resolved);
  const refusals = new RefusalLog(logger, clock, limits.refusalLinesPerMinuteMax);
  /** By claims, as `authenticate` made them: a message is not the time to read them again. */
  const rights = new WeakMap<object, Rights>();

  const rightsOfClaims = (claims: Record<string, unknown>): Rights => {
    const { sub } = claims;
    if (typeof sub !== 'string' || sub === '') throw new TokenRefused('claim sub: must be a text that is not empty');
    const known = rights.get(claims) ?? rightsOf((resolved.grants ?? defaultGrants)(claims), sub);
    rights.set(claims, known);
    return known;
  };
  const defaultGrants = (claims: Record<string, unknown>) => grantsOf(claims, resolved.groups);

  const checked = async ({ token, identify }: AuthenticateContext): Promise<Authenticated> => {
    if (typeof token !== 'string' || token === '') throw new TokenRefused('there is none');
    if (token.length > limits.tokenLengthMax) throw new TokenRefused(`longer than ${limits.tokenLengthMax} characters`);
    const { issuer, audience, algorithms } = resolved;
    const { clockToleranceMs } = timings;
    // Copied by assignment, a claim of that name would make the copy inherit what is in it: groups, as if they had been granted.
    const { ['__proto__']: _, ...claims }: Record<string, unknown> = await verify(token, keys.find, {
      issuer,
      audience,
      algorithms,
      clockToleranceMs,
      clock,
    });
    if (!rightsOfClaims(claims).mayBe(identify.clientType)) throw new TokenRefused('not for this clientType');
    const expiresAt = Math.min((claims.exp as number) * 1_000 + clockToleranceMs, DATE_MAX);
    return { principal: claims.sub as string, claims, expiresAt };
  };

  return {
    hooks: {
      authenticate: async (context) => {
        try {
          return await checked(context);
        } catch (error) {
          if (error instanceof KeysUnavailable) throw error;
          const { connectionId, remoteAddress } = context;
          refusals.note(refusalOf(error).message, { connectionId, remoteAddress });
          return false;
        }
      },
      authorize: ({ member, action, groupId }) => {
        // Not those that a token was given for: a hook around this one has made others of them.
        if (member.claims?.sub === undefined) return false;
        const { mayJoin, mayPublish } = rightsOfClaims(member.claims);
        return action === 'join' ? mayJoin(groupId) : mayPublish(groupId);
      },
    },
    reload: () => keys.reload(),
    get problem() {
      return keys.problem;
    },
    close: () => keys.close(),
  };
}

/** What is allowed, and seldom meant. */
function warnOf({ source, audience, logger }: ResolvedJwtOptions): void {
  if (source.name === 'jwksUrl') {
    const { protocol, hostname } = new URL(source.value);
    if (protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) {
      logger.warn('keys are asked for without TLS: whoever is on the way can make tokens', { url: shownUrl(source.value) });
    }
  }
  if (source.name !== 'secret' && source.name !== 'secretFile' && audience === undefined) {
    logger.warn('tokens for any audience are taken, also those that the issuer has made for other services');
  }
}

function keysOf({ source, algorithms, timings, limits, clock, logger }: ResolvedJwtOptions): KeySource {
  const { name, value } = source;
  const readSecretText = (text: string) => readSecret(text.trim(), algorithms);
  const file = { checkMs: timings.keyFileCheckMs, bytesMax: limits.keysBytesMax, clock, logger };
  try {
    switch (name) {
      case 'secret':
        return fixedKeys(readSecret(value, algorithms));
      case 'secretFile':
        return new FileKeys({ ...file, path: value, read: readSecretText });
      case 'publicKey':
        return fixedKeys(readPublicKeys(value));
      case 'publicKeyFile':
        return new FileKeys({ ...file, path: value, read: readPublicKeys });
      case 'jwksUrl':
        return new RemoteKeys({ url: value, bytesMax: limits.keysBytesMax, timings, clock, logger });
    }
  } catch (error) {
    throw error instanceof UnfitKey ? fault(name, error.message) : error;
  }
}
