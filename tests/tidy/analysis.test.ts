import { expect, test } from 'vitest';
import { findCircle } from './graph.js';
import { factsOf } from './syntax.js';

const one = (text: string) => factsOf('a.ts', text).imports;
const globals = (text: string) => [...factsOf('a.ts', text).globals];

test.each([
  ["import './b.js'", false],
  ["import b from './b.js'", false],
  ["import { type B, b } from './b.js'", false],
  ["export { b } from './b.js'", false],
  ["export * from './b.js'", false],
  ["await import('./b.js')", false],
  ["import type { B } from './b.js'", true],
  ["import { type B } from './b.js'", true],
  ["export type { B } from './b.js'", true],
  ["let b: import('./b.js').B", true],
  ["let b: typeof import('./b.js')", true],
])('the import in `%s` is seen', (text, typeOnly) => {
  expect(one(text)).toEqual([{ specifier: './b.js', typeOnly }]);
});

test('an import whose target is computed is refused', () => {
  expect(() => one('await import(name)')).toThrow('computed');
});

test('a source that does not parse is refused', () => {
  expect(() => one('import {')).toThrow('a.ts');
});

test.each([
  ['setTimeout(f, 1)', 'setTimeout'],
  ['const later = { setTimeout }', 'setTimeout'],
  ['globalThis.setTimeout(f, 1)', 'setTimeout'],
  ["globalThis['setTimeout'](f, 1)", 'setTimeout'],
  ['const ts = Date.now()', 'Date.now'],
  ['const ts = new Date()', 'Date.now'],
  ['console.log(1)', 'console'],
])('the global in `%s` is seen', (text, name) => {
  expect(globals(text)).toContain(name);
});

test.each([
  ['clock.setTimeout(f, 1)', 'setTimeout'],
  ['class C { setTimeout() {} }', 'setTimeout'],
  ['interface C { setTimeout(): void }', 'setTimeout'],
  ['const c = { setTimeout: f }', 'setTimeout'],
  ['const at = new Date(0)', 'Date.now'],
])('no global is seen in `%s`', (text, name) => {
  expect(globals(text)).not.toContain(name);
});

test('an export of everything is seen', () => {
  expect(factsOf('a.ts', "export * from './b.js'").exportsStar).toBe(true);
  expect(factsOf('a.ts', "export { b } from './b.js'").exportsStar).toBe(false);
});

test('a circle is found and said as a path', () => {
  const circle = { a: ['b'], b: ['c'], c: ['d', 'b'], d: [] };
  expect(findCircle(new Map(Object.entries(circle)))).toEqual(['b', 'c', 'b']);
  const diamond = { a: ['b', 'c'], b: ['d'], c: ['d'], d: [] };
  expect(findCircle(new Map(Object.entries(diamond)))).toBeUndefined();
  expect(findCircle(new Map([['a', ['a']]]))).toEqual(['a', 'a']);
});
