import fc from 'fast-check';
import { decode, type IncomingFromClient, PROTOCOL_LIMITS } from 'gateway-protocol';
import { describe, expect, test } from 'vitest';
import { valueText } from './json-text.js';
import { FULL_MESSAGES, type Json, withField } from './messages.js';
import { compileContract, openSchema } from './schema-validators.js';
import { clientMessage } from './signal-arbitraries.js';

const taken = compileContract(openSchema.definitions, 'open')('IncomingFromClient');
const { jsonDepthMax, metadataBytesMax, presenceStateBytesMax, idLengthMax } = PROTOCOL_LIMITS;

const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value) ?? '');
const payloadOf = (message: unknown) => ((message as Json)?.payload ?? {}) as Json;

/** What `decode` refuses and the schema cannot, or is not to: each with its reason. */
const EXCEPTIONS: { name: string; reason: string; applies: (message: unknown) => boolean; example: Json }[] = [
  {
    name: 'a message that is nested too deep',
    reason: 'JSON Schema has no word for depth',
    applies: (message) => depthOf(message) > jsonDepthMax,
    example: { type: 'data_update', payload: { data: nested(jsonDepthMax) } },
  },
  {
    name: 'metadata that is too long',
    reason: 'JSON Schema has no word for the length of JSON text',
    applies: (message) => bytesOf(payloadOf(message).metadata) > metadataBytesMax,
    example: { type: 'identify', payload: { clientType: 'dashboard', metadata: { text: 'x'.repeat(metadataBytesMax) } } },
  },
  {
    name: 'a presence state that is too long',
    reason: 'JSON Schema has no word for the length of JSON text',
    applies: (message) => bytesOf(payloadOf(message).state) > presenceStateBytesMax,
    example: { type: 'presence', payload: { state: 'x'.repeat(presenceStateBytesMax) } },
  },
  {
    name: 'a long text with characters beyond U+FFFF',
    reason: 'maxLength counts code points (draft-07 validation §6.3.1), the contract counts UTF-16 code units',
    applies: (message) => /[\u{10000}-\u{10ffff}]/u.test(JSON.stringify(message)),
    example: { type: 'heartbeat', id: '😀'.repeat(idLengthMax / 2 + 1) },
  },
  {
    name: 'an id with a lone surrogate',
    reason: 'not every dialect of regular expressions can name one; where it works on code units, it would refuse each pair',
    // JSON.stringify escapes lone surrogates, and no other character in this way.
    applies: (message) => /\\ud[89a-f]/.test(JSON.stringify(message)),
    example: { type: 'heartbeat', id: 'a\ud800' },
  },
];

/** The schema takes what `decode` takes; it refuses what `decode` refuses, but for the exceptions. */
function agree(text: string): void {
  const decoded = decode(text);
  if (!decoded.ok && decoded.error.code === 'BAD_JSON') return;
  const message: unknown = JSON.parse(text);
  const isTaken = taken(message);
  if (isTaken === decoded.ok) return;
  expect(decoded.ok, `decode takes it: ${text} ${JSON.stringify(taken.errors)}`).toBe(false);
  const excepted = EXCEPTIONS.filter(({ applies }) => applies(message)).map(({ name }) => name);
  expect(excepted, `the schema takes it, and decode answers ${JSON.stringify(decoded)}: ${text}`).not.toStrictEqual([]);
}

test.each(
  EXCEPTIONS.map(
    (exception) => [`${exception.name}: decode refuses it, and the schema does not, for ${exception.reason}`, exception] as const,
  ),
)('%s', (_, { example, applies, name }) => {
  expect(decode(JSON.stringify(example)).ok).toBe(false);
  expect(taken(example)).toBe(true);
  expect(EXCEPTIONS.filter((exception) => exception.applies(example)).map((exception) => exception.name)).toStrictEqual([name]);
  for (const full of Object.values(FULL_MESSAGES)) expect(applies(full())).toBe(false);
});

describe('the schema of what a client sends', () => {
  test('takes every message of the types that decode takes', () => {
    const texts = { taken: 0, all: 0 };
    fc.assert(
      fc.property(clientMessage satisfies fc.Arbitrary<IncomingFromClient>, (message) => {
        const text = JSON.stringify(message);
        texts.all += 1;
        if (decode(text).ok) texts.taken += 1;
        agree(text);
      }),
      { numRuns: 2_000 },
    );
    // The types say nothing of a `latest` without a key and the like, which are few.
    expect(texts.taken / texts.all).toBeGreaterThan(0.8);
  });

  test('agrees with decode on messages with one field of any value', () => {
    const paths = (value: unknown, path: string): string[] =>
      typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([key, inner]) => [
            ...(path ? [path] : []),
            ...paths(inner, path ? `${path}.${key}` : key),
          ])
        : [path];
    const special = fc.constantFrom<unknown>(
      ...[
        undefined,
        null,
        true,
        '',
        'g',
        '1',
        '2',
        '3',
        0,
        1,
        -1,
        0.5,
        2 ** 53,
        2 ** 53 - 1,
        1e308,
        [],
        {},
        ['g'],
        [''],
        { g: {} },
      ],
      ...[128, 129, 256, 257, 8_192, 8_193].map((length) => 'x'.repeat(length)),
      ...['a\nb', '\u007f', '\u00a0', '__proto__', 'latest', 'volatile', 'dashboard', 1_000_000, 1_000_001],
      ...[{ epoch: 'e' }, { seq: 1 }, { epoch: 'e', seq: 1 }, { tail: 1 }, { tail: 0 }, { '': {} }],
      ...[32, 33].map((length) => Array(length).fill('t')),
      ...[1_000, 1_001].map((length) => Object.fromEntries(Array.from({ length }, (_, index) => [`g${index}`, {}]))),
    );
    const mutated = fc.constantFrom(...Object.keys(FULL_MESSAGES)).chain((name) => {
      const message = FULL_MESSAGES[name]!();
      const field = fc.constantFrom(...paths(message, '').filter((path) => path !== 'payload.metadata.nested'));
      const value = fc.oneof({ weight: 3, arbitrary: special }, fc.jsonValue(), fc.string({ unit: 'binary', maxLength: 300 }));
      return fc.tuple(field, value).map(([path, sent]) => JSON.stringify(withField(message, path, sent)));
    });
    fc.assert(fc.property(mutated, agree), { numRuns: 5_000 });
  });

  test('agrees with decode on messages with a piece of their text replaced, and on any JSON', () => {
    const piece = fc.constantFrom(
      '',
      '"',
      '0',
      'null',
      '{}',
      '[]',
      '"type":"join",',
      '"since":{},',
      '-',
      '1e999',
      '"version":"2",',
    );
    const mutated = fc
      .tuple(fc.constantFrom(...Object.keys(FULL_MESSAGES)), fc.nat(), fc.nat(8), piece)
      .map(([name, at, length, inserted]) => {
        const text = JSON.stringify(FULL_MESSAGES[name]!());
        const start = at % text.length;
        return text.slice(0, start) + inserted + text.slice(start + length);
      });
    fc.assert(fc.property(fc.oneof(mutated, valueText), agree), { numRuns: 5_000 });
  });
});
