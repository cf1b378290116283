import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';
import { build } from 'tsup';
import { expect, onTestFinished, test } from 'vitest';

const folder = fileURLToPath(new URL('../src/', import.meta.url));

/** Bundles one file into another, as an application does with what it imports. */
async function bundle(outDir: string, name: string, entry: string): Promise<string> {
  await build({
    entry: { [name]: entry },
    outDir,
    outExtension: () => ({ js: '.mjs' }),
    format: 'esm',
    platform: 'neutral',
    config: false,
    dts: false,
    clean: false,
    silent: true,
  });
  return readFile(join(outDir, `${name}.mjs`), 'utf8');
}

test('of a package that is one file, an application that takes only closeAction gets no codes and no decode', async () => {
  // Outside the package, whose `sideEffects: false` would hide a statement that the bundler has to keep.
  const outDir = await mkdtemp(join(tmpdir(), 'gateway-bundle-'));
  onTestFinished(() => rm(outDir, { recursive: true }));
  const whole = await bundle(outDir, 'protocol', join(folder, 'index.ts'));
  const application = join(outDir, 'application.js');
  await writeFile(application, "import { closeAction } from './protocol.mjs';\nexport const action = closeAction(4203);\n");
  const taken = await bundle(outDir, 'bundled', application);
  for (const text of ['BAD_JSON', 'data_update']) {
    expect(whole).toContain(text);
    expect(taken).not.toContain(text);
  }
  expect((await import(/* @vite-ignore */ join(outDir, 'bundled.mjs'))).action).toBe('resume');
});

/** The calls that run when a module is loaded and are not marked as droppable: what some bundlers, unlike the one above, keep. */
function unmarkedCalls(text: string): string[] {
  const found: string[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { type, start, end } = node as { type?: string; start: number; end: number };
    if (type !== undefined && /Function/.test(type)) return;
    const runs = type === 'CallExpression' || type === 'NewExpression';
    if (runs && !text.slice(0, start).endsWith('/* @__PURE__ */ ')) found.push(text.slice(start, end));
    for (const child of Object.values(node)) visit(child);
  };
  visit(parseSync('a.ts', text).program.body);
  return found;
}

test('nothing runs when the package is loaded but what bundlers may drop', () => {
  expect(unmarkedCalls('const a = new Map([[1, f(2)]]), b = () => g();')).toEqual(['new Map([[1, f(2)]])', 'f(2)']);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  expect(files).toContain('signal-fields.ts');
  expect(files.flatMap((name) => unmarkedCalls(readFileSync(join(folder, name), 'utf8')))).toEqual([]);
});
