import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';
import { beforeAll, expect, inject, test } from 'vitest';
import { scenarioOf } from '../../examples/echo/test/play.js';
import { output } from './run.js';

const consumer = inject('consumer');
const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));

// As somebody would who took the example home: its own files become one, and what it imports is what was installed.
beforeAll(() =>
  build({
    entry: { echo: path('examples/echo/src/main.ts') },
    outDir: consumer,
    outExtension: () => ({ js: '.mjs' }),
    format: 'esm',
    target: 'node20',
    skipNodeModulesBundle: true,
    // Without the root's path aliases, which would take the sources in.
    tsconfig: path('tsconfig.base.json'),
    config: false,
    dts: false,
    clean: false,
    silent: true,
  }),
);

test('the bundle holds nothing of the packages, so that it runs on the installed ones', async () => {
  const bundle = await readFile(join(consumer, 'echo.mjs'), 'utf8');
  expect(bundle).toMatch(/from ["']gateway-core["']/);
  expect(bundle).not.toContain('class GroupLog');
});

test('the echo scenario plays on the packed packages as it does on the sources, in virtual time and over loopback', async () => {
  const transcript = await readFile(path('examples/echo/transcript.txt'), 'utf8');
  expect(await output(consumer, process.execPath, ['echo.mjs', '--virtual'])).toBe(transcript);
  expect(scenarioOf(await output(consumer, process.execPath, ['echo.mjs']))).toEqual(scenarioOf(transcript));
});
