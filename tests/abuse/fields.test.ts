import { expect, test } from 'vitest';
import { attacked } from './support/rig.js';

type Kind = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object';

/** JSON of every kind, with what weak typing would take for something else. */
const VALUES: Record<Kind, string[]> = {
  null: ['null'],
  boolean: ['true', 'false'],
  number: ['0', '1', '-1', '1.5', '1e999'],
  string: ['""', '"1"', '"true"', '"null"', '"{}"'],
  array: ['[]', '["g"]', '[1]', '[[]]', '[null]'],
  object: ['{}', '{"0":"g","length":1}', '{"toString":"g"}', '{"__proto__":"g"}'],
};

interface Field {
  path: string;
  kind: Kind;
  /** Values of the right kind that are wrong all the same. */
  wrong?: string[];
}

/** Empty, too long, and with a control character or a lone surrogate: PROTOCOL.md, "Ids". */
const NO_IDS = [
  '""',
  JSON.stringify('i'.repeat(129)),
  '"a\\u0000"',
  '"a\\nb"',
  '"\\u007f"',
  '"\\u0085"',
  '"\\ud800"',
  '"\\udc00a"',
];

const ENVELOPE: Field[] = [
  { path: 'ts', kind: 'number', wrong: ['-1', '1e999', '-1e999'] },
  { path: 'version', kind: 'string', wrong: NO_IDS },
  { path: 'traceId', kind: 'string', wrong: NO_IDS },
  { path: 'groupId', kind: 'string', wrong: NO_IDS },
  { path: 'sessionId', kind: 'string', wrong: NO_IDS },
  { path: 'id', kind: 'string', wrong: NO_IDS },
];

const SIGNALS: Record<string, { message: object; fields: Field[]; code: string }> = {
  heartbeat: { message: {}, fields: [{ path: 'payload', kind: 'object' }], code: 'INVALID_ENVELOPE' },
  data_update: {
    message: { payload: { data: 1 } },
    fields: [
      { path: 'delivery', kind: 'string', wrong: ['"sometimes"', '"RELIABLE"', '"latest"'] },
      { path: 'key', kind: 'string', wrong: NO_IDS },
      { path: 'payload', kind: 'object', wrong: ['{}'] },
      { path: 'payload.meta', kind: 'object' },
      { path: 'payload.meta.label', kind: 'string', wrong: [JSON.stringify('l'.repeat(257))] },
      { path: 'payload.meta.createdBy', kind: 'string', wrong: [JSON.stringify('c'.repeat(257))] },
      {
        path: 'payload.meta.tags',
        kind: 'array',
        wrong: ['[1]', '[["a"]]', '[null]', '[""]', JSON.stringify(Array(33).fill('t'))],
      },
    ],
    code: 'INVALID_ENVELOPE',
  },
  identify: {
    message: { payload: { clientType: 'dashboard', groupId: 'elsewhere' } },
    fields: [
      { path: 'payload', kind: 'object', wrong: ['{}'] },
      { path: 'payload.clientType', kind: 'string', wrong: ['""', '"admin"', '"App-Client"', '"constructor"'] },
      { path: 'payload.groupId', kind: 'string', wrong: NO_IDS },
      { path: 'payload.metadata', kind: 'object' },
      { path: 'payload.token', kind: 'string', wrong: [JSON.stringify('t'.repeat(8193))] },
      {
        path: 'payload.resume',
        kind: 'object',
        wrong: ['{"groups":[]}', '{"token":""}', '{"token":"t","groups":{"g":{"epoch":"e","seq":"1"}}}'],
      },
    ],
    code: 'INVALID_IDENTIFY',
  },
};

/** The message's JSON with the field at `path` holding `json`, whatever that is. */
function withField(type: string, message: object, path: string, json: string): string {
  const copy = { type, id: 'm-1', ...structuredClone(message) } as Record<string, unknown>;
  const names = path.split('.');
  let holder = copy;
  for (const name of names.slice(0, -1)) {
    holder[name] ??= {};
    holder = holder[name] as Record<string, unknown>;
  }
  holder[names.at(-1)!] = 'PLACE';
  return JSON.stringify(copy).replace('"PLACE"', () => json);
}

const cases = Object.entries(SIGNALS).flatMap(([type, { message, fields, code }]) => [
  ...ENVELOPE.map((field) => ({ type, message, ...field, code: 'INVALID_ENVELOPE' })),
  ...fields.map((field) => ({
    type,
    message,
    ...field,
    code: ['delivery', 'key'].includes(field.path) ? 'INVALID_ENVELOPE' : code,
  })),
]);

test.each(cases)(
  '$path of $type is a $kind: anything else is an error that names it, and the next message is served [R13] [R20]',
  (field) =>
    attacked({ limits: { messagesPerSecondMax: 0, errorsPerSecondMax: 0 } }, async (rig) => {
      const { type, message, path, kind, wrong = [], code } = field;
      const member = await rig.identified('g');
      const others = Object.entries(VALUES).flatMap(([other, values]) => (other === kind ? [] : values));
      for (const json of [...others, ...wrong]) {
        member.send(withField(type, message, path, json));
        const { payload } = await member.nextOf('error');
        expect(payload, json).toMatchObject({ code, retryable: false, status: 400 });
        expect(payload.message, json).toContain(path.split('.').at(-1));
        expect(payload.inReplyTo, json).toBe(path === 'id' ? undefined : 'm-1');
        await member.roundTrip();
      }
      expect(rig.gateway.connections().at(-1)).toMatchObject({ role: 'app-client', groups: ['g'] });
    }),
);

test.each(['0', '3', '2.0', ' 1', 'constructor'])('an identify of version "%s" is an error that names it', (version) =>
  attacked({}, async (rig) => {
    const member = await rig.identified('g');
    member.send({ type: 'identify', version, payload: { clientType: 'dashboard', groupId: 'elsewhere' } });
    expect((await member.nextOf('error')).payload).toMatchObject({
      code: 'INVALID_IDENTIFY',
      message: expect.stringContaining('version'),
    });
    await member.roundTrip();
  }),
);

test('type is a string, and the message an object: anything else is an error, and the next message is served', () =>
  attacked({ limits: { messagesPerSecondMax: 0, errorsPerSecondMax: 0 } }, async (rig) => {
    const member = await rig.identified('g');
    const types = Object.entries(VALUES).flatMap(([kind, values]) => (kind === 'string' ? [] : values));
    for (const json of types) {
      member.send(`{"type":${json}}`);
      const { payload } = await member.nextOf('error');
      expect(payload, json).toMatchObject({ code: 'INVALID_ENVELOPE', message: expect.stringContaining('type') });
      await member.roundTrip();
    }
    for (const text of [...types.filter((json) => !json.startsWith('{')), '"heartbeat"']) {
      member.send(text);
      expect((await member.nextOf('error')).payload, text).toMatchObject({ code: 'INVALID_ENVELOPE' });
      await member.roundTrip();
    }
  }));

test.each([
  '',
  ' ',
  '{',
  '}',
  'nonsense',
  '{"type":"heartbeat"',
  '{"type":"heartbeat",}',
  "{'type':'heartbeat'}",
  '\u0000',
  '\ufeff{"type":"heartbeat"}',
  'NaN',
  'undefined',
])('%j is not JSON, and the next message is served', (text) =>
  attacked({}, async (rig) => {
    const member = await rig.identified('g');
    member.send(text);
    expect((await member.nextOf('error')).payload).toMatchObject({ code: 'BAD_JSON', status: 400, retryable: false });
    await member.roundTrip();
  }),
);
