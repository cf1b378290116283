import fc from 'fast-check';

// Arbitrary JSON as text, written as nobody writes it: white space anywhere, keys with escapes, keys twice, numbers in any form.
// A generator of values and JSON.stringify would never make these.

const space = fc.constantFrom('', '', '', ' ', '\n', '\t \r\n');

/** A string's text in which each character may stand as itself or as an escape. */
export function stringText(value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(value, fc.array(fc.boolean(), { maxLength: 12 })).map(([text, escaped]) => {
    const units = text.split('').map((unit, index) => (escaped[index] ? unicodeEscape(unit) : JSON.stringify(unit).slice(1, -1)));
    return `"${units.join('')}"`;
  });
}

const unicodeEscape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

const scalarText = fc.oneof(
  fc.constantFrom('null', 'true', 'false', '0', '-0', '1.0', '1e400', '12345678901234567890', '-1.5E-3', '""'),
  stringText(
    fc.oneof(fc.string(), fc.constantFrom('{', '}]', '"', '\\', '\\"', '\\\\"', '","data":1', ':', '"payload":{"data":')),
  ),
);

const keys = fc.constantFrom('', 'data', 'payload', 'type', '__proto__', 'constructor', '{', '"', '\\');

export const { value: valueText } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalarText,
    fc.array(tie('value'), { maxLength: 4 }).chain((items) =>
      listText(
        '[',
        items.map((item) => fc.constant(item)),
        ']',
      ),
    ),
    fc.array(entryText(keys, tie('value')), { maxLength: 4 }).chain((entries) =>
      listText(
        '{',
        entries.map((entry) => fc.constant(entry)),
        '}',
      ),
    ),
  ),
}));

export function entryText(key: fc.Arbitrary<string>, value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(space, stringText(key), space, space, value, space)
    .map(([a, name, b, c, text, d]) => `${a}${name}${b}:${c}${text}${d}`);
}

/** Items between brackets, with commas. */
export function listText(open: string, items: fc.Arbitrary<string>[], close: string): fc.Arbitrary<string> {
  return fc.tuple(space, fc.tuple(...items), space).map(([a, texts, b]) => `${open}${a}${texts.join(`${b},${a}`)}${b}${close}`);
}
