import { spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../infra/nginx/make-certs.sh', import.meta.url));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gateway-certs-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const make = (...argv: string[]) => spawnSync(script, ['--out', folder, ...argv], { encoding: 'utf8' });
const pem = (name: string) => readFileSync(join(folder, name), 'utf8');

test('makes a certificate for this machine and the named hosts, and its key, which nobody else may read', () => {
  expect(make('app.example', '10.0.0.5').status).toBe(0);
  expect(readdirSync(folder).sort()).toEqual(['fullchain.pem', 'privkey.pem']);
  const certificate = new X509Certificate(pem('fullchain.pem'));
  for (const host of ['localhost', 'app.example']) expect(certificate.checkHost(host)).toBe(host);
  for (const address of ['127.0.0.1', '::1', '10.0.0.5']) expect(certificate.checkIP(address)).toBe(address);
  expect(certificate.checkHost('other.example')).toBeUndefined();
  expect(certificate.checkPrivateKey(createPrivateKey(pem('privkey.pem')))).toBe(true);
  expect(statSync(join(folder, 'privkey.pem')).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'fullchain.pem')).mode & 0o777).toBe(0o644);
});

test('keeps what is there, unless --force says otherwise', () => {
  make();
  const before = pem('fullchain.pem');
  expect(make().stdout).toMatch(/^kept /);
  expect(pem('fullchain.pem')).toBe(before);
  expect(make('--force').status).toBe(0);
  expect(pem('fullchain.pem')).not.toBe(before);
});

test('does not make half of a pair anew', () => {
  make();
  const before = pem('fullchain.pem');
  rmSync(join(folder, 'privkey.pem'));
  const { status, stderr } = make();
  expect(status).toBe(2);
  expect(stderr).toContain('--force makes a new pair');
  expect(pem('fullchain.pem')).toBe(before);
});

test.each([['--forced'], ['a b'], ['host/path'], ['']])('refuses %j and makes nothing', (argument) => {
  const { status, stderr } = make(argument);
  expect(status).toBe(2);
  expect(stderr).toMatch(/^make-certs: /);
  expect(readdirSync(folder)).toEqual([]);
});
