import { MemoryLink } from 'gateway-core/testing';
import { expect, test } from 'vitest';
import { ResettableBroker } from './support/resettable-broker.js';
import { ResumingClient } from './support/resuming-client.js';
import { setUp } from './support/set-up.js';

/** What the `sync`s of a client said, and what the events said of it. */
function both(client: ResumingClient, events: ReturnType<typeof setUp>['events']) {
  const told = client.of('sync').map(({ payload: { groupId, epoch, seq, outcome, reason, replayed } }) => {
    return { memberId: client.memberId, groupId, epoch, seq, outcome, reason, replayed };
  });
  const reported = events('sync').flatMap(({ connectionId: _, ...rest }) => (rest.memberId === client.memberId ? [rest] : []));
  return { told, reported };
}

test('after a resume there is one for each group, at the end of its replay, which says what the client is told', async () => {
  const { clock, gateway, recorded, events } = setUp({ limits: { logMessagesMax: 10 } });
  const client = new ResumingClient(gateway);
  client.connect({ g: {}, h: {}, i: {} });
  await clock.settle();
  client.take().connection.cut();
  await clock.settle();
  for (const [groupId, count] of Object.entries({ g: 3, h: 12 })) {
    for (let n = 0; n < count; n += 1) void gateway.publish(groupId, n);
  }
  await clock.settle();
  recorded.length = 0;
  client.connect();
  await clock.settle();
  const { connectionId, memberId } = gateway.connections()[0] ?? {};
  expect(recorded.map(({ name }) => name).filter((name) => name !== 'presence')).toEqual([
    'connection',
    'identify',
    'resumed',
    'sync',
    'sync',
    'sync',
  ]);
  expect(events('sync')).toMatchObject([
    { connectionId, memberId, groupId: 'g', seq: 3, outcome: 'recovered', replayed: 3 },
    { connectionId, memberId, groupId: 'h', seq: 12, outcome: 'reset', reason: 'trimmed', replayed: 0 },
    { connectionId, memberId, groupId: 'i', seq: 0, outcome: 'recovered', replayed: 0 },
  ]);
  const { told, reported } = both(client, events);
  expect(told.slice(3)).toEqual(reported);
});

test('so there is for a `join`, and for a log that is lost in mid-life', async () => {
  const broker = new ResettableBroker();
  const { clock, gateway, events } = setUp({ broker });
  const client = new ResumingClient(gateway);
  client.connect();
  // The group is open, or its log would not be kept.
  await gateway.position('g');
  for (let n = 0; n < 5; n += 1) void gateway.publish('g', n);
  await clock.settle();
  client.send({ type: 'join', payload: { groupId: 'g', since: { tail: 2 } } });
  client.send({ type: 'join', payload: { groupId: 'g', since: { epoch: 'another', seq: 1 } } });
  await clock.settle();
  broker.lose('g');
  await clock.settle();
  const { told, reported } = both(client, events);
  expect(reported).toMatchObject([
    { outcome: 'live', replayed: 2 },
    { outcome: 'reset', reason: 'epoch', replayed: 0 },
    { outcome: 'reset', reason: 'epoch', replayed: 0 },
  ]);
  expect(reported).toEqual(told);
});

test('it waits for a socket that is full, and does not come where the connection ends before', async () => {
  const { clock, gateway, events } = setUp({ limits: { socketHighWaterMarkBytes: 500 } });
  const client = new ResumingClient(gateway);
  client.connect({ g: {} });
  await clock.settle();
  client.take().connection.cut();
  for (let n = 0; n < 20; n += 1) void gateway.publish('g', 'x'.repeat(1_000));
  await clock.settle();
  const slow = () => new MemoryLink({ clock, bytesPerSecond: 2_000, kernelBufferBytes: 500, receiveBufferBytes: 500 });
  client.connect({}, { link: slow() });
  await clock.advance(2_000);
  expect(events('resumed')).toHaveLength(1);
  expect(events('sync')).toHaveLength(1);
  client.take().connection.cut();
  await clock.advance(1_000);
  expect(events('sync')).toHaveLength(1);
  client.connect({}, { link: slow() });
  await clock.advance(30_000);
  expect(events('sync')).toMatchObject([{ outcome: 'live' }, { outcome: 'recovered', replayed: expect.any(Number) }]);
  const { told, reported } = both(client, events);
  expect(told).toEqual(reported);
});
