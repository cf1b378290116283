import { decode } from 'gateway-protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { accepted, decodeValue, FULL_MESSAGES, refused } from './messages.js';

describe('what decode accepts', () => {
  test.each(Object.keys(FULL_MESSAGES))('a %s with every field comes back whole', (type) => {
    const message = FULL_MESSAGES[type]!();
    const decoded = decodeValue(message);
    expect(accepted(decoded)).toEqual(message);
    expect(Object.keys(accepted(decoded)).sort()).toEqual(Object.keys(message).sort());
  });

  test('the smallest message of each signal has no field that was not sent', () => {
    for (const message of [
      { type: 'heartbeat' },
      { type: 'identify', payload: { clientType: 'dashboard' } },
      { type: 'data_update', payload: { data: null } },
      { type: 'join', payload: { groupId: 'g' } },
      { type: 'leave', payload: { groupId: 'g' } },
      { type: 'presence', payload: { state: null } },
    ]) {
      expect(accepted(decodeValue(message))).toStrictEqual(message);
    }
  });

  test('fields that the contract does not know are left behind, at every level [R11]', () => {
    const { identify, data_update, presence } = FULL_MESSAGES;
    const noise = { seq: 9, from: 'someone', foo: 1, status: 'UP', toJSON: 1 };
    const message = data_update!();
    const payload = message.payload as { data: unknown; meta: object };
    const noisy = { ...noise, ...message, payload: { ...noise, ...payload, meta: { ...noise, ...payload.meta } } };
    expect(accepted(decodeValue(noisy))).toEqual(message);

    const shown = presence!();
    expect(accepted(decodeValue({ ...noise, ...shown, payload: { ...noise, ...(shown.payload as object) } }))).toEqual(shown);

    const greeting = identify!();
    // Here `seq` is a field like any other.
    const { seq: _, ...groupNoise } = noise;
    const said = greeting.payload as { resume: { groups: Record<string, object> } };
    const groups = Object.fromEntries(Object.entries(said.resume.groups).map(([id, since]) => [id, { ...groupNoise, ...since }]));
    const resume = { ...noise, ...said.resume, groups };
    expect(accepted(decodeValue({ ...noise, ...greeting, payload: { ...noise, ...said, resume } }))).toEqual(greeting);
  });

  test('delivery and key are fields of a data_update only', () => {
    expect(accepted(decodeValue({ type: 'heartbeat', delivery: 7, key: 7 }))).toStrictEqual({ type: 'heartbeat' });
  });

  test('nothing of a heartbeat payload is kept [R42]', () => {
    expect(accepted(decodeValue({ type: 'heartbeat', payload: { a: 1 } }))).toStrictEqual({ type: 'heartbeat' });
  });

  test('a data_update may carry any JSON value [R64]', () => {
    for (const data of [null, 0, -0.5, '', 'x', false, [], {}, [[{}]], { data: { data: 1 } }]) {
      expect(accepted(decodeValue({ type: 'data_update', payload: { data } }))).toStrictEqual({
        type: 'data_update',
        payload: { data },
      });
    }
  });
});

describe('what decode refuses as a whole', () => {
  test.each([
    '',
    ' ',
    '{',
    '{"type":"heartbeat"',
    '{"type":"heartbeat"}x',
    "{'type':'heartbeat'}",
    'undefined',
    'NaN',
    '\ufeff{}',
    '"\u0001"',
  ])('a text that is not JSON: %j [R204] [R216]', (text) => {
    expect(refused(decode(text))).toStrictEqual({ code: 'BAD_JSON', message: 'the message is not JSON' });
  });

  test.each([undefined, null, 7, true, {}, [], new Uint8Array(2), Symbol('s'), () => '', 10n])(
    'a value that is no string: %s',
    (value) => {
      expect(refused(decode(value as string)).code).toBe('BAD_JSON');
    },
  );

  test.each(['null', '0', '"heartbeat"', 'true', '[]', '[{"type":"heartbeat"}]'])('JSON that is no object: %s [R207]', (text) => {
    expect(refused(decode(text))).toStrictEqual({ code: 'INVALID_ENVELOPE', message: 'the message must be a JSON object' });
  });

  test.each([{}, { type: null }, { type: 7 }, { type: ['heartbeat'] }, { type: { heartbeat: 1 } }, { type: true }])(
    'no type: %j',
    (message) => {
      expect(refused(decodeValue(message))).toStrictEqual({ code: 'INVALID_ENVELOPE', message: 'type: must be a string' });
    },
  );

  test.each([
    '',
    'Heartbeat',
    'ready',
    'error',
    'ack',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'size',
    'get',
    '\ud800',
  ])('a type that no client may send: %j [R205]', (type) => {
    expect(refused(decodeValue({ type }))).toStrictEqual({
      code: 'UNKNOWN_TYPE',
      message: `type: ${JSON.stringify(type)} is not known`,
    });
  });

  test('an unknown type is quoted up to 64 characters', () => {
    const { message } = refused(decodeValue({ type: 'x'.repeat(100_000) }));
    expect(message).toBe(`type: "${'x'.repeat(64)}…" is not known`);
  });
});

describe('inReplyTo', () => {
  test.each([
    { type: 'nope', id: 'm-1' },
    { type: 7, id: 'm-1' },
    { type: 'heartbeat', id: 'm-1', ts: 'now' },
    { type: 'identify', id: 'm-1', payload: {} },
    { type: 'data_update', id: 'm-1' },
  ])('a faulty message is answered by its id: %j [R7] [R203]', (message) => {
    expect(refused(decodeValue(message)).inReplyTo).toBe('m-1');
  });

  test.each([undefined, null, 7, '', ['m-1'], 'x'.repeat(129), 'a\u0000'])(
    'an id that is itself wrong is not repeated: %j [R203]',
    (id) => {
      expect(refused(decodeValue({ type: 'nope', id }))).not.toHaveProperty('inReplyTo');
    },
  );
});

describe('prototypes', () => {
  const polluted = Object.prototype as { groupId?: unknown; payload?: unknown; type?: unknown };

  afterEach(() => {
    delete polluted.groupId;
    delete polluted.payload;
    delete polluted.type;
  });

  test('a key named __proto__ is an unknown field, not a prototype', () => {
    const message = accepted(
      decode('{"__proto__":{"groupId":"g","seq":1},"type":"heartbeat","constructor":{"prototype":{}},"toString":1}'),
    );
    expect(message).toStrictEqual({ type: 'heartbeat' });
    expect(Object.getPrototypeOf(message)).toBe(Object.prototype);
    expect(refused(decode('{"__proto__":{"type":"heartbeat"}}')).message).toBe('type: must be a string');
    const update = '{"type":"data_update","payload":{"__proto__":{"data":1}}}';
    expect(refused(decode(update)).message).toBe('payload.data: is required');
  });

  test('a group named __proto__ or constructor is a group like any other', () => {
    for (const groupId of ['__proto__', 'constructor', 'toString']) {
      const groups = `{"${groupId}":{"epoch":"e","seq":3}}`;
      const text = `{"type":"identify","payload":{"clientType":"dashboard","resume":{"token":"t","groups":${groups}}}}`;
      const payload = accepted(decode(text)).payload as { resume: { groups: Record<string, unknown> } };
      expect(Object.entries(payload.resume.groups)).toStrictEqual([[groupId, { epoch: 'e', seq: 3 }]]);
      expect(payload.resume.groups.valueOf).toBeUndefined();
    }
  });

  test('what the process has put on Object.prototype was not sent', () => {
    polluted.groupId = 'everyone';
    polluted.payload = { data: 1 };
    polluted.type = 'heartbeat';
    expect(Object.hasOwn(accepted(decode('{"type":"heartbeat"}')), 'groupId')).toBe(false);
    expect(refused(decode('{"type":"data_update"}')).message).toBe('payload: must be an object');
    expect(refused(decode('{}')).message).toBe('type: must be a string');
  });
});
