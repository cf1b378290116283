import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { FakeClock } from 'gateway-core/testing';
import { decodeGatewayMessage, type OutgoingToClient2 } from 'gateway-protocol';
import { expect, onTestFinished, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { Pace } from '../../src/connect/pace.js';
import { jsonLine, lineOf } from '../../src/connect/show.js';
import { runCli } from '../memory-io.js';

/** A server on which a test plays a gateway. */
async function playing(connected: (socket: WebSocket) => void): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) => {
    socket.on('error', () => {});
    connected(socket);
  });
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const READY = {
  connectionId: 'c',
  memberId: 'm',
  resumed: false,
  resume: { token: 't', ttlMs: 1 },
  heartbeat: { intervalMs: 10_000, timeoutMs: 25_000 },
};
const envelope = (type: string, payload: object, more: object = {}) => JSON.stringify({ type, ts: 1, ...more, payload });

test.each([
  ['not JSON', 'no json'],
  ['not an object', '[]'],
  ['type', '{"type":7}'],
  ['payload', '{"type":"ready"}'],
  ['connectionId', envelope('ready', {})],
  ['heartbeat', envelope('ready', { connectionId: 'c', heartbeat: null })],
  ['heartbeat', envelope('ready', { connectionId: 'c', heartbeat: {} })],
  ['groupId', envelope('sync', {})],
  ['info', envelope('presence_update', { groupId: 'g' })],
  ['groupId', envelope('data_update', { data: 1 })],
  ['id', envelope('ack', {})],
  ['code', envelope('error', {})],
])('a server that answers what is wrong by %s is no gateway: that is said in one line', async (fault, text) => {
  const url = await playing((socket) => socket.send(text));
  const { code, out, err } = await runCli(['connect', url, '-x', '1']);
  expect([code, out, err]).toEqual([1, '', `gateway-cli: what answers there is no gateway (${fault})\n`]);
});

test('a message of a type that is not known yet is passed over, and with --json printed', async () => {
  const url = await playing((socket) => {
    socket.send('{"type":"weather","payload":"fine"}');
    socket.send(envelope('ready', READY));
  });
  const { code, out } = await runCli(['connect', url, '--json'], {}, '');
  expect([code, out.split('\n').map((line) => line && JSON.parse(line).type)]).toEqual([0, ['weather', 'ready', '']]);
});

test('a gateway that has fallen silent is given up after an interval of heartbeats, and asked again', async () => {
  let connections = 0;
  const url = await playing((socket) => {
    connections += 1;
    if (connections === 1) socket.send(envelope('ready', { ...READY, heartbeat: { intervalMs: 100, timeoutMs: 250 } }));
    else socket.close(4003);
  });
  const { code, err } = await runCli(['connect', url, '--group', 'g', '-x', '1']);
  expect(code).toBe(1);
  expect(err).toMatch(/^gateway-cli: closed 1006 nothing was heard for 0\.1 s, again in \d\.\d s\n/);
  expect(connections).toBe(2);
});

/** Of every type, the fields that are checked, and any that may be beside them. */
const any = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constant(undefined));
const hostile = fc
  .tuple(
    fc.constantFrom<[string, object, object]>(
      ['ready', READY, {}],
      ['sync', { groupId: 'g', epoch: 'e', seq: 1, outcome: 'live', replayed: 0 }, {}],
      ['data_update', { data: 1 }, { groupId: 'g', seq: 1 }],
      ['presence_update', { groupId: 'g', info: {} }, {}],
      ['ack', { id: 'x' }, {}],
      ['error', { code: 'X', message: 'x' }, {}],
      ['gap', { groupId: 'g', from: 1, to: 2 }, {}],
      ['reconnect', { afterMs: 1 }, {}],
      ['heartbeat_ack', { serverTs: 1 }, {}],
    ),
    fc.dictionary(
      fc.constantFrom('reason', 'seq', 'epoch', 'duplicate', 'joins', 'leaves', 'members', 'info', 'resumed', 'limits', 'echoTs'),
      any,
    ),
    fc.dictionary(fc.constantFrom('from', 'delivery', 'key', 'ts', 'id'), any),
  )
  .map(([[type, payload, fields], more, beside]) => envelope(type, { ...more, ...payload }, { ...beside, ...fields }));

test('whatever a gateway says beside what it has to is a line, or none', () => {
  const special = [
    envelope('data_update', { data: 1 }, { groupId: 'g', seq: 1, from: 7 }),
    envelope('ack', { id: 'x', seq: 1, epoch: 7 }),
    envelope('presence_update', { groupId: 'g', info: {}, leaves: [1, null, {}] }),
    envelope('presence_update', { groupId: 'g', info: { details: null }, joins: [{ memberId: 'm', metadata: null }] }),
  ];
  const shown = (text: string) => {
    const decoded = decodeGatewayMessage(text);
    if (!decoded.ok) return;
    const line = lineOf(decoded.message as OutgoingToClient2, 'm');
    expect(line ?? '').toMatch(/^[^\p{Cc}]*$/u);
  };
  const odd = { toString: null, valueOf: null };
  for (const [type, payload, fields, names] of [
    ['sync', { groupId: 'g', epoch: 'e', seq: 1, outcome: 'live', replayed: 1 }, {}, ['reason']],
    ['data_update', { data: odd }, { groupId: 'g', seq: 1 }, ['from', 'delivery', 'key']],
    ['presence_update', { groupId: 'g', info: { details: { members: odd } }, leaves: [odd] }, {}, []],
    ['ack', { id: 'x' }, {}, ['seq', 'epoch']],
    ['gap', { groupId: 'g', from: 1, to: 2 }, {}, ['reason']],
    ['heartbeat_ack', { serverTs: 1 }, {}, ['echoTs']],
    ['error', { code: 'X', message: 'x' }, {}, ['status']],
  ] as const) {
    const more = Object.fromEntries(names.map((name) => [name, odd]));
    shown(envelope(type, { ...more, ...payload }, { ...more, ...fields }));
  }
  for (const text of special) shown(text);
  fc.assert(fc.property(hostile, shown), { numRuns: 2_000 });
});

test('with --json an envelope is one line of the same JSON, in which nothing is that a terminal obeys', () => {
  const data = { 'c1\u009b2J': 'bidi \u202e tag \u{e0041} zwj 👩\u200d🚀 line \u2028 del \u007f', n: [1] };
  const text = JSON.stringify(data, undefined, '\t').replaceAll('\n', '\r\n');
  const line = jsonLine(text.replace('[\r\n\t\t1\r\n\t]', '[1.10000000000000000001]'));
  expect(line).not.toMatch(/[\p{Cc}\p{Cf}\u2028]/u);
  expect(JSON.parse(line)).toEqual({ ...data, n: [1.1] });
  expect(line).toContain('1.10000000000000000001');
  expect(jsonLine('{"plain":"ünchanged 👍"}')).toBe('{"plain":"ünchanged 👍"}');
});

test.each([
  null,
  {},
  { messagesPerSecondMax: 'x', bytesPerSecondMax: {} },
  { messagesPerSecondMax: -1, bytesPerSecondMax: 1e-300 },
  { messagesPerSecondMax: Number.POSITIVE_INFINITY, bytesPerSecondMax: 0 },
])('limits that make no sense are none: %j', async (limits) => {
  const clock = new FakeClock();
  const pace = new Pace(clock);
  pace.allow((limits as never) ?? undefined);
  for (const ms of ['x', Number.NaN, -1, undefined]) pace.hold(ms as never);
  let turns = 0;
  for (let n = 0; n < 20; n += 1) void pace.turn(1_000).then(() => (turns += 1));
  await clock.advance(1);
  expect(turns).toBe(20);
});

test('a pause is a minute at most, and a shorter one does not end a longer', async () => {
  const clock = new FakeClock();
  const pace = new Pace(clock);
  pace.hold(1e9);
  pace.hold(10);
  let turns = 0;
  void pace.turn(1).then(() => (turns += 1));
  await clock.advance(59_999);
  expect(turns).toBe(0);
  await clock.advance(1);
  expect(turns).toBe(1);
});
