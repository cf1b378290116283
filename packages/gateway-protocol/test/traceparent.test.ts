import { parseTraceparent } from 'gateway-protocol';
import { describe, expect, test } from 'vitest';
import { accepted, decodeValue, FULL_MESSAGES } from './messages.js';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT_ID = '00f067aa0ba902b7';
const said = (version: string, flags: string, rest = '') => `${version}-${TRACE_ID}-${PARENT_ID}-${flags}${rest}`;

/** What is sent, and how it is passed on. */
const RIGHT: [sent: string, read: string][] = [
  [said('00', '01'), said('00', '01')],
  [said('00', '00'), said('00', '00')],
  // The random flag of level 2, and one that nobody knows yet.
  [said('00', '03'), said('00', '03')],
  [said('00', 'ff'), said('00', 'ff')],
  [`00-${'0'.repeat(31)}1-${'0'.repeat(15)}1-00`, `00-${'0'.repeat(31)}1-${'0'.repeat(15)}1-00`],
  // Later versions.
  [said('01', '01'), said('00', '01')],
  [said('cc', '03', '-what the future brings'), said('00', '01')],
  [said('fe', '02', '-'), said('00', '00')],
];
const WRONG: unknown[] = [
  ...[null, true, 0, 1, [], {}, [said('00', '01')], ''],
  said('ff', '01'),
  said('00', '01', '-'),
  said('00', '01', '-more'),
  said('01', '01', 'x'),
  said('01', '0'),
  said('0', '01'),
  said('00', '1'),
  said('00', '0g'),
  said('00', '01').toUpperCase(),
  ` ${said('00', '01')}`,
  `${said('00', '01')}\n`,
  said('00', '01').replaceAll('-', '_'),
  `00-${'0'.repeat(32)}-${PARENT_ID}-01`,
  `01-${'0'.repeat(32)}-${PARENT_ID}-01`,
  `00-${TRACE_ID}-${'0'.repeat(16)}-01`,
  `00-${TRACE_ID.slice(1)}-${PARENT_ID}-01`,
  `00-${TRACE_ID}-${PARENT_ID}`,
  TRACE_ID,
];

describe.each(Object.keys(FULL_MESSAGES))('of a %s', (type) => {
  const { traceparent: _, ...message } = FULL_MESSAGES[type]!();

  test('a traceparent is read by W3C Trace Context, one of a later version by its first four fields [R258] [R260]', () => {
    for (const [sent, read] of RIGHT) {
      expect(accepted(decodeValue({ ...message, traceparent: sent })), sent).toEqual({ ...message, traceparent: read });
    }
  });

  test('one that is none is as one that was not sent, and the message is taken [R259]', () => {
    for (const traceparent of WRONG) {
      const read = accepted(decodeValue({ ...message, traceparent }));
      expect(read, JSON.stringify(traceparent)).toEqual(message);
      expect(read).not.toHaveProperty('traceparent');
    }
  });
});

test('a very long one is refused as fast as a short one', () => {
  expect(parseTraceparent('0'.repeat(200_000))).toBeUndefined();
  expect(parseTraceparent(said('01', '01', `-${'x'.repeat(200_000)}`))).toBe(said('00', '01'));
});
