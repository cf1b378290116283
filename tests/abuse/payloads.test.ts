import { afterEach, expect, test } from 'vitest';
import type { Message, RawClient } from './support/raw-client.js';
import { attacked } from './support/rig.js';

/** What `Object.prototype` is before anything was sent. */
const untouched = Object.getOwnPropertyNames(Object.prototype);

afterEach(() => {
  expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(untouched);
  expect(Object.keys(Object.prototype)).toEqual([]);
});

/** Names that an object has without having been given them. */
const PROTOTYPE_NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineSetter__',
  '__lookupGetter__',
];

const DEEP = 100_000;
const identify = (payload: string) => `{"type":"identify","payload":{"clientType":"app-client",${payload}}}`;
const data = (value: string) => `{"type":"data_update","payload":{"data":${value}}}`;

/** Sends one wrong message, gets the error, and is served as before. */
async function refused(member: RawClient, text: string): Promise<Message> {
  member.send(text);
  const { payload } = await member.nextOf('error');
  await member.roundTrip();
  return payload;
}

test.each([
  ['arrays', '['.repeat(DEEP) + ']'.repeat(DEEP), 'INVALID_ENVELOPE'],
  ['arrays that never close', '['.repeat(DEEP), 'INVALID_ENVELOPE'],
  ['brackets that only close', ']'.repeat(DEEP), 'BAD_JSON'],
  ['data of arrays', data('['.repeat(DEEP) + ']'.repeat(DEEP)), 'INVALID_ENVELOPE'],
  ['data of 40,000 objects', data(`${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}`), 'INVALID_ENVELOPE'],
  ['metadata', identify(`"metadata":{"a":${'['.repeat(DEEP) + ']'.repeat(DEEP)}}`), 'INVALID_ENVELOPE'],
  ['an envelope field', `{"type":"heartbeat","id":${'['.repeat(DEEP) + ']'.repeat(DEEP)}}`, 'INVALID_ENVELOPE'],
  ['a field that is unknown', `{"type":"heartbeat","other":${'['.repeat(DEEP) + ']'.repeat(DEEP)}}`, 'INVALID_ENVELOPE'],
])('JSON 100,000 levels deep in %s is an error, and the connection stays open', (_where, text, code) =>
  attacked({}, async (rig) => {
    const member = await rig.identified('g');
    expect(await refused(member, text)).toMatchObject({ code });
  }),
);

test('brackets inside a string are not levels', () =>
  attacked({}, async (rig) => {
    const member = await rig.identified('g');
    const text = '['.repeat(DEEP);
    member.send({ type: 'data_update', payload: { data: text } });
    expect((await member.nextOf('data_update')).payload.data).toBe(text);
  }));

test('JSON as deep as it may be is relayed, and one level more is not', () =>
  attacked({}, async (rig) => {
    const member = await rig.identified('g');
    // The envelope and its payload are two of the 64 levels.
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    member.send(data(nested(62)));
    expect(JSON.stringify((await member.nextOf('data_update')).payload.data)).toBe(nested(62));
    expect(await refused(member, data(nested(63)))).toMatchObject({ code: 'INVALID_ENVELOPE' });
  }));

test.each(PROTOTYPE_NAMES)('%s is no type of message', (name) =>
  attacked({}, async (rig) => {
    const member = await rig.identified('g');
    const error = await refused(member, `{"type":"${name}"}`);
    expect(error).toMatchObject({ code: 'UNKNOWN_TYPE', message: expect.stringContaining(name) });
  }),
);

test.each(PROTOTYPE_NAMES)('%s is an id like any other: of a group, a session, a message, a key and a trace [R23]', (name) =>
  attacked({}, async (rig) => {
    const member = await rig.open();
    const ready = await member.identify(name, { metadata: { platform: name } });
    expect(ready.payload.presence).toEqual({
      status: 'UP',
      details: { role: 'app-client', metadata: { platform: name }, members: 1 },
    });
    const said = { groupId: name, sessionId: name, id: name, key: name, traceId: name, delivery: 'latest' };
    member.send({ type: 'data_update', ...said, payload: { data: name, meta: { label: name, createdBy: name, tags: [name] } } });
    expect(await member.nextOf('data_update')).toMatchObject({ ...said, seq: 1, payload: { data: name } });
    expect(await rig.gateway.sessions(name)).toMatchObject([{ sessionId: name, meta: { label: name, tags: [name] } }]);
    expect(rig.gateway.groups().map(({ groupId }) => groupId)).toContain(name);
    // Nobody else is in it by inheritance.
    expect(await refused(member, `{"type":"data_update","groupId":"other","payload":{"data":1}}`)).toMatchObject({
      code: 'NOT_A_MEMBER',
    });
  }),
);

test.each(PROTOTYPE_NAMES)('%s as a key of the envelope or of a payload says nothing', (name) =>
  attacked({}, async (rig) => {
    const member = await rig.open();
    await member.nextOf('ready');
    // If any of these were looked up along a prototype, the member would be in `evil`, or have a label.
    const hidden = `"${name}":{"type":"leave","groupId":"evil","clientType":"dashboard","label":"evil","polluted":true}`;
    member.send(`{${hidden},"type":"identify","payload":{"clientType":"app-client",${hidden}}}`);
    expect((await member.nextOf('ready')).payload.presence).toBeUndefined();
    member.send(`{"type":"identify","payload":{"clientType":"app-client","groupId":"g"}}`);
    await member.nextOf('ready');
    member.send(`{${hidden},"type":"data_update","sessionId":"s","payload":{"data":1,${hidden},"meta":{${hidden}}}}`);
    const update = await member.nextOf('data_update');
    expect(Object.keys(update).sort()).toEqual(['from', 'groupId', 'payload', 'seq', 'sessionId', 'ts', 'type']);
    expect(update).toMatchObject({ groupId: 'g', payload: { data: 1, meta: {} } });
    expect(await rig.gateway.sessions('g')).toMatchObject([{ meta: {} }]);
    expect(rig.gateway.connections().at(-1)).toMatchObject({ role: 'app-client', groups: ['g'] });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  }),
);

test.each(PROTOTYPE_NAMES)('%s inside data and metadata reaches the others as it was said', (name) =>
  attacked({}, async (rig) => {
    const value = `{"${name}":{"polluted":true},"deep":[{"${name}":1}]}`;
    const [member, other] = [await rig.open(), await rig.identified('g')];
    await other.nextOf('presence_update');
    await member.nextOf('ready');
    member.send(identify(`"groupId":"g","metadata":${value}`));
    await rig.pass(1_000);
    const presence = await other.nextOf('presence_update');
    expect(JSON.stringify(presence.payload.info.details.metadata)).toBe(value);
    member.send(data(value));
    expect(JSON.stringify((await other.nextOf('data_update')).payload.data)).toBe(value);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  }),
);

test.each([
  ['4,097 bytes', { text: 'x'.repeat(4_097 - '{"text":""}'.length) }],
  ['4,099 bytes in 1,372 characters', { text: '€'.repeat(1_366) }],
  ['200 KB', { text: 'x'.repeat(200_000) }],
  ['20,000 keys', Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, 0]))],
])('metadata of %s is refused by name, and changes nothing', (_what, metadata) =>
  attacked({}, async (rig) => {
    const member = await rig.identified('g');
    const error = await refused(
      member,
      JSON.stringify({ type: 'identify', payload: { clientType: 'dashboard', groupId: 'h', metadata } }),
    );
    expect(error).toMatchObject({ code: 'INVALID_IDENTIFY', message: expect.stringContaining('payload.metadata') });
    expect(rig.gateway.connections().at(-1)).toMatchObject({ role: 'app-client', groups: ['g'] });
  }),
);

test('metadata of 4,096 bytes is taken', () =>
  attacked({}, async (rig) => {
    const metadata = { text: 'x'.repeat(4_096 - '{"text":""}'.length) };
    const member = await rig.open();
    const ready = await member.identify('g', { metadata });
    expect(ready.payload.presence.details.metadata).toEqual(metadata);
  }));
