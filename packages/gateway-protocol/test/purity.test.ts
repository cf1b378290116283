import { readdirSync, readFileSync } from 'node:fs';
import * as protocol from 'gateway-protocol';
import { expect, test } from 'vitest';

// The package runs in Node, browsers and React Native, and is to move into a shared library as it stands.

const folder = new URL('../src/', import.meta.url);
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const withoutComments = (code: string) => code.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
const sources = files.map((name) => ({ name, code: withoutComments(readFileSync(new URL(name, folder), 'utf8')) }));

test.each(sources)('$name imports nothing but files of this package', ({ code }) => {
  const specifiers = [...code.matchAll(/\b(?:from|import|require)\b\s*\(?\s*['"]([^'"]+)['"]/g)].map((match) => match[1]);
  expect(specifiers.filter((specifier) => !specifier!.startsWith('./'))).toStrictEqual([]);
});

test.each(sources)('$name uses nothing that is only in Node or only in browsers', ({ code }) => {
  const host =
    /\b(?:Buffer|process|require|module|__dirname|__filename|import\.meta|global|globalThis|window|self|document|navigator)\b/;
  const services =
    /\b(?:console|crypto|fetch|URL|TextEncoder|TextDecoder|setTimeout|setInterval|setImmediate|queueMicrotask|performance|structuredClone)\b/;
  expect(code).not.toMatch(host);
  expect(code).not.toMatch(services);
});

test('the scan sees the sources', () => {
  expect(files).toContain('decode.ts');
  expect(sources.find(({ name }) => name === 'decode.ts')?.code).toContain("from './limits.js'");
});

test('package.json names no dependency', () => {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as Record<string, unknown>;
  for (const kind of ['dependencies', 'peerDependencies', 'optionalDependencies']) expect(manifest).not.toHaveProperty(kind);
  expect(manifest.sideEffects).toBe(false);
});

test('the public values are these', () => {
  expect(Object.keys(protocol).sort()).toStrictEqual([
    'CLIENT_TYPES',
    'CLOSE_CODES',
    'DELIVERY_MODES',
    'ERROR_CODES',
    'PROTOCOL_LIMITS',
    'closeAction',
    'decode',
    'decodeGatewayMessage',
    'parseTraceparent',
    'utf8Length',
  ]);
});
