import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { AuthenticateContext, Authenticated, AuthorizedAction, Logger } from 'gateway-core';
import { FakeClock } from 'gateway-core/testing';
import { type JwtAuthentication, type JwtOptions, jwtAuthenticate } from 'gateway-jwt';
import { type JWTPayload, SignJWT } from 'jose';

export const SECRET = 'a secret of more than thirty-two bytes';
/** For tests that wait for no file and no issuer. */
export const clock = new FakeClock();

/** A line of the log, as a test compares it. */
export type Line = [level: string, msg: string, meta?: Record<string, unknown>];

export class Log implements Logger {
  readonly lines: Line[] = [];
  readonly debug = this.#at('debug');
  readonly info = this.#at('info');
  readonly warn = this.#at('warn');
  readonly error = this.#at('error');

  #at(level: string) {
    return (msg: string, meta?: Record<string, unknown>): void =>
      void this.lines.push(meta === undefined ? [level, msg] : [level, msg, meta]);
  }

  /** Why tokens were refused. */
  get reasons(): unknown[] {
    return this.lines.filter(([, msg]) => msg === 'a token was refused').map(([, , meta]) => meta?.reason);
  }

  /** What was said of keys. */
  get others(): Line[] {
    return this.lines.filter(([, msg]) => msg !== 'a token was refused');
  }
}

export const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2_048 });
export const ec = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const pemOf = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }) as string;

/** Seconds since 1970, so many from now. */
export const inSeconds = (seconds: number, of = clock) => of.now() / 1_000 + seconds;

/** A token that is good for an hour, but for what is said otherwise; a claim that is `undefined` is left out. */
export function tokenOf(
  claims: JWTPayload & Record<string, unknown> = {},
  key: KeyObject | string = SECRET,
  header: { alg: string; kid?: string; [name: string]: unknown } = { alg: 'HS256' },
): Promise<string> {
  const payload = Object.fromEntries(
    Object.entries({ sub: 'ada', exp: inSeconds(3_600), groups: ['*'], ...claims }).filter(([, value]) => value !== undefined),
  );
  return new SignJWT(payload).setProtectedHeader(header).sign(typeof key === 'string' ? createSecretKey(Buffer.from(key)) : key);
}

/** Hooks with what they log. */
export function hooksOf(options: JwtOptions): { jwt: JwtAuthentication; log: Log } {
  const log = new Log();
  return { jwt: jwtAuthenticate({ clock, logger: log, ...options }), log };
}

export function ask(jwt: JwtAuthentication, token: unknown, clientType = 'app-client'): Promise<Authenticated> {
  const identify = { clientType, token };
  const context = { token, identify, request: undefined, connectionId: 'c1', remoteAddress: '192.0.2.1' } as AuthenticateContext;
  return Promise.resolve(jwt.hooks.authenticate(context));
}

/** Whether who has shown this token may do so. */
export async function may(jwt: JwtAuthentication, token: string, action: AuthorizedAction, groupId: string): Promise<boolean> {
  const answer = await ask(jwt, token);
  if (typeof answer === 'boolean') throw new Error('the token was refused');
  const { claims, principal } = answer;
  return jwt.hooks.authorize({
    member: { memberId: 'm1', connectionId: 'c1', role: 'app-client', claims, principal },
    action,
    groupId,
  });
}
