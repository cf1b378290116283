import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Node, parseSync, Visitor } from 'oxc-parser';
import { describe, expect, inject, test } from 'vitest';
import { output } from './run.js';

const consumer = inject('consumer');
const fromHere = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Packages of TypeScript by version: the oldest that is supported, some between, and the one that this repository uses. */
const COMPILERS = [
  ...['5.0', '5.4', '5.9', '6.0'].map((version) => ({ version, folder: fromHere(`./node_modules/typescript-${version}`) })),
  { version: '7', folder: fromHere('../../node_modules/typescript') },
];

describe.each(COMPILERS)('under TypeScript $version', { timeout: 60_000 }, ({ version, folder }) => {
  test('a strict and exact application of ES2020 compiles, with every declaration that it uses', async () => {
    const tsc = join(folder, 'bin/tsc');
    const types = ['--types', 'node', '--typeRoots', fromHere('../../node_modules/@types')];
    const strict = ['--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', 'false'];
    const args = ['--noEmit', ...strict, '--module', 'nodenext', '--target', 'es2020', '--lib', 'es2020', ...types, 'exact.mts'];
    expect(await output(consumer, process.execPath, [tsc, '--version'])).toContain(`Version ${version}.`);
    expect(await output(consumer, process.execPath, [tsc, ...args])).toBe('');
  });
});

const ENTRIES = [
  'gateway-protocol/dist/esm/index.d.ts',
  'gateway-client/dist/esm/index.d.ts',
  'gateway-client/dist/esm/react/index.d.ts',
  'gateway-client/dist/esm/react-native/index.d.ts',
  'gateway-core/dist/esm/index.d.ts',
  'gateway-core/dist/esm/testing/index.d.ts',
  'gateway-sim/dist/esm/index.d.ts',
  'gateway-jwt/dist/esm/index.d.ts',
  'gateway-otel/dist/esm/index.d.ts',
  'gateway-redis/dist/esm/index.d.ts',
  'gateway-cli/dist/esm/index.d.ts',
  'gateway-cli/dist/esm/bench/index.d.ts',
].map((path) => join(consumer, 'node_modules', path));

/** The declarations that somebody can come across, by path: entries, and what they import. */
async function publicDeclarations(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const visit = async (path: string): Promise<void> => {
    if (found.has(path)) return;
    const text = await readFile(path, 'utf8');
    found.set(path, text);
    const { module } = parseSync(path, text);
    const requests = [...module.staticImports, ...module.staticExports.flatMap(({ entries }) => entries)];
    for (const { moduleRequest } of requests) {
      if (moduleRequest?.value.startsWith('.')) await visit(join(dirname(path), moduleRequest.value.replace(/\.js$/, '.d.ts')));
    }
  };
  for (const entry of ENTRIES) await visit(entry);
  return found;
}

const says = (type: Node | undefined, ...kinds: string[]): boolean =>
  type !== undefined &&
  (kinds.includes(type.type) || (type.type === 'TSUnionType' && type.types.some((one) => says(one, ...kinds))));

/** Optional properties whose type does not say `undefined`, as they are written. */
function inexactIn(path: string, text: string): string[] {
  const inexact: string[] = [];
  const look = (node: Node & { optional?: unknown; typeAnnotation?: unknown }, type: Node | undefined) => {
    if (node.optional && !says(type, 'TSUndefinedKeyword', 'TSUnknownKeyword', 'TSAnyKeyword')) {
      inexact.push(text.slice(node.start, node.end));
    }
  };
  new Visitor({
    TSPropertySignature: (node) => look(node, node.typeAnnotation?.typeAnnotation),
    PropertyDefinition: (node) => look(node, node.typeAnnotation?.typeAnnotation),
    TSMappedType: (node) => look(node, node.typeAnnotation ?? undefined),
    // Its properties are optional, and take no `undefined` where somebody is exact.
    TSTypeReference: (node) => {
      if (node.typeName.type === 'Identifier' && node.typeName.name === 'Partial') inexact.push(text.slice(node.start, node.end));
    },
  }).visit(parseSync(path, text).program);
  return inexact;
}

test('every optional property says that it may be undefined', async () => {
  const declarations = await publicDeclarations();
  expect(declarations.size).toBeGreaterThan(30);
  const inexact = [...declarations].map(([path, text]) => [path, inexactIn(path, text)] as const);
  expect(inexact.filter(([, found]) => found.length > 0)).toEqual([]);
});

test('one that does not is found, however it is written', () => {
  const found = inexactIn(
    'x.d.ts',
    `export interface A { a?: string; b?: string | undefined; c?: unknown; d?: () => undefined; e: number; }
    export type B = { [Name in 'x']?: string }; export type C = { [Name in 'x']?: string | undefined };
    export declare function f(options?: { g?: number }): Partial<A>;
    export declare class D { h?: null; }`,
  );
  expect(found).toEqual([
    'a?: string;',
    'd?: () => undefined;',
    "{ [Name in 'x']?: string }",
    'g?: number',
    'Partial<A>',
    'h?: null;',
  ]);
});
