import { readFileSync } from 'node:fs';
import { createGateway } from 'gateway-core';
import { connectClient, FakeClock, type MemoryClient } from 'gateway-core/testing';
import type { OutgoingToClient2 } from 'gateway-protocol';
import { expect, test } from 'vitest';
import { withBooks } from '../../packages/gateway-core/test/support/books.js';
import { GATEWAY_FIELDS } from '../../packages/gateway-protocol/test/gateway-messages.js';
import { compileContract, openSchema } from '../../packages/gateway-protocol/test/schema-validators.js';

// What the gateway really sends, against packages/gateway-protocol/schema.json: each message is one of its dialect's, without a field beside it.

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const closed = compileContract(openSchema.definitions, 'closed');
const open = compileContract(openSchema.definitions, 'open');

function holds(dialect: 'OutgoingToClient' | 'OutgoingToClient2', messages: readonly object[]): void {
  const validate = closed(dialect);
  for (const message of messages) expect(validate(message), JSON.stringify([message, validate.errors])).toBe(true);
}

test('what was recorded of dialect 1 is of dialect 1, both ways', () => {
  const lines = read('../../packages/gateway-core/test/fixtures/dialect-1.txt').split('\n');
  const texts = (way: string) =>
    lines.flatMap((line) => (line.match(/^\w+ ([<>]) (.*)$/)?.[1] === way ? line.slice(line.indexOf(way) + 2) : []));
  const sent = texts('<').map((text) => JSON.parse(text));
  expect(sent.length).toBeGreaterThan(30);
  holds('OutgoingToClient', sent);
  const said = texts('>').filter((text) => text.includes('"data":{"x":12') || text.includes('heartbeat'));
  for (const text of said) expect(open('IncomingFromClient')(JSON.parse(text))).toBe(true);
  expect(said.length).toBeGreaterThan(2);
});

test('the transcript of the echo example is of dialect 1, both ways', () => {
  const messages = [
    ...read('../../examples/echo/transcript.txt').matchAll(/^\[.*?\] \w+ ([←→]) (\w+)(.*?)(?: (\{.*\}))?$/gm),
  ].map(([, way, type, fields = '', payload]) => {
    const envelope = Object.fromEntries([...fields.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value]));
    const seq = envelope.seq === undefined ? {} : { seq: Number(envelope.seq) };
    // Times stand in front of a line.
    return { way, message: { type, ts: 0, ...envelope, ...seq, ...(payload && { payload: JSON.parse(payload) }) } };
  });
  const of = (way: string) => messages.filter((one) => one.way === way).map(({ message }) => message);
  expect(of('→').length).toBeGreaterThan(5);
  expect(of('←').length).toBeGreaterThan(10);
  holds('OutgoingToClient', of('←'));
  for (const message of of('→')) expect(open('IncomingFromClient')(message), JSON.stringify(message)).toBe(true);
});

const identify = (payload: object) => ({ type: 'identify', version: '2', payload: { clientType: 'app-client', ...payload } });
const say = (data: unknown, envelope: object = {}) => ({ type: 'data_update', groupId: 'g', ...envelope, payload: { data } });

/** Everything that dialect 2 has, with a gateway of which everything is small. */
async function converse(): Promise<OutgoingToClient2[]> {
  const clock = new FakeClock();
  const gateway = withBooks(
    createGateway({
      clock,
      limits: {
        logMessagesMax: 8,
        socketHighWaterMarkBytes: 1_500,
        messagesPerSecondMax: 0,
        presenceMembersMax: 3,
      },
      timings: { slowConsumerTimeoutMs: 60_000, heartbeatTimeoutMs: 60_000, identifyTimeoutMs: 60_000 },
      authenticate: ({ token }) => token !== 'bad' && { principal: String(token), expiresAt: clock.now() + 3_600_000 },
      authorize: ({ groupId }) => groupId !== 'closed',
    }),
  );
  const clients: MemoryClient<OutgoingToClient2>[] = [];
  const connect = async (...messages: object[]) => {
    const client = connectClient<OutgoingToClient2>(gateway);
    clients.push(client);
    for (const message of messages) client.send(message);
    await clock.advance(1_000);
    return client;
  };
  const readyOf = (client: MemoryClient<OutgoingToClient2>) =>
    client.received.flatMap((message) => (message.type === 'ready' ? message.payload : [])).at(-1);

  const ada = await connect(identify({ token: 'ada', groupId: 'g', metadata: { platform: 'ios' } }));
  const bob = await connect(identify({ token: 'bob', resume: { token: 'unknown', groups: { g: { tail: 3 }, closed: {} } } }));
  bob.send({ type: 'presence', id: 'p-1', groupId: 'g', payload: { state: { typing: true } } });
  bob.send({ type: 'heartbeat', ts: 1 });
  bob.send({ type: 'heartbeat' });
  for (const id of ['m-1', 'm-1']) ada.send(say({ x: 1 }, { id, delivery: 'latest', key: 'k', traceId: 't', sessionId: 's' }));
  ada.send(say('nowhere', { groupId: 'h', id: 'm-2' }));
  ada.send({ type: 'join', id: 'j-1', payload: { groupId: 'h', since: { epoch: 'another', seq: 4 } } });
  ada.send({ type: 'join', id: 'j-2', payload: { groupId: 'g', since: { epoch: 'another', seq: 4, tail: 1 } } });
  ada.send({ type: 'leave', id: 'l-1', payload: { groupId: 'h' } });
  await clock.advance(1_000);
  await gateway.publish('g', 'from the server', { id: 's-1', meta: { tags: ['t'] }, sessionId: 's' });

  // What bob misses is told him by a gap, and after a resume by the replay.
  bob.stopReading();
  for (let n = 0; n < 30; n += 1) {
    ada.send(say(`${n} ${'x'.repeat(300)}`));
    await clock.settle();
  }
  bob.startReading();
  await clock.advance(1_000);
  bob.cut();
  await clock.advance(1_000);
  ada.send(say('while he is away'));
  await clock.settle();
  const { epoch, seq } = await gateway.position('g');
  const resume = { token: readyOf(bob)?.resume?.token, groups: { g: { epoch, seq: seq - 1 } } };
  const again = await connect(identify({ token: 'bob', resume }));
  expect(readyOf(again)).toMatchObject({ resumed: true });
  await connect(identify({ token: 'bad', groupId: 'g' }));
  // Of four members there is no list, of three there is one again.
  const others = [await connect(identify({ token: 'cy', groupId: 'g' })), await connect(identify({ token: 'di', groupId: 'g' }))];
  for (const other of others) {
    other.close();
    await clock.advance(1_000);
  }
  void gateway.close({ graceMs: 1_000 });
  await clock.advance(5_000);
  return clients.flatMap(({ received }) => received);
}

test('every message of a conversation in dialect 2 is one of dialect 2, and all of them come', async () => {
  const messages = await converse();
  holds('OutgoingToClient2', messages);
  const fields = (type: string) =>
    new Set(messages.flatMap((message) => (message.type === type ? Object.keys(message.payload) : [])));
  // `presence` of a `ready` is of dialect 1, and here nothing is over a rate.
  const unseen = Object.entries(GATEWAY_FIELDS).flatMap(([type, known]) =>
    Object.keys(known).flatMap((field) => (fields(type).has(field) ? [] : `${type}.${field}`)),
  );
  expect(unseen).toStrictEqual(['ready.presence', 'error.retryAfterMs']);
});
