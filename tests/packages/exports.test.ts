import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseSync } from 'oxc-parser';
import { expect, inject, test } from 'vitest';
import { output } from './run.js';

const consumer = inject('consumer');
const ENTRIES = [
  ['gateway-protocol', 'gateway-protocol/dist/esm/index.d.ts'],
  ['gateway-client', 'gateway-client/dist/esm/index.d.ts'],
  ['gateway-client/react', 'gateway-client/dist/esm/react/index.d.ts'],
  ['gateway-client/react-native', 'gateway-client/dist/esm/react-native/index.d.ts'],
  ['gateway-sim', 'gateway-sim/dist/esm/index.d.ts'],
  ['gateway-jwt', 'gateway-jwt/dist/esm/index.d.ts'],
  ['gateway-otel', 'gateway-otel/dist/esm/index.d.ts'],
  ['gateway-redis', 'gateway-redis/dist/esm/index.d.ts'],
  ['gateway-core', 'gateway-core/dist/esm/index.d.ts'],
  ['gateway-core/testing', 'gateway-core/dist/esm/testing/index.d.ts'],
  ['gateway-cli', 'gateway-cli/dist/esm/index.d.ts'],
  ['gateway-cli/bench', 'gateway-cli/dist/esm/bench/index.d.ts'],
] as const;

async function declaredNames(path: string): Promise<string[]> {
  const { module } = parseSync(path, await readFile(join(consumer, 'node_modules', path), 'utf8'));
  const entries = module.staticExports.flatMap((statement) => statement.entries);
  return entries.map(({ exportName, isType }) => `${isType ? 'type ' : ''}${exportName.name}`).sort();
}

test.each(ENTRIES)('%s exports exactly these names', async (_, declarations) => {
  expect(await declaredNames(declarations)).toMatchSnapshot();
});

test.each(ENTRIES)('%s has the same values by import, by require and in its declarations', async (entry, declarations) => {
  const names = async (program: string) => (await output(consumer, process.execPath, ['-e', program])).trim().split(',').sort();
  const declared = (await declaredNames(declarations)).filter((name) => !name.startsWith('type '));
  expect(await names(`import('${entry}').then((all) => console.log(String(Object.keys(all))))`)).toEqual(declared);
  expect(await names(`console.log(String(Object.keys(require('${entry}'))))`)).toEqual(declared);
});

test('the hooks are marked as code for the browser, for frameworks with server components', async () => {
  const entry = await readFile(join(consumer, 'node_modules/gateway-client/dist/esm/react/index.js'), 'utf8');
  expect(entry).toMatch(/^['"]use client['"];/);
});
