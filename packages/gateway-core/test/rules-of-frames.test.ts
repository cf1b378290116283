import { describe, expect, test } from 'vitest';
import { heartbeat, identify, long, say } from './support/messages.js';
import { ResettableBroker } from './support/resettable-broker.js';
import { ResumingClient } from './support/resuming-client.js';
import { setUp } from './support/set-up.js';

/** Every message that a client of dialect 2 was sent, of every type. */
async function everyType() {
  const broker = new ResettableBroker();
  const { clock, gateway } = setUp({
    broker,
    limits: { logMessagesMax: 5, socketHighWaterMarkBytes: 1_000, messagesPerSecondMax: 0 },
    timings: { slowConsumerTimeoutMs: 0 },
  });
  const a = new ResumingClient(gateway);
  a.connect({ g: {} });
  await clock.advance(1_000);
  new ResumingClient(gateway).connect({ g: {} });
  await clock.advance(1_000);
  a.say('g', 1, 'm-1');
  a.send(heartbeat());
  a.send({ type: 'leave', id: 'l', payload: { groupId: 'elsewhere' } });
  await clock.advance(1_000);
  a.connection.stopReading();
  for (let n = 0; n < 30; n += 1) {
    await gateway.publish('g', long(400));
    await clock.settle();
  }
  a.connection.startReading();
  await clock.settle();
  broker.lose('g');
  await clock.settle();
  void gateway.close({ graceMs: 10_000 });
  await clock.settle();
  return a.take().connection.received as unknown as {
    type: string;
    ts?: unknown;
    groupId?: string;
    payload: { groupId?: string };
  }[];
}

test('every envelope has a time, and names its group where its payload does [R80] [R81]', async () => {
  const received = await everyType();
  expect(new Set(received.map(({ type }) => type))).toEqual(
    new Set(['ready', 'presence_update', 'data_update', 'error', 'heartbeat_ack', 'ack', 'sync', 'gap', 'reconnect']),
  );
  for (const { type, ts, groupId, payload } of received) {
    expect(ts, type).toEqual(expect.any(Number));
    if (['presence_update', 'sync', 'gap'].includes(type)) expect([groupId, payload.groupId], type).toEqual(['g', 'g']);
  }
});

test('ids are compared code unit by code unit: what looks alike is another group [R22]', async () => {
  const { clock, gateway, join } = setUp();
  const ids = ['é', 'e\u0301', 'É', 'ﬁ', 'fi', 'g', 'g ', '1', '01'];
  const clients = [];
  for (const groupId of ids) clients.push(await join(groupId));
  for (const [n, client] of clients.entries()) client.send(say(n));
  await clock.settle();
  expect(clients.map(({ data }) => data)).toEqual(ids.map((_, n) => [n]));
  expect(gateway.groups().map(({ groupId }) => groupId)).toEqual(ids);
});

test('ready of dialect 2 says every limit, 0 where there is none, and the time of the gateway [R86] [R87]', async () => {
  const limits = {
    messageBytesMax: 7_000,
    messagesPerSecondMax: 0,
    bytesPerSecondMax: 1_000_000,
    joinsPerSecondMax: 0,
    groupsPerConnectionMax: 3,
    presenceStateBytesMax: 20,
    metadataBytesMax: 0,
  };
  const { clock, gateway } = setUp({ limits });
  const a = new ResumingClient(gateway);
  a.connect();
  await clock.settle();
  expect(a.of('ready').at(-1)?.payload).toMatchObject({ limits, serverTs: clock.now() });
  expect(new Set(Object.keys(a.of('ready').at(-1)?.payload.limits))).toEqual(new Set(Object.keys(limits)));
});

test('memberId of ready is the `from` of what the client says, and who it is to the others [R83]', async () => {
  const { clock, gateway } = setUp();
  const [a, b] = [new ResumingClient(gateway), new ResumingClient(gateway)];
  for (const client of [a, b]) client.connect({ g: {} });
  await clock.settle();
  a.say('g', 'hello');
  await clock.advance(1_000);
  expect(b.of('data_update')).toMatchObject([{ from: a.take().memberId, payload: { data: 'hello' } }]);
  const told = [...b.of('sync'), ...b.of('presence_update')].flatMap(({ payload: { members = [], joins = [] } }) => [
    ...members,
    ...joins,
  ]);
  expect(new Set(told.map(({ memberId }) => memberId))).toEqual(new Set([a.memberId, b.take().memberId]));
});

test('a heartbeat of dialect 2 is answered by heartbeat_ack alone, with or without an id [R110]', async () => {
  const { clock, gateway } = setUp();
  const a = new ResumingClient(gateway);
  a.connect({ g: {} });
  await clock.advance(1_000);
  const before = a.take().received.length;
  a.send(heartbeat({ id: 'h' }));
  a.send(heartbeat());
  await clock.advance(1_000);
  expect(
    a
      .take()
      .received.slice(before)
      .map(({ type }) => type),
  ).toEqual(['heartbeat_ack', 'heartbeat_ack']);
});

describe('what is over a rate or before identify', () => {
  test('has no inReplyTo where it is over the rate of messages, for its id was not read [R216]', async () => {
    const { clock, join } = setUp({ limits: { messagesPerSecondMax: 1, messagesBurst: 2 } });
    const client = await join('g');
    for (const id of ['h-1', 'h-2']) client.send(heartbeat({ id }));
    await clock.settle();
    const error = client.received.find(({ type }) => type === 'error');
    expect(error).toMatchObject({ payload: { code: 'RATE_LIMITED' } });
    expect(error?.payload).not.toHaveProperty('inReplyTo');
  });

  test.each(['join', 'leave', 'presence', 'data_update'])('%s is NOT_IDENTIFIED before an identify [R208]', async (type) => {
    const { clock, connect } = setUp();
    const client = connect();
    client.send({ type, id: 'm', groupId: 'g', payload: { groupId: 'g', state: 1, data: 1 } });
    await clock.settle();
    expect(client.received.at(-1)).toMatchObject({ type: 'error', payload: { code: 'NOT_IDENTIFIED', inReplyTo: 'm' } });
  });
});

test('limits.presenceStateBytesMax bounds the state of a presence [R28]', async () => {
  for (const [presenceStateBytesMax, codes] of [
    [20, ['INVALID_ENVELOPE']],
    [0, []],
  ] as const) {
    const { clock, gateway } = setUp({ limits: { presenceStateBytesMax } });
    const a = new ResumingClient(gateway);
    a.connect({ g: {} });
    a.send({ type: 'presence', groupId: 'g', payload: { state: long(presenceStateBytesMax === 0 ? 5_000 : 19) } });
    await clock.settle();
    expect(a.of('error').map(({ payload }) => payload.code)).toEqual(codes);
  }
});

test('a client whose every identify is invalid is told to stay away, and not to come back and be refused again [R56]', async () => {
  const { clock, connect } = setUp({ timings: { identifyTimeoutMs: 10_000 } });
  const [lasting, passing] = [connect(), connect()];
  for (const client of [lasting, passing]) client.send({ type: 'identify', payload: { clientType: 'toaster' } });
  // What it says last counts: this one could not be read as an identify.
  passing.send(identify('g'));
  await clock.advance(10_000);
  expect(lasting.closed?.code).toBe(4003);
  expect(passing.closed).toBeUndefined();
});
