import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bundledBytes, exporting } from './bundled.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
/** In bytes. It is what the client has come to; more needs a reason. */
const SIZE_MAX = 11_587;

test('[B83] the client is as small as its README says, and has not grown', async () => {
  const { minified, brotli } = await bundledBytes(exporting('index.ts', '{ createClient }'));
  expect(brotli).toBeLessThanOrEqual(SIZE_MAX);
  const said = readme.match(/([\d.]+) kB minified and compressed with brotli \(([\d.]+) kB minified\)/);
  expect(said?.slice(1)).toEqual([(brotli / 1000).toFixed(1), (minified / 1000).toFixed(1)]);
});

test.each([
  ['react', 1_600],
  ['react-native', 400],
])('[B83] gateway-client/%s adds what the README says, and no more than %i bytes', async (entry, max) => {
  // The errors are the client's own, which is there already.
  const options = { noExternal: [], external: ['react', /errors\.js$/] };
  const { brotli } = await bundledBytes(exporting(`${entry}/index.ts`), options);
  expect(brotli).toBeLessThanOrEqual(max);
  const said = readme.match(new RegExp(`\`gateway-client/${entry}\`[^.]*?adds ([\\d.]+) kB`));
  expect(said?.[1]).toBe((brotli / 1000).toFixed(1));
});
