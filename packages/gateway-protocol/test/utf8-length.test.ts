import fc from 'fast-check';
import { expect, test } from 'vitest';
import { utf8Length } from '../src/utf8-length.js';

test('utf8Length counts as an encoder writes, lone surrogates included', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units)),
  );
  const surrogates = fc
    .array(fc.constantFrom('\ud800', '\udbff', '\udc00', '\udfff', 'a', 'é', '日'))
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.oneof(text, surrogates), (sample) => {
      expect(utf8Length(sample)).toBe(Buffer.byteLength(sample));
    }),
  );
});
