import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Logs 128 MiB in lines of 1 KiB, with turns of the loop in between, and tells by how much the process's memory has grown. */
const PROGRAM = `
  import { createLogger } from './packages/gateway-cli/src/logger.ts';
  const used = () => {
    globalThis.gc();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const logger = createLogger({ level: 'info', pretty: false, color: false, output: { fd: 1 } });
  const before = used();
  for (let line = 0; line < 131_072; line += 1) {
    logger.info(String(line).padEnd(1_024));
    if (line % 1_024 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  process.send(used() - before);
  // It stays, as a server would: to exit it would have to write what waits.
  setInterval(() => {}, 60_000);
`;

test('a reader of the logs who has stopped reading does not make the process grow', async () => {
  const child = spawn(process.execPath, ['--expose-gc', '--import', 'tsx', '--input-type=module', '--eval', PROGRAM], {
    cwd: root,
    env: { PATH: process.env.PATH, TSX_TSCONFIG_PATH: 'tsconfig.json' },
    // Nobody reads the pipe.
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  onTestFinished(async () => {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  });
  const [grown] = await once(child, 'message');
  // 8 MiB may wait, as text and as the bytes being written.
  expect(grown).toBeLessThan(32 * 1024 * 1024);
});
