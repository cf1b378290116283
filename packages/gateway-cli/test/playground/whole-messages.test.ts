import { expect, test } from 'vitest';
import { KEPT_CHARACTERS_MAX, WholeMessages } from '../../src/playground/whole-messages.js';

const textOf = (data: string) => `{"type":"data_update","payload":{"data":${JSON.stringify(data)}}}`;

test('messages are kept whole within a bound, and the oldest go first', () => {
  const whole = new WholeMessages();
  const quarter = 'x'.repeat(KEPT_CHARACTERS_MAX / 4 - textOf('').length);
  for (const n of [1, 2, 3, 4]) whole.keep(n, textOf(quarter));
  expect([1, 2, 3, 4].map((n) => whole.data(n)?.length)).toEqual(Array(4).fill(quarter.length + 2));
  whole.keep(5, textOf('small'));
  expect([1, 2, 3, 4, 5].filter((n) => whole.data(n) !== undefined)).toEqual([2, 3, 4, 5]);
  expect(whole.data(5)).toBe('"small"');
});

test('one that is larger than the bound is not kept, and what comes behind it is', () => {
  const whole = new WholeMessages();
  whole.keep(1, textOf('x'.repeat(KEPT_CHARACTERS_MAX)));
  whole.keep(2, textOf('small'));
  expect([whole.data(1), whole.data(2)]).toEqual([undefined, '"small"']);
});
