import fc from 'fast-check';
import { decode, ERROR_CODES, PROTOCOL_LIMITS } from 'gateway-protocol';
import { expect, test } from 'vitest';
import { valueText } from './json-text.js';
import { accepted, decodeValue, FULL_MESSAGES, type Json, withField } from './messages.js';

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
    if (decoded.message.type === 'presence') expect(decoded.stateText).toBe(JSON.stringify(decoded.message.payload.state));
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

test('any presence state is taken as it is, with its JSON without white space, up to the limit and not beyond', () => {
  const sizes = fc.oneof(fc.nat(64), fc.constant(PROTOCOL_LIMITS.presenceStateBytesMax), fc.constant(Number.POSITIVE_INFINITY));
  fc.assert(
    fc.property(valueText, sizes, (state, presenceStateBytesMax) => {
      const decoded = decode(`{"type":"presence","payload":{"data":0,"state":${state}}}`, { presenceStateBytesMax });
      const text = JSON.stringify(JSON.parse(state));
      if (Buffer.byteLength(text) > presenceStateBytesMax) {
        const message = `payload.state: must be at most ${presenceStateBytesMax} bytes of JSON`;
        expect(decoded).toStrictEqual({ ok: false, error: { code: 'INVALID_ENVELOPE', message } });
      } else {
        // As text, for `toStrictEqual` reads a field named `constructor` as the object's class.
        expect(JSON.stringify(accepted(decoded))).toBe(`{"type":"presence","payload":{"state":${text}}}`);
        expect(decoded).toHaveProperty('stateText', text);
      }
    }),
  );
});

/** A value for a field, mostly right, or `undefined` where it was not sent; beside it whether it is right. */
const maybe = (right: fc.Arbitrary<unknown>, wrong: fc.Arbitrary<unknown>) =>
  fc.oneof(
    { weight: 3, arbitrary: right.map((value) => ({ value, right: true })) },
    { weight: 3, arbitrary: fc.constant({ value: undefined, right: true }) },
    { weight: 1, arbitrary: wrong.map((value) => ({ value, right: false })) },
  );
const since = fc.record({
  epoch: maybe(
    fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 128 }),
    fc.constantFrom('', null, 7, [], 'x'.repeat(129)),
  ),
  seq: maybe(fc.maxSafeNat(), fc.constantFrom(-1, 0.5, '1', null, 2 ** 53)),
  tail: maybe(
    fc.integer({ min: 1, max: PROTOCOL_LIMITS.tailMax }),
    fc.constantFrom(0, -1, 1.5, '1', null, PROTOCOL_LIMITS.tailMax + 1),
  ),
});

test('a since is taken whole where its position is and its tail is right, and a join asks for at least one of them', () => {
  fc.assert(
    fc.property(since, ({ epoch, seq, tail }) => {
      const sent = JSON.parse(JSON.stringify({ epoch: epoch.value, seq: seq.value, tail: tail.value }));
      const halves = [epoch, seq].filter(({ value }) => value !== undefined).length;
      const right = halves !== 1 && [epoch, seq, tail].every((field) => field.right);
      const join = { type: 'join', payload: { groupId: 'g', since: sent } };
      const resume = { type: 'identify', payload: { clientType: 'dashboard', resume: { groups: { g: sent } } } };
      expect(decodeValue(resume).ok).toBe(right);
      expect(decodeValue(join).ok).toBe(right && (halves === 2 || tail.value !== undefined));
      if (right) expect(accepted(decodeValue(resume))).toEqual(resume);
      if (decodeValue(join).ok) expect(accepted(decodeValue(join))).toStrictEqual(join);
    }),
    { numRuns: 1_000 },
  );
});

test('any groups of a resume are taken by their names, up to 1,000', () => {
  const names = fc.uniqueArray(fc.oneof(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }), fc.constant('__proto__')));
  fc.assert(
    fc.property(names, fc.integer({ min: 990, max: 1_010 }), fc.boolean(), (some, count, padded) => {
      const padding = padded ? Array.from({ length: Math.max(count - some.length, 0) }, (_, index) => `padding-${index}`) : [];
      const groupIds = [...some, ...padding];
      const groups = groupIds.map((groupId, index) => `${JSON.stringify(groupId)}:{"tail":${index + 1}}`).join();
      const text = `{"type":"identify","payload":{"clientType":"dashboard","resume":{"groups":{${groups}}}}}`;
      const decoded = decode(text);
      expect(decoded.ok).toBe(groupIds.length <= 1_000);
      if (!decoded.ok || decoded.message.type !== 'identify') return;
      const taken = decoded.message.payload.resume!.groups!;
      expect(Object.getPrototypeOf(taken)).toBeNull();
      expect(Object.keys(taken).sort()).toStrictEqual(groupIds.sort());
    }),
    { numRuns: 50 },
  );
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
