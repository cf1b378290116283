import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from 'gateway-cli';
import { expect, onTestFinished, test } from 'vitest';
import { MemoryIo, printedConfig, runCli } from '../memory-io.js';

const LOOPBACK = ['--port', '0', '--host', '127.0.0.1'];

function fileWith(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'password'), content);
  return join(folder, 'password');
}

test('serve --playground says where it is, and never its password', async () => {
  const io = new MemoryIo();
  const ended = run(['serve', ...LOOPBACK, '--playground'], { GW_PLAYGROUND_PASSWORD: 'open sesame' }, io);
  const { playgroundUrl, msg } = await io.line('playground on ');
  expect(playgroundUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/playground\/$/);
  expect(msg).toBe(`playground on ${playgroundUrl}`);
  expect((await fetch(String(playgroundUrl))).status).toBe(401);
  io.signals.emit('SIGTERM', 'SIGTERM');
  expect(await ended).toBe(0);
  expect(io.out + io.err).not.toContain('sesame');
});

test('it is off by default', async () => {
  expect((await printedConfig([])).playground).toBeNull();
  expect((await printedConfig(['--playground-read-only'])).playground).toBeNull();
});

test.each([
  [['--playground'], {}, { password: false, readOnly: null, hideMetadata: false }],
  [[], { GW_PLAYGROUND: '1' }, { password: false, readOnly: null, hideMetadata: false }],
  [
    ['--playground', '--playground-read-only', '--playground-hide-metadata'],
    {},
    { password: false, readOnly: true, hideMetadata: true },
  ],
  [
    ['--playground', '--no-playground-read-only'],
    { GW_PLAYGROUND_READ_ONLY: 'true' },
    { password: false, readOnly: false, hideMetadata: false },
  ],
  [
    ['--playground', '--host', '10.0.0.1'],
    { GW_PLAYGROUND_PASSWORD: 'x' },
    { password: true, readOnly: null, hideMetadata: false },
  ],
  [['--no-playground'], { GW_PLAYGROUND: '1' }, null],
  [[], { GW_PLAYGROUND: 'auto' }, { password: false, readOnly: null, hideMetadata: false }],
  [['--host', '10.0.0.1'], { GW_PLAYGROUND: 'auto' }, null],
  [['--trust-proxy-hops', '1'], { GW_PLAYGROUND: 'auto' }, null],
  [['--workers', '2'], { GW_PLAYGROUND: 'auto' }, null],
])('%j with %j is %j', async (argv, env, expected) => {
  expect((await printedConfig(argv, env)).playground).toEqual(expected);
});

test('the password may be the first line of a file', async () => {
  const file = fileWith('from a file\nand more\n');
  expect((await printedConfig(['--playground', '--playground-password-file', file])).playground.password).toBe(true);
  expect((await printedConfig(['--playground'], { GW_PLAYGROUND_PASSWORD_FILE: file })).playground.password).toBe(true);
});

test.each([
  [
    ['--playground', '--host', '10.0.0.1'],
    {},
    /^--playground \(GW_PLAYGROUND\) takes a password on 10\.0\.0\.1, which others reach: --playground-password-file or GW_PLAYGROUND_PASSWORD$/,
  ],
  [['--playground', '--trust-proxy-hops', '1'], {}, /takes a password behind a proxy/],
  [
    ['--playground', '--playground-password-file', 'nowhere'],
    {},
    /^--playground-password-file takes a file that can be read, not "nowhere" \(ENOENT\)$/,
  ],
  [[], { GW_PLAYGROUND: 'maybe' }, /^GW_PLAYGROUND takes one of .*, not "maybe"$/],
  [['--playground-password', 'secret'], {}, /unknown option/],
])('%j with %j ends with 2 and one line', async (argv, env, line) => {
  const { code, out, err } = await runCli(['serve', '--port', '0', ...argv], env);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err.split('\n')).toHaveLength(2);
  expect(err.replace(/^gateway-cli: /, '').trim()).toMatch(line);
});

test('an empty file is no password', async () => {
  const { code, err } = await runCli(['serve', '--playground', '--playground-password-file', fileWith('\n')]);
  expect([code, err]).toEqual([2, expect.stringContaining('begins with a password')]);
});
