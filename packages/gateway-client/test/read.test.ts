import fc from 'fast-check';
import { decodeGatewayMessage } from 'gateway-protocol';
import { describe, expect, test } from 'vitest';
import { read } from '../src/read.js';
import { World } from './support.js';

const member = { memberId: 'm', role: 'app-client', connected: true };
const ready = { connectionId: 'c', heartbeat: { intervalMs: 1_000, timeoutMs: 2_000 } };
const sync = { groupId: 'g', epoch: 'e', seq: 1, outcome: 'live', replayed: 0 };

const WRONG = [
  'no JSON',
  'null',
  '5',
  '[]',
  '{}',
  ...[
    { type: 5, payload: {} },
    { type: 'ack' },
    { type: 'ack', payload: null },
    { type: 'ack', payload: { id: 5 } },
    { type: 'ready', payload: { connectionId: 'c' } },
    { type: 'ready', payload: { connectionId: 'c', heartbeat: {} } },
    { type: 'ready', payload: { ...ready, memberId: 'm' } },
    { type: 'sync', payload: { ...sync, seq: '1' } },
    { type: 'sync', payload: { ...sync, members: 'm' } },
    { type: 'sync', payload: { ...sync, members: [null] } },
    { type: 'data_update', groupId: 'g', payload: { data: 1 } },
    { type: 'gap', payload: { groupId: 'g', from: 'a', to: 2 } },
    { type: 'presence_update', payload: { groupId: 'g' } },
    { type: 'reconnect', payload: {} },
  ].map((message) => JSON.stringify(message)),
];

describe('what is not of the contract', () => {
  test.each(WRONG)('%s ends the connection with 4903, is told, and is backed off from', async (text) => {
    const world = new World();
    const client = await world.online();
    client.join('g');
    await world.clock.advance(0);
    const { socket } = world;
    socket.onmessage?.({ data: text });
    expect(socket.closedWith).toBe(4903);
    expect(world.errors).toMatchObject([{ code: 'PROTOCOL' }]);
    expect(client.status.get()).toMatchObject({ state: 'reconnecting', reason: { action: 'back-off' } });
    await world.clock.advance(30_000);
    expect(client.status.get().state).toBe('online');
  });
});

test('a type that is not known is passed over, whatever its name', () => {
  for (const type of ['weather', '__proto__', 'toString']) expect(read(JSON.stringify({ type }), 1)).toBeUndefined();
});

const value = fc.oneof(fc.constantFrom(undefined, null, 1, '1', [], {}, member, [member], ['m'], 1.5), fc.anything());
const fields = (names: string[]) => fc.record(Object.fromEntries(names.map((name) => [name, value])));
const NAMES = ['groupId', 'seq', 'epoch', 'outcome', 'replayed', 'members', 'id', 'code', 'message', 'from', 'to', 'afterMs'];
const right = fc.constantFrom<[string, object]>(['ready', ready], ['sync', sync], ['gap', { groupId: 'g', from: 1, to: 2 }]);

test('whatever decodeGatewayMessage takes is taken', () => {
  fc.assert(
    fc.property(
      right,
      fields(NAMES),
      fields(['groupId', 'seq', 'from']),
      fc.boolean(),
      ([type, whole], some, envelope, isWhole) => {
        const text = JSON.stringify({ ...envelope, type, payload: isWhole ? { ...some, ...whole } : { ...whole, ...some } });
        const decoded = decodeGatewayMessage(text);
        if (decoded.ok) expect(read(text, Number.POSITIVE_INFINITY)).toEqual(decoded.message);
      },
    ),
  );
});
