import { decode } from 'gateway-protocol';
import { describe, expect, test } from 'vitest';
import { accepted, decodeValue, FULL_MESSAGES, refused, withField } from './messages.js';

const NO_STRINGS: unknown[] = [null, true, false, 0, 1, -1.5, [], ['g'], [['g']], {}, { length: 1 }, { toString: 'g' }];
const NO_OBJECTS: unknown[] = [null, true, false, 0, 'x', '', '{}', [], [{}]];
const NO_NUMBERS: unknown[] = [null, true, false, '', '1', [], [1], {}];

const UNSAFE_TEXT = ['\u0000', 'a\u001fb', '\n', 'a\u007f', '\u0080', 'a\u009f', '\ud800', '\udfff', 'a\udc00b', '\udc00\ud800'];
const ID = {
  wrong: [...NO_STRINGS, '', 'x'.repeat(129), '😀'.repeat(65), ...UNSAFE_TEXT],
  right: ['g', ' ', 'x'.repeat(128), '😀'.repeat(64), 'Grüße/日本', '__proto__', 'null', '\u00a0', '"\\'],
};
const text = (lengthMin: number, lengthMax: number) => ({
  wrong: [...NO_STRINGS, 'x'.repeat(lengthMax + 1), ...(lengthMin > 0 ? [''] : [])],
  right: ['x'.repeat(lengthMin), 'x'.repeat(lengthMax), '\ud800'],
});
const HALF_POSITIONS: unknown[] = [{ epoch: 'e' }, { seq: 1 }, { epoch: 'e', tail: 1 }, { seq: 1, tail: 1 }];
const POSITION = { epoch: 'e', seq: 1 };
const SINCE = { wrong: [...NO_OBJECTS, ...HALF_POSITIONS, {}], right: [POSITION, { ...POSITION, tail: 1 }, { tail: 1 }] };
const RESUME_SINCE = { wrong: [...NO_OBJECTS, ...HALF_POSITIONS], right: [...SINCE.right, {}] };
const TAIL = { wrong: [...NO_NUMBERS, 0, -1, 1.5, 1_000_001, 2 ** 53, 1e300], right: [1, 2, 1_000_000] };
const SEQ = { wrong: [...NO_NUMBERS, -1, 1.5, 2 ** 53, 1e300], right: [0, 1, 2 ** 53 - 1] };
const TS = { wrong: [...NO_NUMBERS, -1, -0.001], right: [0, 0.5, 1_764_000_000_000, 1e300] };
const VERSION = { wrong: [...NO_STRINGS, '', 'x'.repeat(129)], right: ['1', '2'] };
const TAGS = {
  wrong: [
    null,
    true,
    0,
    'a',
    {},
    { length: 0 },
    [1],
    ['a', null],
    [['a']],
    [''],
    ['x'.repeat(129)],
    ['\ud800'],
    Array(33).fill('t'),
  ],
  right: [[], ['a'], Array(32).fill('x'.repeat(128))],
};

interface Field {
  type: string;
  path: string;
  wrong: unknown[];
  right: unknown[];
  required?: boolean;
  code?: 'INVALID_IDENTIFY';
}

const ENVELOPE: Omit<Field, 'type'>[] = [
  { path: 'ts', ...TS },
  { path: 'version', ...VERSION },
  { path: 'traceId', ...ID },
  { path: 'groupId', ...ID },
  { path: 'sessionId', ...ID },
  { path: 'id', ...ID },
];
const IDENTIFY: Omit<Field, 'type'>[] = [
  { path: 'payload', wrong: [...NO_OBJECTS, {}], right: [{ clientType: 'dashboard' }], required: true },
  {
    path: 'payload.clientType',
    wrong: [...NO_STRINGS, '', 'robot', 'App-Client', 'toString', ['dashboard']],
    right: ['app-client', 'service-node', 'dashboard'],
    required: true,
  },
  { path: 'payload.groupId', ...ID },
  { path: 'payload.metadata', wrong: NO_OBJECTS, right: [{}, { a: [1] }] },
  { path: 'payload.token', ...text(0, 8192) },
  { path: 'payload.resume', wrong: NO_OBJECTS, right: [{}, { token: 't' }, { token: 't', groups: {} }, { groups: { g: {} } }] },
  { path: 'payload.resume.token', ...text(1, 8192) },
  {
    path: 'payload.resume.groups',
    wrong: [...NO_OBJECTS, { '': POSITION }, { g: null }, { a: {}, g: { seq: 1 } }],
    right: [{}, { g: POSITION }, { a: {}, b: { tail: 5 }, c: { ...POSITION, tail: 5 } }],
  },
  { path: 'payload.resume.groups.group-1', ...RESUME_SINCE },
  { path: 'payload.resume.groups.group-1.epoch', ...ID, required: true },
  { path: 'payload.resume.groups.group-1.seq', ...SEQ, required: true },
  { path: 'payload.resume.groups.group-1.tail', ...TAIL },
  { path: 'payload.resume.groups.group-2.tail', ...TAIL },
];
const FIELDS: Field[] = [
  ...Object.keys(FULL_MESSAGES).flatMap((type) => ENVELOPE.map((field) => ({ ...field, type }))),
  ...IDENTIFY.map((field) => ({ ...field, type: 'identify', code: 'INVALID_IDENTIFY' as const })),
  { type: 'heartbeat', path: 'payload', wrong: NO_OBJECTS, right: [] },
  { type: 'data_update', path: 'payload', wrong: [...NO_OBJECTS, {}], right: [{ data: 1 }], required: true },
  { type: 'data_update', path: 'payload.data', wrong: [], right: [null, 0], required: true },
  { type: 'data_update', path: 'payload.meta', wrong: NO_OBJECTS, right: [{}] },
  { type: 'data_update', path: 'payload.meta.label', ...text(0, 256) },
  { type: 'data_update', path: 'payload.meta.createdBy', ...text(0, 256) },
  { type: 'data_update', path: 'payload.meta.tags', ...TAGS },
  {
    type: 'data_update',
    path: 'delivery',
    wrong: [...NO_STRINGS, '', 'fast', 'Latest'],
    right: ['reliable', 'latest', 'volatile'],
  },
  // Required here because the message's delivery is "latest".
  { type: 'data_update', path: 'key', ...ID, required: true },
  ...['join', 'leave'].flatMap((type) => [
    { type, path: 'payload', wrong: [...NO_OBJECTS, {}], right: [{ groupId: 'g' }], required: true },
    { type, path: 'payload.groupId', ...ID, required: true },
  ]),
  { type: 'join', path: 'payload.since', ...SINCE },
  { type: 'join', path: 'payload.since.epoch', ...ID, required: true },
  { type: 'join', path: 'payload.since.seq', ...SEQ, required: true },
  { type: 'join', path: 'payload.since.tail', ...TAIL },
  { type: 'presence', path: 'payload', wrong: [...NO_OBJECTS, {}], right: [{ state: 1 }], required: true },
  { type: 'presence', path: 'payload.state', wrong: [], right: [null, 0, '', false, [], {}, [[{}]]], required: true },
];

describe.each(FIELDS)('$type: $path', ({ type, path, wrong, right, required, code = 'INVALID_ENVELOPE' }) => {
  const full = () => FULL_MESSAGES[type]!();

  test('a wrong value is refused, and the error names the field [R3] [R13] [R21] [R26] [R29] [R30] [R31] [R33] [R44] [R64] [R69] [R71] [R171] [R202] [R206] [R207]', () => {
    for (const value of required ? [...wrong, undefined] : wrong) {
      const error = refused(decodeValue(withField(full(), path, value)));
      expect(error.code, JSON.stringify(value)).toBe(code);
      expect(error.message, JSON.stringify(value)).toMatch(new RegExp(`^${path.replaceAll('.', '\\.')}(\\.[\\w.*]+)?: `));
      expect(error.inReplyTo, JSON.stringify(value)).toBe(path === 'id' ? undefined : 'm-1');
    }
  });

  test('a right value is taken as it is, and so is none where the field is optional [R21] [R44] [R69] [R183]', () => {
    for (const value of required ? right : [...right, undefined]) {
      const message = withField(full(), path, value);
      expect(accepted(decodeValue(message)), JSON.stringify(value)).toEqual(message);
    }
  });
});

test('a version that no dialect has is refused on identify and carried on anything else [R170]', () => {
  const error = refused(decodeValue({ type: 'identify', version: '3', payload: { clientType: 'dashboard' } }));
  expect(error).toStrictEqual({ code: 'INVALID_IDENTIFY', message: 'version: must be "1" or "2"' });
  expect(accepted(decodeValue({ type: 'heartbeat', version: '3' }))).toStrictEqual({ type: 'heartbeat', version: '3' });
});

test('numbers that JSON.parse reads as Infinity are no timestamps', () => {
  expect(refused(decode('{"type":"heartbeat","ts":1e999}')).message).toBe('ts: must be a finite number of at least 0');
});

test('delivery "latest" needs a key; the other deliveries do not [R125]', () => {
  const update = (delivery: string) => ({ type: 'data_update', delivery, payload: { data: 1 } });
  expect(refused(decodeValue(update('latest'))).message).toBe('key: is required where delivery is "latest"');
  for (const delivery of ['reliable', 'volatile']) expect(accepted(decodeValue(update(delivery)))).toEqual(update(delivery));
});

test('a since that asks for nothing is refused, and says what it could ask for', () => {
  const join = (since: object) => ({ type: 'join', payload: { groupId: 'g', since } });
  expect(refused(decodeValue(join({}))).message).toBe('payload.since.tail: is required where epoch and seq are absent');
  expect(refused(decodeValue(join({ tail: 0 }))).message).toBe('payload.since.tail: must be an integer of 1 to 1000000');
});

describe('the groups of a resume', () => {
  const identify = (groups: object) => ({ type: 'identify', payload: { clientType: 'dashboard', resume: { groups } } });
  const many = (count: number, since: unknown) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`g${index}`, since]));

  test('are 1,000 at most [R32]', () => {
    expect(accepted(decodeValue(identify(many(1_000, { tail: 1 }))))).toEqual(identify(many(1_000, { tail: 1 })));
    expect(refused(decodeValue(identify(many(1_001, { tail: 1 }))))).toStrictEqual({
      code: 'INVALID_IDENTIFY',
      message: 'payload.resume.groups: must have at most 1000 entries',
    });
  });

  test('are not read at all where they are more, whatever they hold', () => {
    for (const since of [null, {}, { seq: 'x' }]) {
      const error = refused(decodeValue(identify({ '': since, ...many(25_000, since) })));
      expect(error.message).toBe('payload.resume.groups: must have at most 1000 entries');
    }
  });

  test('of a key that stands twice count once', () => {
    const twice = `{${Array(1_001).fill('"g":{}').join(',')}}`;
    expect(decode(JSON.stringify(identify({})).replace('"groups":{}', `"groups":${twice}`)).ok).toBe(true);
  });
});

describe('the size of metadata', () => {
  const identify = (metadata: unknown) => ({ type: 'identify', payload: { clientType: 'dashboard', metadata } });
  // {"a":"…"} has eight characters around the text.
  const metadata = (bytes: number, char: string, charBytes: number) => ({ a: char.repeat((bytes - 8) / charBytes) });

  test.each([
    ['a', 1],
    ['é', 2],
    ['日', 3],
    ['😀', 4],
  ])('is counted in bytes of UTF-8: 4096 of %s pass and more do not [R27]', (char, charBytes) => {
    expect(decodeValue(identify(metadata(4096, char, charBytes))).ok).toBe(true);
    const error = refused(decodeValue(identify(metadata(4096 + charBytes, char, charBytes))));
    expect(error).toStrictEqual({ code: 'INVALID_IDENTIFY', message: 'payload.metadata: must be at most 4096 bytes of JSON' });
  });

  test('is a limit that a gateway may set or switch off', () => {
    const text = JSON.stringify(identify(metadata(10_000, 'a', 1)));
    expect(decode(text, { metadataBytesMax: 10_000 }).ok).toBe(true);
    expect(decode(text, { metadataBytesMax: 9_999 }).ok).toBe(false);
    expect(decode(text, { metadataBytesMax: Number.POSITIVE_INFINITY }).ok).toBe(true);
  });
});

describe('the size of a presence state', () => {
  const presence = (state: unknown) => ({ type: 'presence', payload: { state } });

  test.each([
    ['a', 1],
    ['é', 2],
    ['日', 3],
    ['😀', 4],
  ])('is counted in bytes of UTF-8: 1024 of %s pass and more do not [R28] [R71]', (char, charBytes) => {
    const state = 'x'.repeat(1022 % charBytes) + char.repeat(Math.floor(1022 / charBytes));
    expect(decodeValue(presence(state)).ok).toBe(true);
    const error = refused(decodeValue(presence(`${state}a`)));
    expect(error).toStrictEqual({ code: 'INVALID_ENVELOPE', message: 'payload.state: must be at most 1024 bytes of JSON' });
  });

  test('is that of its JSON without white space [R28]', () => {
    const decoded = decode(`{"type":"presence","payload":{"state": [1.50,${' '.repeat(2_000)}{ "a" : "\\u0061" }] }}`);
    expect(decoded).toStrictEqual({ ok: true, message: presence([1.5, { a: 'a' }]), stateText: '[1.5,{"a":"a"}]' });
  });

  test('is a limit that a gateway may set or switch off', () => {
    const text = JSON.stringify(presence('x'.repeat(9_998)));
    expect(decode(text, { presenceStateBytesMax: 10_000 }).ok).toBe(true);
    expect(decode(text, { presenceStateBytesMax: 9_999 }).ok).toBe(false);
    expect(decode(text, { presenceStateBytesMax: Number.POSITIVE_INFINITY }).ok).toBe(true);
    expect(decode(text, { presenceStateBytesMax: undefined }).ok).toBe(false);
  });
});

test('only the signal that has a text gets one', () => {
  const texts = (type: string) => Object.keys(decodeValue(FULL_MESSAGES[type]!())).filter((name) => name.endsWith('Text'));
  const found = Object.fromEntries(Object.keys(FULL_MESSAGES).map((type) => [type, texts(type)]));
  expect(found).toStrictEqual({
    identify: ['metadataText'],
    heartbeat: [],
    data_update: ['dataText'],
    join: [],
    leave: [],
    presence: ['stateText'],
  });
});
