import { mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from 'gateway-core/testing';
import { jwtAuthenticate } from 'gateway-jwt';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ask, ec, Log, pemOf, rsa, SECRET, tokenOf } from './asking.js';

const OTHER = 'another secret of more than thirty-two bytes';
let folder: string;
let path: string;
let clock: FakeClock;
let log: Log;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gateway-jwt-'));
  path = join(folder, 'key');
  clock = new FakeClock();
  log = new Log();
});
afterEach(() => rmSync(folder, { recursive: true }));

let writes = 0;
/** Each write has a time of its own, whatever the file system's clock is good for. */
function write(text: string): void {
  writeFileSync(path, text);
  writes += 1;
  utimesSync(path, 1_700_000_000, 1_700_000_000 + writes);
}

function fromSecretFile() {
  return jwtAuthenticate({ secretFile: path, clock, logger: log });
}

test('the text of the file is the secret, without the white space around it', async () => {
  write(`\n ${SECRET}\r\n`);
  const jwt = fromSecretFile();
  expect(await ask(jwt, await tokenOf())).toMatchObject({ principal: 'ada' });
  write('x');
  expect(() => fromSecretFile()).toThrow(
    'secretFile: must be a secret of 32 bytes or more, like that of openssl rand -base64 48',
  );
  write(pemOf(rsa().publicKey));
  expect(() => fromSecretFile()).toThrow('secretFile: must be a secret, not a key or a certificate in PEM or JSON');
  write('x'.repeat(300_000));
  expect(() => fromSecretFile()).toThrow('secretFile: must be a file of at most 262144 bytes');
});

test('a new secret counts within keyFileCheckMs, and the one before it no longer', async () => {
  write(SECRET);
  const jwt = fromSecretFile();
  const [old, fresh] = [await tokenOf(), await tokenOf({}, OTHER)];
  write(OTHER);
  expect(await ask(jwt, old)).toMatchObject({ principal: 'ada' });
  await clock.advance(4_999);
  expect(await ask(jwt, fresh)).toBe(false);
  await clock.advance(1);
  // Those that come together wait for the same look.
  expect(await Promise.all([ask(jwt, fresh), ask(jwt, old), ask(jwt, fresh)])).toEqual([
    expect.objectContaining({ principal: 'ada' }),
    false,
    expect.objectContaining({ principal: 'ada' }),
  ]);
  expect(log.others).toEqual([['info', 'the key file has changed: tokens are checked with what it has now', { path }]]);
  expect(log.reasons).toEqual(['wrong signature', 'wrong signature']);
  expect(clock.pendingTimers).toBe(0);
});

test('reload looks at once', async () => {
  write(SECRET);
  const jwt = fromSecretFile();
  write(OTHER);
  await jwt.reload();
  expect(await ask(jwt, await tokenOf({}, OTHER))).toMatchObject({ principal: 'ada' });
});

test('a secret of the same length that is written over the one before it is a new one', async () => {
  write(SECRET);
  const jwt = fromSecretFile();
  write(SECRET.toUpperCase());
  await jwt.reload();
  expect(await ask(jwt, await tokenOf({}, SECRET.toUpperCase()))).toMatchObject({ principal: 'ada' });
  expect(await ask(jwt, await tokenOf())).toBe(false);
});

test('a file of the same size and time is another one where it was put in its place', async () => {
  write(SECRET);
  const other = join(folder, 'other');
  writeFileSync(other, SECRET.toUpperCase());
  // As Kubernetes does it: a link that is turned around.
  const link = join(folder, 'link');
  symlinkSync(path, link);
  for (const file of [path, other]) utimesSync(file, 1_700_000_000, 1_700_000_000);
  const jwt = jwtAuthenticate({ secretFile: link, clock });
  symlinkSync(other, join(folder, 'next'));
  renameSync(join(folder, 'next'), link);
  await jwt.reload();
  expect(await ask(jwt, await tokenOf({}, SECRET.toUpperCase()))).toMatchObject({ principal: 'ada' });
});

test('a file that is gone or has no key leaves the keys as they are, which is said once', async () => {
  write(SECRET);
  const jwt = fromSecretFile();
  const token = await tokenOf();
  const asked = async (text: string | undefined) => {
    if (text === undefined) rmSync(path);
    else write(text);
    for (let i = 0; i < 3; i++) {
      await clock.advance(5_000);
      expect(await ask(jwt, token)).toMatchObject({ principal: 'ada' });
    }
  };
  expect(jwt.problem).toBeUndefined();
  await asked(undefined);
  const gone = `must be a file that can be read, not ${JSON.stringify(path)} (ENOENT)`;
  expect(jwt.problem).toBe(gone);
  await asked('');
  const short = 'must be a secret of 32 bytes or more, like that of openssl rand -base64 48';
  expect(jwt.problem).toBe(short);
  const kept = 'the key file cannot be used: the keys that it had before stay in use';
  expect(log.lines).toEqual([
    ['warn', kept, { path, problem: gone }],
    ['warn', kept, { path, problem: short }],
  ]);
  write(OTHER);
  await clock.advance(5_000);
  expect(await ask(jwt, token)).toBe(false);
  expect(jwt.problem).toBeUndefined();
  expect(log.others.slice(2)).toEqual([['info', 'the key file has changed: tokens are checked with what it has now', { path }]]);
});

test('public keys may stand beside each other while one takes over from the other', async () => {
  const [before, after] = [rsa(), ec()];
  const jwt = () => jwtAuthenticate({ publicKeyFile: path, audience: 'rt', clock });
  write(pemOf(before.publicKey));
  const hooks = jwt();
  const old = await tokenOf({ aud: 'rt' }, before.privateKey, { alg: 'RS256' });
  const fresh = await tokenOf({ aud: 'rt' }, after.privateKey, { alg: 'ES256' });
  const good = async () => [(await ask(hooks, old)) !== false, (await ask(hooks, fresh)) !== false];
  expect(await good()).toEqual([true, false]);
  write(pemOf(before.publicKey) + pemOf(after.publicKey));
  await hooks.reload();
  expect(await good()).toEqual([true, true]);
  write(pemOf(after.publicKey));
  await hooks.reload();
  expect(await good()).toEqual([false, true]);
  write(before.privateKey.export({ type: 'pkcs1', format: 'pem' }) as string);
  expect(jwt).toThrow('publicKeyFile: must have public keys, and no private one');
});
