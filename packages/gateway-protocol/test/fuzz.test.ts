import fc from 'fast-check';
import { decode, ERROR_CODES } from 'gateway-protocol';
import { expect, test } from 'vitest';
import { valueText } from './json-text.js';
import { accepted, FULL_MESSAGES, type Json, withField } from './messages.js';

/** What holds for every text whatever: decode answers, shortly, and what it accepts it accepts again unchanged. */
function holds(text: string): void {
  const decoded = decode(text);
  if (decoded.ok) {
    const sent = JSON.stringify(decoded.message);
    expect(JSON.stringify(accepted(decode(sent)))).toBe(sent);
    expect(Object.keys(FULL_MESSAGES)).toContain(decoded.message.type);
    if (decoded.message.type === 'data_update') {
      expect(JSON.stringify(JSON.parse(decoded.dataText!))).toBe(JSON.stringify(decoded.message.payload.data));
    }
    expect(Object.keys(FULL_MESSAGES.data_update!())).toEqual(expect.arrayContaining(Object.keys(decoded.message)));
    return;
  }
  expect(Object.keys(ERROR_CODES)).toContain(decoded.error.code);
  expect(decoded.error.message.length).toBeLessThan(512);
  expect(decoded.error.inReplyTo?.length ?? 1).toBeLessThanOrEqual(128);
}

const type = fc.constantFrom(...Object.keys(FULL_MESSAGES));
const paths = (value: unknown, path: string): string[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => [...(path ? [path] : []), ...paths(inner, path ? `${path}.${key}` : key)])
    : [path];

test('any string', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.json(), valueText), holds));
});

test('a message with one field of any value', () => {
  const mutated = type.chain((name) => {
    const message = FULL_MESSAGES[name]!();
    const field = fc.constantFrom(...paths(message, '').filter((path) => path !== 'payload.metadata.nested'));
    const value = fc.oneof(
      fc.jsonValue(),
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.constantFrom(undefined, '__proto__', -1, 1e308),
    );
    return fc.tuple(field, value).map(([path, sent]) => JSON.stringify(withField(message, path, sent)));
  });
  fc.assert(fc.property(mutated, holds), { numRuns: 2_000 });
});

test('every beginning and every end of a message', () => {
  const messages = Object.values(FULL_MESSAGES).map((full) => JSON.stringify(full()));
  for (const text of [
    ...messages,
    '{"type":"data_update","payload":{"data":"\\\\\\" ]}"}}',
    '{"type":"data_update","payload":{"data":-1.5e3}}',
  ]) {
    for (let at = 0; at <= text.length; at += 1) {
      holds(text.slice(0, at));
      holds(text.slice(at));
    }
  }
});

test('a message with one piece of its text cut out or replaced', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 4 }),
    fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', '\\u', '"data":', '"payload":{'),
  );
  const mutated = fc.tuple(type, fc.nat(), fc.nat(8), piece).map(([name, at, length, inserted]) => {
    const text = JSON.stringify(FULL_MESSAGES[name]!());
    const start = at % text.length;
    return text.slice(0, start) + inserted + text.slice(start + length);
  });
  fc.assert(fc.property(mutated, holds), { numRuns: 5_000 });
});

test('very long fields are refused in few words', () => {
  const long = 'x'.repeat(200_000);
  const messages: Json[] = [
    { type: long },
    { type: 'heartbeat', groupId: long },
    { type: 'data_update', delivery: long, payload: { data: 1 } },
    { type: 'identify', payload: { clientType: long } },
    { type: 'identify', payload: { clientType: 'dashboard', resume: { token: 't', groups: { [long]: 1 } } } },
    {
      type: 'identify',
      payload: { clientType: 'dashboard', resume: { token: 't', groups: { ['x'.repeat(128)]: { epoch: 1 } } } },
    },
  ];
  for (const message of messages) {
    expect(decode(JSON.stringify(message)).ok).toBe(false);
    holds(JSON.stringify(message));
  }
});
