import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemdLink } from '../src/systemd.js';
import { Program } from './program.js';

const NOTIFY = { NOTIFY_SOCKET: '/run/systemd/notify' };
let folder: string;
/** Stands in for the program of systemd, and writes down what it was told. */
let env: Record<string, string>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'systemd-'));
  writeFileSync(join(folder, 'systemd-notify'), `#!/bin/sh\necho "$@ $NOTIFY_SOCKET" >> '${folder}/told'\n`);
  chmodSync(join(folder, 'systemd-notify'), 0o755);
  writeFileSync(join(folder, 'told'), '');
  env = { PATH: `${folder}:${process.env.PATH}` };
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

const told = () => readFileSync(join(folder, 'told'), 'utf8').trim().split('\n').sort();
/** And nothing else: with `--no-block` it would not wait until systemd has looked at who tells, and what it tells could be lost. */
const line = (state: string) => `${state} /run/systemd/notify`;
const silent = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };

test('serve tells systemd that it takes clients, and that it drains', async () => {
  const program = new Program(['serve', '--port', '0', '--host', '127.0.0.1', '--anonymous'], { env: { ...env, ...NOTIFY } });
  await program.log('listening on ws://');
  await vi.waitFor(() => expect(told()).toEqual([line('READY=1')]), { timeout: 10_000 });
  program.process.kill('SIGTERM');
  expect(await program.exit).toEqual([0, null]);
  await vi.waitFor(() => expect(told()).toEqual([line('READY=1'), line('STOPPING=1')]), { timeout: 10_000 });
});

test.each([
  ['of its own process', { WATCHDOG_PID: String(process.pid) }, 2],
  ['of whom it may concern', {}, 2],
  ['of another process', { WATCHDOG_PID: '1' }, 0],
])('the watchdog %s is fed twice in its time', async (_, more, times) => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const link = systemdLink({ ...env, ...NOTIFY, WATCHDOG_USEC: '30000000', ...more }, silent);
  link.ready();
  vi.advanceTimersByTime(30_000);
  link.off();
  vi.advanceTimersByTime(60_000);
  const fed = Array<string>(times).fill(line('WATCHDOG=1'));
  await vi.waitFor(() => expect(told()).toEqual([line('READY=1'), ...fed]), { timeout: 10_000 });
});

test.each([
  ['an endless time', '18446744073709551615', 0],
  ['no number', 'soon', 0],
  ['a number that is no count', '1e30', 0],
  ['a negative time', '-5', 0],
  ['a time in which no process can be started', '1', 2],
])('a watchdog with %s starts no processes without end', async (_, usec, times) => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const link = systemdLink({ ...env, ...NOTIFY, WATCHDOG_USEC: usec }, silent);
  link.ready();
  vi.advanceTimersByTime(300);
  link.off();
  link.stopping();
  const fed = Array<string>(times).fill(line('WATCHDOG=1'));
  await vi.waitFor(() => expect(told()).toEqual([line('READY=1'), line('STOPPING=1'), ...fed]), { timeout: 10_000 });
});

test('where systemd does not hear, two processes wait for it at most, not for ever, and that is one warning', async () => {
  writeFileSync(join(folder, 'systemd-notify'), `#!/bin/sh\necho "$@ $NOTIFY_SOCKET" >> '${folder}/told'\nexec sleep 30\n`);
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const warn = vi.fn();
  const link = systemdLink({ ...env, ...NOTIFY, WATCHDOG_USEC: '30000000' }, { ...silent, warn }, 1_000);
  link.ready();
  vi.advanceTimersByTime(300_000);
  await vi.waitFor(() => expect(told()).toEqual([line('READY=1'), ...Array<string>(2).fill(line('WATCHDOG=1'))]), {
    timeout: 10_000,
  });
  await vi.waitFor(() => expect(warn).toHaveBeenCalledTimes(1), { timeout: 10_000 });
  link.off();
});

test('a process that systemd did not start tells nobody', async () => {
  const run = vi.fn();
  const link = systemdLink({ ...env, WATCHDOG_USEC: '30000000' }, { ...silent, warn: run });
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  link.ready();
  vi.advanceTimersByTime(30_000);
  link.stopping();
  link.off();
  vi.useRealTimers();
  // What it would have started comes before what is started now.
  systemdLink({ ...env, ...NOTIFY }, silent).stopping();
  await vi.waitFor(() => expect(told()).toEqual([line('STOPPING=1')]), { timeout: 10_000 });
  expect(run).not.toHaveBeenCalled();
});

test('where systemd-notify is not there, that is one warning', async () => {
  const warn = vi.fn();
  const link = systemdLink({ ...NOTIFY, PATH: join(folder, 'nothing') }, { ...silent, warn });
  link.ready();
  link.stopping();
  await vi.waitFor(() => expect(warn).toHaveBeenCalledTimes(1), { timeout: 10_000 });
  expect(warn.mock.calls[0]?.[0]).toContain('systemd-notify');
});
