import { expect, test } from 'vitest';
import { randomId, randomText } from '../src/random-id.js';

test('random texts have the asked length, and none is like another, though they come from one pool', () => {
  const texts = Array.from({ length: 2_000 }, (_, n) => randomText(16 + (n % 7)));
  texts.forEach((text, n) => {
    expect(text).toMatch(/^[\w-]+$/);
    expect(Buffer.from(text, 'base64url')).toHaveLength(16 + (n % 7));
  });
  // The first 12 bytes of each: a piece of the pool that was used twice, or was left zero, would be seen.
  expect(new Set(texts.map((text) => text.slice(0, 16))).size).toBe(texts.length);
  expect(randomId()).toHaveLength(22);
});
