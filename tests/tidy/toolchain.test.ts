import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { root } from './tree.js';

/** What a tool of the workspace says where it finds fault; an empty text where it finds none. */
async function complaints(tool: string, args: string[]): Promise<string> {
  try {
    await promisify(execFile)(process.execPath, [join(root, 'node_modules', tool), ...args], { cwd: root, maxBuffer: 64 << 20 });
    return '';
  } catch (error) {
    const { stdout, stderr, message } = error as Error & { stdout?: string; stderr?: string };
    return `${stdout}${stderr}` || message;
  }
}

test('the linter and the formatter find nothing', async () => {
  const found = await complaints('@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '--colors=off', '.']);
  if (found) expect.fail(found);
});

test.each(['tsconfig.json', 'packages/gateway-cli/page/tsconfig.json'])(
  'the compiler finds nothing in what %s names',
  async (project) => {
    const found = await complaints('typescript/bin/tsc', ['-p', project, '--pretty', 'false']);
    if (found) expect.fail(found);
  },
);
