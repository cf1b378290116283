import { expect, test } from 'vitest';
import { DeflatedFrames } from '../src/groups/deflated-frames.js';
import { deflatedFrame } from '../src/transport/deflate.js';
import { textFrame } from '../src/transport/frame.js';

test.each([
  [1_023, false],
  [1_024, true],
])('a payload of %i bytes is compressed: %s', (length, compressed) => {
  const frame = textFrame('x'.repeat(length));
  expect(deflatedFrame(frame) !== frame).toBe(compressed);
});

test('what a message took is given back once, when it leaves the log', () => {
  const frames = new DeflatedFrames();
  const bytes = frames.add(7, textFrame('x'.repeat(2_000)));
  expect(bytes).toBeGreaterThan(frames.get(7)!.length);
  expect([frames.drop(7), frames.drop(7)]).toEqual([bytes, 0]);
  expect(frames.get(7)).toBeUndefined();
});
