import { posix } from 'node:path';
import { parseSync } from 'oxc-parser';
import { expect, test } from 'vitest';
import { read } from './tree.js';

const ENTRIES = [
  'packages/gateway-protocol/src/index.ts',
  'packages/gateway-client/src/index.ts',
  'packages/gateway-core/src/index.ts',
  'packages/gateway-core/src/testing/index.ts',
  'packages/gateway-sim/src/index.ts',
  'packages/gateway-jwt/src/index.ts',
  'packages/gateway-otel/src/index.ts',
  'packages/gateway-cli/src/index.ts',
  'packages/gateway-cli/src/bench/index.ts',
];

/** A declaration that a file exports, with the doc comment that stands right above it. */
interface Documented {
  doc: string | undefined;
  /** It can be called or made, so an example says how. */
  callable: boolean;
}

/** By name. */
function declarationsOf(path: string, text: string): Map<string, Documented> {
  const { program, comments } = parseSync(path, text);
  const found = new Map<string, Documented>();
  for (const statement of program.body) {
    if (statement.type !== 'ExportNamedDeclaration' || statement.declaration === null) continue;
    const { declaration } = statement;
    const above = comments.find(({ end, start }) => start < statement.start && text.slice(end, statement.start).trim() === '');
    const doc = above?.type === 'Block' && above.value.startsWith('*') ? above.value : undefined;
    const callable = declaration.type === 'FunctionDeclaration' || declaration.type === 'ClassDeclaration';
    const ids = declaration.type === 'VariableDeclaration' ? declaration.declarations.map(({ id }) => id) : [declaration.id];
    for (const id of ids) if (id?.type === 'Identifier') found.set(id.name, { doc, callable });
  }
  return found;
}

/** What an entry exports of its own package. */
function exportsOf(entry: string): [name: string, declared: Documented | undefined][] {
  const exported = parseSync(entry, read(entry)).module.staticExports.flatMap(({ entries }) => entries);
  return exported
    .filter(({ moduleRequest }) => moduleRequest?.value.startsWith('.'))
    .map(({ exportName, importName, moduleRequest }) => {
      const path = posix.join(posix.dirname(entry), moduleRequest?.value ?? '').replace(/\.js$/, '.ts');
      return [`${exportName.name} of ${path}`, declarationsOf(path, read(path)).get(importName.name ?? '')];
    });
}

test.each(ENTRIES)('every name that %s exports has a doc comment', (entry) => {
  expect(exportsOf(entry).length).toBeGreaterThan(1);
  expect(exportsOf(entry).flatMap(([name, declared]) => (declared?.doc === undefined ? [name] : []))).toEqual([]);
});

test.each(ENTRIES.slice(0, 5))('every function and class that %s exports has an example', (entry) => {
  const callables = exportsOf(entry).filter(([, declared]) => declared?.callable);
  expect(callables.length).toBeGreaterThan(1);
  expect(callables.flatMap(([name, declared]) => (declared?.doc?.includes('@example') ? [] : [name]))).toEqual([]);
});

test.each([
  ['/** What it is. */\nexport const a = 1;', true],
  ['/* What it is. */\nexport const a = 1;', false],
  ['/** What it is. */\nconst b = 2;\nexport const a = b;', false],
  ['// What it is.\nexport type a = 1;', false],
])('in %j the doc comment is seen: %s', (text, seen) => {
  expect(declarationsOf('a.ts', text).get('a')?.doc !== undefined).toBe(seen);
});
