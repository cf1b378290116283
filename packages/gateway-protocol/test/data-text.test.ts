import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { type Decoded, decode } from 'gateway-protocol';
import { describe, expect, test } from 'vitest';
import { scan } from '../src/scan.js';
import { entryText, listText, valueText } from './json-text.js';

/** Strictly, -0 and own keys like `__proto__` and `constructor` included, which vitest's own comparison reads as the object's class. */
function expectSame(actual: unknown, expected: unknown): void {
  expect(isDeepStrictEqual(actual, expected), `${JSON.stringify(actual)} is not ${JSON.stringify(expected)}`).toBe(true);
}

function dataTextOf(decoded: Decoded): string {
  if (!decoded.ok || decoded.message.type !== 'data_update') throw new Error(`no data_update: ${JSON.stringify(decoded)}`);
  // What is relayed must be what the rest of the gateway has seen.
  expectSame(JSON.parse(decoded.dataText!), decoded.message.payload.data);
  return decoded.dataText!;
}

const update = (payload: string) => dataTextOf(decode(`{"type":"data_update","payload":${payload}}`));

describe('dataText is the exact text of payload.data', () => {
  test.each([
    'null',
    '0',
    '-0',
    '1.0',
    '1e400',
    '12345678901234567890',
    'true',
    '""',
    '"\\u0061\\"]}"',
    '[ 1 , 2 ]',
    '{"a" :{ } }',
    '"\\\\"',
    '[]',
    '{}',
  ])('%s', (text) => {
    expect(update(`{"data":${text}}`)).toBe(text);
    expect(update(`{ "x" : "," ,\t"data"\n:\r ${text} \n}`)).toBe(text);
    expect(update(`{"data":${text},"meta":{"label":"]"}}`)).toBe(text);
    expect(update(`{"data":${text} ,"z":[{"data":7}]}`)).toBe(text);
  });

  test('a long row of numbers, of white space, or both', () => {
    for (const row of ['7, '.repeat(1_000), `1${'0'.repeat(300)},`, `${' '.repeat(100)}`, '1,\n\t          2,          ']) {
      expect(update(`{"data":[${row}0],"x":[${row}0]}`)).toBe(`[${row}0]`);
      expect(update(`{"x":[${row}0],${' '.repeat(40)}"data"${' '.repeat(40)}:${' '.repeat(40)}[${row}0]${' '.repeat(40)}}`)).toBe(
        `[${row}0]`,
      );
    }
  });

  test('the last of two data wins, as in JSON.parse [R14]', () => {
    expect(update('{"data":1,"data":[2]}')).toBe('[2]');
    expect(update('{"data":{"a":1},"data":2}')).toBe('2');
    expect(update('{"data":"a","data":"b" }')).toBe('"b"');
  });

  test('the last of two payloads wins, as in JSON.parse [R14]', () => {
    expect(update('{"data":1},"payload":{"data":{"b":2}}')).toBe('{"b":2}');
    expect(update('7,"payload":{"data":2}')).toBe('2');
    expect(decode('{"type":"data_update","payload":{"data":1},"payload":{}}').ok).toBe(false);
    expect(decode('{"type":"data_update","payload":{"data":1},"payload":7}').ok).toBe(false);
    expect(decode('{"type":"data_update","payload":{"data":1},"payload":[{"data":2}]}').ok).toBe(false);
  });

  test('keys written with escapes are the same keys [R15]', () => {
    expect(update('{"d\\u0061ta":1}')).toBe('1');
    expect(update('{"data":1,"\\u0064\\u0061\\u0074\\u0061":2}')).toBe('2');
    expect(dataTextOf(decode('{"type":"data_update","p\\u0061yload":{"data":1}}'))).toBe('1');
    expect(dataTextOf(decode('{"type":"data_update","payload":{"data":1},"\\u0070ayload":{"data":2}}'))).toBe('2');
    expect(update('{"data":1,"d\\u0061t\\\\a":2,"dat\\"a":3,"\\\\data":4}')).toBe('1');
  });

  test('data elsewhere is not payload.data', () => {
    const decoys = '"data":0,"x":{"data":0,"payload":{"data":0}},"y":"payload","z":["payload",{"data":0}],"":{"data":0}';
    expect(
      dataTextOf(
        decode(`{"type":"data_update",${decoys},"payload":{"x":{"data":0},"w":"data","data":1,"v":[{"data":0}]},${decoys}}`),
      ),
    ).toBe('1');
  });

  test.each([
    '{"payload":{"data":1},"payload":{}}',
    '{"payload":7,"x":{"data":1}}',
    '{"payload":[],"x":{"data":1}}',
    '{"payload":{},"data":1}',
    '{}',
  ])('the scan finds none where JSON.parse would make none: %s', (text) => {
    expect(scan(text, 64)).toStrictEqual({ tooDeep: false, dataText: undefined });
  });

  test('a signal without data has none', () => {
    expect(decode('{"type":"heartbeat","payload":{"data":1}}')).not.toHaveProperty('dataText');
  });
});

// A payload's text beside the text of the data that it should be read as, if any.
const dataEntry = valueText.chain((text) => entryText(fc.constant('data'), fc.constant(text)).map((entry) => ({ entry, text })));
const otherEntry = entryText(fc.constantFrom('', 'dat', 'datas', 'Data', 'payload', '__proto__', 'dat"', 'x'), valueText).map(
  (entry) => ({ entry }),
);
const payload = fc.array(fc.oneof(dataEntry, otherEntry), { maxLength: 5 }).chain((entries) =>
  listText(
    '{',
    entries.map(({ entry }) => fc.constant(entry)),
    '}',
  ).map((text) => ({
    text,
    dataText: entries.flatMap((entry) => ('text' in entry ? [entry.text] : [])).at(-1),
  })),
);
const noObject = fc.constantFrom('null', '7', '"{"', '[]', '[{"data":1}]').map((text) => ({ text, dataText: undefined }));
const payloadEntry = fc
  .oneof({ weight: 4, arbitrary: payload }, { weight: 1, arbitrary: noObject })
  .chain(({ text, dataText }) =>
    entryText(fc.constant('payload'), fc.constant(text)).map((entry) => ({ entry, payload: { dataText } })),
  );
const noiseEntry = entryText(fc.constantFrom('', 'data', 'payloads', 'Payload', 'pay"', '__proto__', 'seq'), valueText).map(
  (entry) => ({ entry }),
);
const typeEntry = entryText(fc.constant('type'), fc.constant('"data_update"')).map((entry) => ({ entry }));
const message = fc
  .tuple(fc.array(fc.oneof(payloadEntry, noiseEntry), { maxLength: 5 }), typeEntry, fc.nat(5))
  .chain(([entries, type, at]) => {
    const all: { entry: string; payload?: { dataText: string | undefined } }[] = entries.toSpliced(at, 0, type);
    const dataText = all.flatMap((entry) => (entry.payload ? [entry.payload.dataText] : [])).at(-1);
    return listText(
      '{',
      all.map(({ entry }) => fc.constant(entry)),
      '}',
    ).map((text) => ({ text, dataText }));
  });

describe('however a message is written', () => {
  test('decode finds the data that JSON.parse finds, and its text to the letter [R14] [R121]', () => {
    let found = 0;
    fc.assert(
      fc.property(message, ({ text, dataText }) => {
        const parsed = JSON.parse(text) as { payload?: { data?: unknown } };
        const decoded = decode(text);
        expect(decoded.ok).toBe(dataText !== undefined);
        if (dataText === undefined) return;
        found += 1;
        expect(dataTextOf(decoded)).toBe(dataText);
        expectSame(JSON.parse(dataText), parsed.payload?.data);
      }),
      { numRuns: 1_000 },
    );
    expect(found).toBeGreaterThan(200);
  });

  test('dataText put into another envelope changes nothing around it [R122]', () => {
    fc.assert(
      fc.property(message, ({ text }) => {
        const decoded = decode(text);
        if (!decoded.ok || decoded.message.type !== 'data_update') return;
        const relayed = JSON.parse(`{"payload":{"data":${decoded.dataText}},"seq":7}`);
        expectSame(relayed, { payload: { data: decoded.message.payload.data }, seq: 7 });
      }),
    );
  });
});
