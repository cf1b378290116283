import fc from 'fast-check';
import { type DecodeLimits, decode } from 'gateway-protocol';
import { describe, expect, test } from 'vitest';
import { entryText, valueText } from './json-text.js';
import { refused } from './messages.js';

/** A message nested `depth` levels deep: the envelope is the first, the payload the second. */
const nested = (depth: number, open = '[', close = ']') =>
  `{"type":"data_update","payload":{"data":${open.repeat(depth - 2)}1${close.repeat(depth - 2)}}}`;
const TOO_DEEP = { code: 'INVALID_ENVELOPE', message: 'nested deeper than 64 levels' };

describe('nesting', () => {
  test('64 levels pass and 65 do not, of arrays and of objects [R25]', () => {
    expect(decode(nested(64)).ok).toBe(true);
    expect(refused(decode(nested(65)))).toStrictEqual(TOO_DEEP);
    expect(decode(nested(64, '{"a":', '}')).ok).toBe(true);
    expect(refused(decode(nested(65, '{"a":', '}')))).toStrictEqual(TOO_DEEP);
  });

  test('levels are open at once: a thousand beside each other are one', () => {
    expect(decode(`{"type":"data_update","payload":{"data":[${'[{}],'.repeat(1_000)}[]]}}`).ok).toBe(true);
  });

  test('brackets in strings and keys are no levels', () => {
    const brackets = '\\"[{'.repeat(100);
    expect(
      decode(`{"type":"data_update","${brackets}":1,"payload":{"data":"${brackets}","${brackets}":["${brackets}\\\\"]}}`).ok,
    ).toBe(true);
  });

  test.each(['[', '{"a":', '[{"a":', '[[],', '{"type":"heartbeat","payload":{"a":['])(
    '100,000 levels are refused, closed or not: %s',
    (open) => {
      expect(refused(decode(open.repeat(100_000)))).toStrictEqual(TOO_DEEP);
      expect(refused(decode(nested(100_000, open, '')))).toStrictEqual(TOO_DEEP);
    },
  );

  test('levels are counted behind a long row of numbers too', () => {
    const numbers = '[1.5e3, -20,\n'.concat('12345, '.repeat(1_000));
    expect(decode(nested(63).replace('1', `${numbers}1]`)).ok).toBe(true);
    expect(refused(decode(nested(63).replace('1', `${numbers}[1]]`)))).toStrictEqual(TOO_DEEP);
  });

  test.each([
    ['{"id":"m-1",DEEP}', 'm-1'],
    ['{DEEP,"id":"m-1"}', 'm-1'],
    ['{"id":"m-0",DEEP, "\\u0069d" : "m-\\u0031" }', 'm-1'],
    ['{"id":"[\\"",DEEP,"x":"id","y":{"id":"m-2"}}', '["'],
    ['{"id":"m-1",DEEP,"id":7}', undefined],
    ['{"id":["m-1"],DEEP}', undefined],
    ['{"x":"id",DEEP}', undefined],
    ['{"id":"",DEEP}', undefined],
    ['{"id":"\\x",DEEP}', undefined],
    ['{DEEP,"id":"m-1', undefined],
    ['[{"id":"m-1",DEEP}]', undefined],
  ])('a message that is nested too deep is answered by its id, wherever that stands: %s [R252]', (template, inReplyTo) => {
    const text = template.replace('DEEP', `"payload":{"id":"no","data":${'[{"id":'.repeat(40)}"id"${'}]'.repeat(40)}}`);
    expect(refused(decode(text))).toStrictEqual(inReplyTo === undefined ? TOO_DEEP : { ...TOO_DEEP, inReplyTo });
  });

  test('any message that is nested too deep is answered by the id that `JSON.parse` finds', () => {
    const keys = fc.constantFrom('id', 'type', 'payload', 'i', 'idd', '"', '[');
    const entries = fc.array(entryText(keys, valueText), { maxLength: 5 });
    fc.assert(
      fc.property(entries, entries, (before, after) => {
        const text = `{${[...before, `"data":${'['.repeat(64)}${']'.repeat(64)}`, ...after].join(',')}}`;
        expect(refused(decode(text)).inReplyTo).toBe(refused(decode(text, { jsonDepthMax: 1_000 })).inReplyTo);
      }),
    );
  });

  test('the limit is one that a gateway may set', () => {
    expect(decode(nested(5), { jsonDepthMax: 5 }).ok).toBe(true);
    expect(refused(decode(nested(6), { jsonDepthMax: 5 })).message).toBe('nested deeper than 5 levels');
    expect(decode(nested(1_000), { jsonDepthMax: 1_000 }).ok).toBe(true);
  });

  test('without a limit, 100,000 levels of data still pass, and of metadata or state do not overflow the stack', () => {
    const unlimited: DecodeLimits = {
      jsonDepthMax: Number.POSITIVE_INFINITY,
      metadataBytesMax: Number.POSITIVE_INFINITY,
      presenceStateBytesMax: Number.POSITIVE_INFINITY,
    };
    expect(decode(nested(100_000), unlimited).ok).toBe(true);
    const metadata = '{"a":'.repeat(100_000) + 1 + '}'.repeat(100_000);
    const identify = `{"type":"identify","payload":{"clientType":"dashboard","metadata":${metadata}}}`;
    expect(refused(decode(identify, unlimited)).message).toBe('payload.metadata: must not be nested so deep');
    const presence = `{"type":"presence","payload":{"state":${metadata}}}`;
    expect(refused(decode(presence, unlimited)).message).toBe('payload.state: must not be nested so deep');
  });
});
