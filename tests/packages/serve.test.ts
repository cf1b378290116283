import { describe, expect, inject, test } from 'vitest';
import { canRun, NODES } from './nodes.js';
import { Program } from './program.js';

const consumer = inject('consumer');
const SERVE = ['serve', '--port', '0', '--host', '127.0.0.1'];

async function expectHealthy(program: Program): Promise<void> {
  const { healthUrl } = await program.log('listening on ');
  const response = await fetch(String(healthUrl));
  expect([response.status, await response.json()]).toEqual([200, { ok: true, data: { status: 'ok' } }]);
}

describe.each(NODES)('under $name', ({ name, program }) => {
  test('the installed gateway-cli serves /health, and stops at SIGTERM with code 0', async ({ skip }) => {
    skip(!canRun(program), `${name} does not come for this platform`);
    await using gateway = new Program(consumer, program, ['node_modules/.bin/gateway-cli', ...SERVE]);
    await expectHealthy(gateway);
    gateway.process.kill('SIGTERM');
    expect(await gateway.exit).toEqual([0, null]);
  });
});

test('npx gateway-cli serve works in a folder that has only the tarballs, until Ctrl-C', async () => {
  await using gateway = new Program(consumer, 'npx', ['--no', 'gateway-cli', ...SERVE]);
  await expectHealthy(gateway);
  gateway.signalGroup('SIGINT');
  await gateway.log('stopped');
  await gateway.closed();
});

test('the installed gateway-cli has the page of the playground', async () => {
  await using gateway = new Program(consumer, process.execPath, ['node_modules/.bin/gateway-cli', ...SERVE, '--playground']);
  await gateway.log('listening on ');
  const { playgroundUrl } = await gateway.log('playground on ');
  const page = await fetch(String(playgroundUrl));
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(await page.text()).toContain('<title>gateway playground</title>');
});
