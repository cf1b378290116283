import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Program } from './program.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const START = ['scripts/start.mjs', '--port', '0', '--host', '127.0.0.1'];

test.each(['SIGINT', 'SIGTERM', 'SIGQUIT'] as const)('start runs the built gateway and hands it %s', async (signal) => {
  await using start = new Program(root, process.execPath, START);
  const { healthUrl } = await start.log('listening on ');
  expect((await fetch(String(healthUrl))).status).toBe(200);
  const { playgroundUrl } = await start.log('playground on ');
  expect((await fetch(String(playgroundUrl))).status).toBe(200);
  start.process.kill(signal);
  await start.log('stopped');
  expect(await start.exit).toEqual([0, null]);
});

/** What npx looks like from below: a process of that name that waits for its child and passes no signal on. */
const AS_NPX = `
  process.title = 'npm exec pnpm start';
  require('node:child_process').spawn(process.execPath, process.argv.slice(1), { stdio: 'inherit' });
`;

test('the gateway drains when the npx that started it is gone', async ({ skip }) => {
  skip(process.platform !== 'linux', 'the start script finds npx in /proc');
  await using npx = new Program(root, process.execPath, ['-e', AS_NPX, '--', ...START]);
  await npx.log('listening on ');
  npx.process.kill('SIGKILL');
  await npx.log('stopped');
  await npx.closed();
});
