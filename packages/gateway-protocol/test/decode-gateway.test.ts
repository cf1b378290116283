import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { decodeGatewayMessage } from 'gateway-protocol';
import { describe, expect, test } from 'vitest';
import { GATEWAY_FIELDS } from './gateway-messages.js';

const text = readFileSync(new URL('../../../PROTOCOL.md', import.meta.url), 'utf8');
const examples = [...text.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map((match) => match[1] as string);
/** A client's `data_update` has no `seq`. */
const fromGateway = examples.filter((example) => {
  const { type, seq } = JSON.parse(example);
  return type in GATEWAY_FIELDS && (type !== 'data_update' || seq !== undefined);
});
const byType = new Map(fromGateway.map((example) => [JSON.parse(example).type as string, example]));

describe('what a gateway sends', () => {
  test('every example of PROTOCOL.md is read whole, and every type has one', () => {
    expect(new Set(byType.keys())).toEqual(new Set(Object.keys(GATEWAY_FIELDS)));
    for (const example of fromGateway) {
      expect(decodeGatewayMessage(example)).toEqual({ ok: true, message: JSON.parse(example) });
    }
  });

  test('fields, values and types to come are no error', () => {
    for (const example of fromGateway) {
      const message = JSON.parse(example);
      message.weather = 'fine';
      message.payload.weather = { tomorrow: 'rain' };
      expect(decodeGatewayMessage(JSON.stringify(message))).toEqual({ ok: true, message });
    }
    expect(decodeGatewayMessage('{"type":"weather","ts":1}')).toEqual({ ok: true, message: undefined });
    const sync = JSON.parse(byType.get('sync') as string);
    sync.payload.outcome = 'better';
    expect(decodeGatewayMessage(JSON.stringify(sync))).toMatchObject({ ok: true, message: { payload: { outcome: 'better' } } });
  });

  const needed: [type: string, field: string][] = [
    ['ready', 'payload.connectionId'],
    ['ready', 'payload.heartbeat'],
    ['ready', 'payload.heartbeat.intervalMs'],
    ['ready', 'payload.resume'],
    ['ready', 'payload.resume.token'],
    ['presence_update', 'payload.groupId'],
    ['presence_update', 'payload.info'],
    ['data_update', 'groupId'],
    ['data_update', 'seq'],
    ['data_update', 'payload.data'],
    ['error', 'payload.code'],
    ['error', 'payload.message'],
    ['heartbeat_ack', 'payload.serverTs'],
    ['ack', 'payload.id'],
    ['sync', 'payload.groupId'],
    ['sync', 'payload.epoch'],
    ['sync', 'payload.seq'],
    ['sync', 'payload.outcome'],
    ['sync', 'payload.replayed'],
    ['gap', 'payload.groupId'],
    ['gap', 'payload.from'],
    ['gap', 'payload.to'],
    ['reconnect', 'payload.afterMs'],
  ];
  test.each(needed)('%s without %s, or with another type there, is refused and named', (type, path) => {
    // The last one: `ready` has several examples, and that of dialect 2 stands after the greeting.
    for (const wrong of [undefined, path === 'payload.data' ? undefined : null, path === 'payload.data' ? undefined : [[]]]) {
      const message = JSON.parse(byType.get(type) as string);
      const names = path.split('.');
      const last = names.pop() as string;
      const holder = names.reduce((value, name) => value[name], message);
      if (wrong === undefined) delete holder[last];
      else holder[last] = wrong;
      const decoded = decodeGatewayMessage(JSON.stringify(message));
      expect(decoded).toMatchObject({ ok: false });
      expect(path).toContain(decoded.ok ? '' : decoded.error);
    }
  });

  test('lists that are none, and members that are none, are refused', () => {
    const update = JSON.parse(byType.get('presence_update') as string);
    for (const [name, value] of [
      ['members', {}],
      ['members', [null]],
      ['joins', [{}]],
      ['updates', [{ memberId: 3 }]],
      ['leaves', 'all'],
    ] as const) {
      const message = { ...update, payload: { ...update.payload, [name]: value } };
      expect(decodeGatewayMessage(JSON.stringify(message))).toEqual({ ok: false, error: name });
    }
  });

  test('what is no envelope is refused', () => {
    for (const wrong of [
      '',
      'null',
      '1',
      '"ready"',
      '[]',
      '{}',
      '{"type":7}',
      '{"type":"ready"}',
      '{"type":"ready","payload":[]}',
      '{',
    ]) {
      expect(decodeGatewayMessage(wrong)).toMatchObject({ ok: false });
    }
  });

  test('`__proto__`, `constructor` and the like are no types, and a key of them harms nobody', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect(decodeGatewayMessage(`{"type":"${name}","payload":{}}`)).toEqual({ ok: true, message: undefined });
    }
    const hostile = '{"type":"ack","ts":1,"payload":{"__proto__":{"id":"x"}},"__proto__":{"polluted":true}}';
    expect(decodeGatewayMessage(hostile)).toEqual({ ok: false, error: 'id' });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test('nothing makes it throw', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.constantFrom(...fromGateway).map((one) => one.slice(0, -7)),
        ),
        (any) => {
          expect(typeof decodeGatewayMessage(any).ok).toBe('boolean');
        },
      ),
    );
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(GATEWAY_FIELDS)), fc.jsonValue(), (type, payload) => {
        expect(typeof decodeGatewayMessage(JSON.stringify({ type, payload })).ok).toBe('boolean');
      }),
    );
  });
});
