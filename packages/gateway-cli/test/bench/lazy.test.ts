import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const SCRIPT = `
  import { createRequire } from 'node:module';
  const loaded = () => Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('hdr-histogram-js'));
  await import('gateway-cli');
  console.log(loaded());
  await import('gateway-cli/bench');
  console.log(loaded());
`;

test('whoever serves does not load the generator', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', SCRIPT], {
    cwd: fileURLToPath(new URL('../../../../', import.meta.url)),
    env: { PATH: process.env.PATH, TSX_TSCONFIG_PATH: 'tsconfig.json' },
  });
  expect(stdout).toBe('false\ntrue\n');
});
