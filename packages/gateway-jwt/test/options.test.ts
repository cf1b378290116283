import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { DEFAULT_JWT_LIMITS, DEFAULT_JWT_TIMINGS, type JwtOptions, jwtAuthenticate } from 'gateway-jwt';
import { expect, test } from 'vitest';
import { hooksOf, pemOf, rsa, SECRET } from './asking.js';

const keys = rsa();
const PUBLIC = pemOf(keys.publicKey);
const PRIVATE = createPrivateKey(keys.privateKey.export({ type: 'pkcs8', format: 'pem' })).export({
  type: 'pkcs8',
  format: 'pem',
});
const SHORT_RSA = pemOf(generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey);
const ED448 = pemOf(generateKeyPairSync('ed448').publicKey);

const refusal = (options: unknown) => {
  try {
    jwtAuthenticate(options as JwtOptions);
  } catch (error) {
    expect(error).toMatchObject({ name: 'GatewayError', code: 'INVALID_OPTION' });
    return (error as Error).message;
  }
  throw new Error('taken');
};

test.each<[unknown, string]>([
  [undefined, 'options: must be an object'],
  [{}, 'options: must have one of secret, secretFile, publicKey, publicKeyFile, jwksUrl'],
  [{ secret: SECRET, jwksUrl: 'https://x.example' }, 'jwksUrl: must not be there beside secret: keys come from one place'],
  [{ secret: SECRET, sceret: 1 }, 'sceret: is not an option'],
  [{ secret: '' }, 'secret: must be a text that is not empty'],
  [{ secretFile: 7 }, 'secretFile: must be a text that is not empty'],
  [{ secret: 'x'.repeat(31) }, 'secret: must be a secret of 32 bytes or more, like that of openssl rand -base64 48'],
  [
    { secret: SECRET, algorithms: ['HS256', 'HS512'] },
    'secret: must be a secret of 64 bytes or more, like that of openssl rand -base64 48',
  ],
  [{ secret: PUBLIC }, 'secret: must be a secret, not a key or a certificate in PEM or JSON'],
  [
    { secret: JSON.stringify({ kty: 'oct', k: 'x'.repeat(60) }) },
    'secret: must be a secret, not a key or a certificate in PEM or JSON',
  ],
  [{ secret: SECRET, algorithms: ['RS256'] }, 'algorithms: must not have "RS256" beside secret'],
  [{ publicKey: PUBLIC, algorithms: ['RS256', 'HS256'] }, 'algorithms: must not have "HS256" beside publicKey'],
  [{ jwksUrl: 'https://x.example', algorithms: ['HS256'] }, 'algorithms: must not have "HS256" beside jwksUrl'],
  [{ secret: SECRET, algorithms: ['none'] }, 'algorithms: must not have "none"'],
  [{ secret: SECRET, algorithms: [] }, 'algorithms: must be a list that is not empty'],
  [{ publicKey: 'ssh-rsa AAAA' }, 'publicKey: must have a public key in PEM'],
  [{ publicKey: PRIVATE }, 'publicKey: must have public keys, and no private one'],
  [{ publicKey: PUBLIC + PRIVATE }, 'publicKey: must have public keys, and no private one'],
  [{ publicKey: PUBLIC.replace('MII', 'MIX') }, 'publicKey: must have public keys in PEM, of which one cannot be read'],
  [{ publicKey: SHORT_RSA }, 'publicKey: must have RSA keys of 2048 bits or more'],
  [{ publicKey: ED448 }, 'publicKey: must have keys of RSA, EC or Ed25519, not ed448'],
  [{ publicKey: PUBLIC.repeat(17) }, 'publicKey: must have at most 16 public keys'],
  [{ publicKey: PUBLIC.replaceAll('PUBLIC KEY', 'X509 CRL') }, 'publicKey: must have public keys in PEM, and nothing else'],
  [{ secretFile: '/nowhere/secret' }, 'secretFile: must be a file that can be read, not "/nowhere/secret" (ENOENT)'],
  [{ secretFile: '/' }, 'secretFile: must be a file, which "/" is not'],
  [{ jwksUrl: 'login.example' }, 'jwksUrl: must be an https or http URL'],
  [{ jwksUrl: 'file:///etc/keys' }, 'jwksUrl: must be an https or http URL'],
  [{ jwksUrl: 'https://me:secret@login.example' }, 'jwksUrl: must have no user and no password'],
  [{ secret: SECRET, issuer: '' }, 'issuer: must be a text, or a list of texts, that is not empty'],
  [{ secret: SECRET, audience: [] }, 'audience: must be a text, or a list of texts, that is not empty'],
  [{ secret: SECRET, groups: ['a*b'] }, 'groups: must have * only at an end, and no braces but {sub}'],
  [{ secret: SECRET, groups: 'all' }, 'groups: must be a list of group ids and patterns'],
  [{ secret: SECRET, grants: {} }, 'grants: must be a function'],
  [{ secret: SECRET, timings: { clockTolerance: 1 } }, 'timings.clockTolerance: is not an option'],
  [{ secret: SECRET, timings: { clockToleranceMs: -1 } }, 'timings.clockToleranceMs: must be an integer from 0 to 2147483647'],
  [{ secret: SECRET, timings: { jwksTimeoutMs: 0 } }, 'timings.jwksTimeoutMs: must be an integer from 1 to 2147483647'],
  [{ secret: SECRET, limits: { tokenLengthMax: 1.5 } }, 'limits.tokenLengthMax: must be an integer from 1 to 2147483647'],
  [{ secret: SECRET, limits: 7 }, 'limits: must be an object'],
])('%#: what is wrong is named, and no key is', (options, message) => {
  const said = refusal(options);
  expect(said).toBe(message);
  expect(said).not.toContain(SECRET);
});

test('every timing and limit may be said', () => {
  hooksOf({
    secret: new Uint8Array(32).fill(7),
    timings: DEFAULT_JWT_TIMINGS,
    limits: { ...DEFAULT_JWT_LIMITS, keysBytesMax: undefined },
  });
});

test.each<[JwtOptions, string[]]>([
  [{ secret: SECRET }, []],
  [{ publicKey: PUBLIC, audience: 'rt' }, []],
  [{ publicKey: PUBLIC }, ['tokens for any audience are taken, also those that the issuer has made for other services']],
  [{ jwksUrl: 'http://127.0.0.1:1/', audience: 'rt' }, []],
  [{ jwksUrl: 'http://localhost/', audience: 'rt' }, []],
  [
    { jwksUrl: 'http://localhost.example/', audience: 'rt' },
    ['keys are asked for without TLS: whoever is on the way can make tokens'],
  ],
])('what is seldom meant is warned of: %#', (options, warnings) => {
  const { log } = hooksOf(options);
  expect(log.lines.map(([level, msg]) => `${level} ${msg}`)).toEqual(warnings.map((msg) => `warn ${msg}`));
});
