import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ask, ec, hooksOf, inSeconds, may, pemOf, rsa, SECRET } from './asking.js';

const encoded = (text: string) => Buffer.from(text).toString('base64url');
/** A token of these texts, signed with HMAC. */
function signed(header: string, claims: string, secret: string | Buffer = SECRET): string {
  const text = `${encoded(header)}.${encoded(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

const HEADER = '{"alg":"HS256"}';
const EXP = inSeconds(60);
const claimsWith = (more: string) => `{"sub":"ada","exp":${EXP},"groups":["*"]${more}}`;
const GOOD = claimsWith('');

test('by these means a good token can be made', async () => {
  const { jwt } = hooksOf({ secret: SECRET });
  expect(await ask(jwt, signed(HEADER, GOOD))).toMatchObject({ principal: 'ada' });
});

describe('a header that wants something of who reads it is refused', () => {
  test.each([
    '{"alg":"none"}',
    '{"alg":"nOnE"}',
    '{"alg":""}',
    '{"alg":null}',
    '{"alg":{"toString":"HS256"}}',
    '{}',
    '{"__proto__":{"alg":"HS256"}}',
    '{"alg":"HS256","crit":["exp"]}',
    '{"alg":"HS256","crit":["b64"],"b64":true,"crit":["b64","x"]}',
    '{"alg":"HS256","crit":[]}',
    '{"alg":"HS256","crit":"b64"}',
    '{"alg":"HS256","crit":["b64"],"b64":false}',
    '{"alg":"HS256","crit":["toString"]}',
    '{"alg":"HS512"}',
    '{"alg":"dir","enc":"A256GCM"}',
    '{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2147483647,"p2s":"AA"}',
    '{"alg":"ES256"}',
    '["HS256"]',
    '"HS256"',
    'null',
    '{',
    '',
  ])('%s', async (header) => {
    const { jwt, log } = hooksOf({ secret: SECRET });
    const [head, claims, signature] = signed(header, GOOD).split('.');
    for (const token of [`${head}.${claims}.${signature}`, `${head}.${claims}.`]) expect(await ask(jwt, token)).toBe(false);
    expect(log.reasons).toHaveLength(2);
  });
});

describe('what a header says besides is nothing', () => {
  test.each([
    '"kid":"../../../../dev/null"',
    '"kid":"\' UNION SELECT \'x"',
    '"kid":{"toString":1}',
    '"kid":["a"],"__proto__":{"kid":"b"}',
    '"jku":"http://127.0.0.1:1/","x5u":"http://127.0.0.1:1/"',
    '"jwk":{"kty":"oct","k":"AA"}',
    '"x5c":["AA"]',
    '"zip":"DEF"',
  ])('with a secret: %s', async (more) => {
    const { jwt } = hooksOf({ secret: SECRET });
    const header = `{"alg":"HS256",${more}}`;
    expect(await ask(jwt, signed(header, GOOD))).toMatchObject({ principal: 'ada' });
    expect(await ask(jwt, signed(header, GOOD, 'x'.repeat(40)))).toBe(false);
    // The secret of a `kid` that names an empty file.
    expect(await ask(jwt, signed(header, GOOD, ''))).toBe(false);
  });

  test('and with a public key nothing that everybody knows is a secret', async () => {
    const [one, two] = [rsa(), ec()];
    const publicKey = [one, two].map(({ publicKey: key }) => pemOf(key)).join('\n');
    const { jwt } = hooksOf({ publicKey, audience: 'rt' });
    const claims = claimsWith(',"aud":"rt"');
    const known = [publicKey, publicKey.trim(), pemOf(one.publicKey), pemOf(two.publicKey), ''];
    const jwks = [one, two].map(({ publicKey: key }) => key.export({ format: 'jwk' }));
    const parts = jwks.flatMap((jwk) =>
      Object.values(jwk).flatMap((part) => [String(part), Buffer.from(String(part), 'base64url')]),
    );
    for (const secret of [...known, ...parts, ...jwks.map((jwk) => JSON.stringify(jwk))])
      for (const alg of ['HS256', 'RS256', 'ES256', 'none'])
        expect(await ask(jwt, signed(`{"alg":"${alg}"}`, claims, secret)), `${alg} ${secret}`).toBe(false);
  });
});

describe('claims', () => {
  test.each([
    '"exp":"9999999999"',
    '"exp":NaN',
    '"exp":[9999999999]',
    '"exp":{"valueOf":1}',
    '"exp":true',
    '"exp":-1e999',
    '"exp":-1',
    '"exp":0',
    '"nbf":1e999',
    '"nbf":"0"',
    '"iat":"0"',
    '"sub":["ada"]',
    '"sub":{"toString":1}',
    '"sub":null',
    '"groups":[["*"]]',
    '"groups":[null]',
    '"groups":{"length":1,"0":"*"}',
    '"groups":"*"',
    '"groups":7',
    '"publish":1',
    '"publish":{}',
    '"clientType":{}',
    '"clientType":[["app-client"]]',
    '"clientType":"__proto__"',
    '"clientType":"constructor"',
  ])('that are of no kind that is known are refused: %s', async (more) => {
    const { jwt, log } = hooksOf({ secret: SECRET });
    // The last of two with one name counts.
    expect(await ask(jwt, signed(HEADER, claimsWith(`,${more}`)))).toBe(false);
    expect(log.reasons).toHaveLength(1);
  });

  test('an end that is no date ends no later than dates do', async () => {
    const { jwt } = hooksOf({ secret: SECRET });
    for (const exp of ['1e999', '1.7976931348623157e308', '9007199254740993'])
      expect(await ask(jwt, signed(HEADER, claimsWith(`,"exp":${exp}`)))).toMatchObject({ expiresAt: 8.64e15 });
  });

  test.each(['__proto__', 'constructor', 'prototype'])('under the key %s are no claims, however they are copied', async (key) => {
    const { jwt } = hooksOf({ secret: SECRET });
    const hidden = '{"groups":["*"],"sub":"root","publish":true,"prototype":{"groups":["*"]}}';
    const answer = await ask(jwt, signed(HEADER, `{"sub":"ada","exp":${EXP},"${key}":${hidden}}`));
    if (typeof answer === 'boolean') throw new Error('refused');
    expect(answer.principal).toBe('ada');
    const claims = answer.claims as Record<string, unknown>;
    for (const copy of [
      claims,
      { ...claims },
      structuredClone(claims),
      JSON.parse(JSON.stringify(claims)),
      Object.assign({}, claims),
    ]) {
      const member = { memberId: 'm', connectionId: 'c', role: 'app-client' as const, principal: 'ada', claims: copy };
      expect(jwt.hooks.authorize({ member, action: 'join', groupId: 'g' })).toBe(false);
    }
    expect(({} as { groups?: unknown }).groups).toBeUndefined();
  });

  test('groups may have names of Object.prototype, and mean those alone', async () => {
    const { jwt } = hooksOf({ secret: SECRET });
    const token = signed(HEADER, `{"sub":"ada","exp":${EXP},"groups":["__proto__","constructor"]}`);
    expect(await may(jwt, token, 'join', '__proto__')).toBe(true);
    for (const groupId of ['toString', 'hasOwnProperty', 'valueOf']) expect(await may(jwt, token, 'join', groupId)).toBe(false);
  });

  test('of ten thousand groups each counts, where a token may be so long; by default it may not', async () => {
    const groups = Array.from({ length: 10_000 }, (_, n) => (n % 2 === 0 ? `g${n}` : `p${n}-*`));
    const token = signed(HEADER, `{"sub":"ada","exp":${EXP},"groups":${JSON.stringify(groups)}}`);
    const strict = hooksOf({ secret: SECRET });
    expect(await ask(strict.jwt, token)).toBe(false);
    expect(strict.log.reasons).toEqual(['longer than 8192 characters']);
    const { jwt } = hooksOf({ secret: SECRET, limits: { tokenLengthMax: 1_000_000 } });
    for (const [groupId, is] of [
      ['g9998', true],
      ['p9999-x', true],
      ['g9999', false],
      ['p9998-x', false],
    ] as const)
      expect(await may(jwt, token, 'join', groupId)).toBe(is);
  });

  test('that are nested deep harm nobody', async () => {
    const { jwt } = hooksOf({ secret: SECRET });
    const deep = `${'['.repeat(2_900)}${']'.repeat(2_900)}`;
    expect(await ask(jwt, signed(HEADER, claimsWith(`,"deep":${deep}`)))).toMatchObject({ principal: 'ada' });
    expect(await ask(jwt, signed(HEADER, claimsWith(`,"groups":${deep}`)))).toBe(false);
    expect(await ask(jwt, signed(`{"alg":"HS256","x":${deep}}`, GOOD))).toMatchObject({ principal: 'ada' });
  });
});

test('a token is three parts of base64url and nothing around them', async () => {
  const { jwt } = hooksOf({ secret: SECRET });
  const token = signed(HEADER, GOOD);
  const [head, claims, signature] = token.split('.') as [string, string, string];
  const whole = { payload: claims, protected: head, signature };
  const answers: boolean[] = [];
  for (const text of [
    `${token}.`,
    `.${token}`,
    `${token}.${signature}`,
    `${head}.${claims}`,
    `${head}..${signature}`,
    `${head}.${claims}.${signature}.${head}.${claims}`,
    `${head}.${claims}.${Buffer.from(signature, 'base64url').toString('base64url').slice(0, -2)}`,
    `${head}.${claims}.`,
    `Bearer ${token}`,
    JSON.stringify(whole),
    `\u0000${token}`,
    `${token}\u0000`,
    `${token}%00`,
    whole,
    [token],
    { toString: () => token },
    new String(token),
    7,
    true,
  ])
    answers.push((await ask(jwt, text)) === false);
  expect(answers).toEqual(answers.map(() => true));
});
