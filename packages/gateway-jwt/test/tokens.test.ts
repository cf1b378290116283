import { createHmac } from 'node:crypto';
import { type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, test } from 'vitest';
import { ask, clock, ec, hooksOf, inSeconds, pemOf, rsa, SECRET, tokenOf } from './asking.js';

const keys = rsa();
const PUBLIC = pemOf(keys.publicKey);

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
/** A token made by hand, with a signature of HMAC. */
function forged(header: object, claims: object, secret: string | Buffer): string {
  const signed = `${base64(header)}.${base64(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

test('a good token says who the client is, until when, and what else its issuer has said', async () => {
  const { jwt, log } = hooksOf({ secret: SECRET });
  const exp = inSeconds(60);
  expect(await ask(jwt, await tokenOf({ exp, team: 7 }))).toEqual({
    principal: 'ada',
    claims: { sub: 'ada', exp, groups: ['*'], team: 7 },
    expiresAt: exp * 1_000 + 5_000,
  });
  expect(log.lines).toEqual([]);
});

test('an end after the end of time is one that can be said', async () => {
  const { jwt } = hooksOf({ secret: SECRET });
  expect(await ask(jwt, await tokenOf({ exp: 1e300 }))).toMatchObject({ expiresAt: 8.64e15 });
});

test.each([
  ['HS512', 's'.repeat(64), 's'.repeat(64)],
  ['RS256', keys.privateKey, undefined],
  ['PS384', keys.privateKey, undefined],
])('tokens may be signed by %s', async (alg, key, secret) => {
  const options = secret === undefined ? { publicKey: PUBLIC } : { secret, algorithms: ['HS512'] as const };
  const { jwt, log } = hooksOf({ ...options, audience: 'rt' });
  expect(await ask(jwt, await tokenOf({ aud: 'rt' }, key, { alg }))).toMatchObject({ principal: 'ada' });
  expect(log.lines).toEqual([]);
});

test('of several public keys each is tried that can have signed so, whichever id a token names', async () => {
  const [one, two, other] = [rsa(), ec(), rsa()];
  const { jwt, log } = hooksOf({
    publicKey: [keys, one, two].map(({ publicKey }) => pemOf(publicKey)).join('\n'),
    audience: 'rt',
  });
  for (const [key, alg] of [
    [keys, 'RS256'],
    [one, 'PS256'],
    [two, 'ES256'],
  ] as const) {
    expect(await ask(jwt, await tokenOf({ aud: 'rt' }, key.privateKey, { alg, kid: 'k1' }))).toMatchObject({ principal: 'ada' });
  }
  expect(await ask(jwt, await tokenOf({ aud: 'rt' }, other.privateKey, { alg: 'RS256' }))).toBe(false);
  expect(log.reasons).toEqual(['wrong signature']);
});

describe('time', () => {
  test.each<[JWTPayload, string | undefined]>([
    [{ exp: inSeconds(-4) }, undefined],
    [{ exp: inSeconds(-5) }, 'expired'],
    [{ nbf: inSeconds(5) }, undefined],
    [{ nbf: inSeconds(6) }, 'not valid yet'],
  ])('%j, with 5 s of tolerance: %s', async (claims, reason) => {
    const { jwt, log } = hooksOf({ secret: SECRET });
    expect((await ask(jwt, await tokenOf(claims))) === false).toBe(reason !== undefined);
    expect(log.reasons).toEqual(reason === undefined ? [] : [reason]);
  });

  test('without tolerance a token ends at its second', async () => {
    const { jwt } = hooksOf({ secret: SECRET, timings: { clockToleranceMs: 0 } });
    expect(await ask(jwt, await tokenOf({ exp: inSeconds(0) }))).toBe(false);
    expect(await ask(jwt, await tokenOf({ exp: inSeconds(1) }))).toMatchObject({ expiresAt: clock.now() + 1_000 });
  });
});

describe('a token that is not good is refused, and the log says why', () => {
  const issued = { iss: 'https://login.example', aud: 'rt' };
  const by = { secret: SECRET, issuer: issued.iss, audience: ['rt', 'other'] };
  test.each<[Record<string, unknown>, string]>([
    [{ iss: 'https://evil.example' }, 'wrong issuer'],
    [{ iss: undefined }, 'claim iss: missing'],
    [{ iss: [issued.iss] }, 'wrong issuer'],
    [{ aud: 'elsewhere' }, 'wrong audience'],
    [{ aud: ['else', 'where'] }, 'wrong audience'],
    [{ aud: undefined }, 'claim aud: missing'],
    [{ sub: undefined }, 'claim sub: missing'],
    [{ sub: '' }, 'claim sub: must be a text that is not empty'],
    [{ sub: 7 }, 'claim sub: must be a text that is not empty'],
    [{ exp: undefined }, 'claim exp: missing'],
    [{ exp: 'tomorrow' }, 'claim exp: of a wrong kind'],
    [{ exp: null }, 'claim exp: of a wrong kind'],
    [{ nbf: 'now' }, 'claim nbf: of a wrong kind'],
    [{ groups: 'all' }, 'claim groups: must be a list of group ids and patterns'],
    [{ groups: null }, 'claim groups: must be a list of group ids and patterns'],
    [{ groups: { 0: 'a' } }, 'claim groups: must be a list of group ids and patterns'],
    [{ groups: ['a', 7] }, 'claim groups: must have only texts that are not empty'],
    [{ groups: [''] }, 'claim groups: must have only texts that are not empty'],
    [{ groups: ['a*b'] }, 'claim groups: must have * only at an end, and no braces but {sub}'],
    [{ groups: ['**'] }, 'claim groups: must have * only at an end, and no braces but {sub}'],
    [{ groups: ['{tenant}-1'] }, 'claim groups: must have * only at an end, and no braces but {sub}'],
    [{ publish: 'yes' }, 'claim publish: must be true, false, or a list of group ids and patterns'],
    [{ publish: null }, 'claim publish: must be true, false, or a list of group ids and patterns'],
    [{ publish: ['{}'] }, 'claim publish: must have * only at an end, and no braces but {sub}'],
    [{ clientType: 'robot' }, 'claim clientType: must be one or several of app-client, service-node, dashboard'],
    [{ clientType: null }, 'claim clientType: must be one or several of app-client, service-node, dashboard'],
    [{ clientType: 'dashboard' }, 'not for this clientType'],
    [{ clientType: [] }, 'not for this clientType'],
  ])('%j: %s', async (claims, reason) => {
    const { jwt, log } = hooksOf(by);
    // `SignJWT` would not sign times of a wrong kind.
    const token = forged({ alg: 'HS256' }, { sub: 'ada', exp: inSeconds(60), ...issued, ...claims }, SECRET);
    expect(await ask(jwt, token)).toBe(false);
    expect(log.lines).toEqual([['info', 'a token was refused', { reason, connectionId: 'c1', remoteAddress: '192.0.2.1' }]]);
  });

  test.each<[string, unknown, string]>([
    ['none', undefined, 'there is none'],
    ['an empty one', '', 'there is none'],
    ['no text', { token: 1 }, 'there is none'],
    ['not a token', 'password123', 'malformed'],
    ['empty parts', '..', 'malformed'],
    ['claims that are no object', forged({ alg: 'HS256' }, [1], SECRET), 'malformed'],
    ['a header that is no JSON', `e30x.${base64({})}.AAAA`, 'malformed'],
    ['longer than tokens are', 'x'.repeat(8_193), 'longer than 8192 characters'],
    [
      'without a signature',
      new UnsecuredJWT({ sub: 'ada' }).setExpirationTime('1h').encode(),
      'signed in a way that is not allowed',
    ],
    ['with "alg": "None"', `${base64({ alg: 'None' })}.${base64({ sub: 'ada' })}.`, 'signed in a way that is not allowed'],
    ['with a list as alg', forged({ alg: ['HS256'] }, { sub: 'ada' }, SECRET), 'malformed'],
    ['of the wrong secret', forged({ alg: 'HS256' }, { sub: 'ada', exp: 4e9 }, 'x'.repeat(40)), 'wrong signature'],
    [
      'with a critical header',
      forged({ alg: 'HS256', crit: ['b64'], b64: false }, { sub: 'ada', exp: 4e9 }, SECRET),
      'malformed',
    ],
  ])('%s', async (_, token, reason) => {
    const { jwt, log } = hooksOf({ secret: SECRET });
    expect(await ask(jwt, token)).toBe(false);
    expect(log.reasons).toEqual([reason]);
  });

  test('one whose last character is another', async () => {
    const { jwt, log } = hooksOf({ secret: SECRET });
    const token = await tokenOf();
    const middle = token.length - 10;
    const other = token[middle] === 'A' ? 'B' : 'A';
    expect(await ask(jwt, token.slice(0, middle) + other + token.slice(middle + 1))).toBe(false);
    expect(log.reasons).toEqual(['wrong signature']);
  });
});

describe('kinds of keys are not confused', () => {
  const claims = { sub: 'ada', exp: 4e9, groups: ['*'] };

  test.each(['HS256', 'HS384', 'HS512'])('a public key is no secret: %s', async (alg) => {
    const { jwt, log } = hooksOf({ publicKey: PUBLIC });
    const der = keys.publicKey.export({ type: 'spki', format: 'der' });
    for (const secret of [PUBLIC, PUBLIC.trim(), `${PUBLIC}\n`, der]) {
      expect(await ask(jwt, forged({ alg }, claims, secret))).toBe(false);
    }
    expect(new Set(log.reasons)).toEqual(new Set(['signed in a way that is not allowed']));
  });

  test('a token brings no key of its own', async () => {
    const { jwt, log } = hooksOf({ publicKey: PUBLIC });
    const own = rsa();
    const jwk = own.publicKey.export({ format: 'jwk' });
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', jwk: jwk as never, jku: 'http://127.0.0.1:1/keys' })
      .sign(own.privateKey);
    expect(await ask(jwt, token)).toBe(false);
    expect(log.reasons).toEqual(['wrong signature']);
  });

  test('a signature that is none of those that are allowed is refused, though the key would do', async () => {
    const { jwt, log } = hooksOf({ publicKey: PUBLIC, algorithms: ['RS512'] });
    expect(await ask(jwt, await tokenOf({}, keys.privateKey, { alg: 'RS256' }))).toBe(false);
    expect(await ask(jwt, await tokenOf({}, keys.privateKey, { alg: 'RS512' }))).toMatchObject({ principal: 'ada' });
    expect(log.reasons).toEqual(['signed in a way that is not allowed']);
  });
});

describe('lines about refusals', () => {
  test('are so many a minute; the others are counted', async () => {
    const { jwt, log } = hooksOf({ secret: SECRET, limits: { refusalLinesPerMinuteMax: 3 } });
    for (let i = 0; i < 1_000; i++) await ask(jwt, 'x');
    expect(log.reasons).toHaveLength(3);
    await clock.advance(60_000);
    await ask(jwt, undefined);
    expect(log.lines.slice(3)).toEqual([
      ['info', 'more tokens were refused than lines were logged', { untold: 997 }],
      ['info', 'a token was refused', { reason: 'there is none', connectionId: 'c1', remoteAddress: '192.0.2.1' }],
    ]);
  });

  test('have nothing of a token, whatever is wrong with it', async () => {
    const { jwt, log } = hooksOf({ secret: SECRET, issuer: 'us' });
    const hidden = 'Zm9vYmFyYmF6cXV4';
    const claims = { sub: hidden, iss: hidden, exp: 4e9, groups: [`{${hidden}}`], clientType: hidden };
    for (const header of [{ alg: 'HS256', kid: hidden }, { alg: hidden }]) {
      const token = forged(header, claims, SECRET);
      for (const text of [token, `${token}x`, hidden, `${hidden}.${hidden}.${hidden}`]) await ask(jwt, text);
      await ask(jwt, forged(header, { ...claims, iss: 'us' }, SECRET));
    }
    expect(log.reasons.length).toBe(10);
    expect(JSON.stringify(log.lines)).not.toContain(hidden);
  });
});
