import { expect, test } from 'vitest';
import { setUp } from './support/set-up.js';

const timings = { resumeTtlMs: 10_000 };

test('a member whose connection dropped stays for resumeTtlMs, each by its own time [R172]', async () => {
  const { clock, gateway, join, events } = setUp({ timings });
  const clients = [await join('g'), await join('g'), await join('g')];
  const ids = gateway.connections().map(({ memberId }) => memberId);
  for (const client of clients) {
    client.cut();
    await clock.advance(3_000);
  }
  expect(gateway.stats().droppedMembers).toBe(3);
  for (const left of [1, 2, 3]) {
    await clock.advance(left === 1 ? 1_000 : 3_000);
    expect(events('leave')).toEqual(ids.slice(0, left).map((memberId) => ({ memberId, groupId: 'g' })));
  }
  expect(gateway.stats().droppedMembers).toBe(0);
});

test('of more than droppedMembersMax the one that dropped first leaves early', async () => {
  const { gateway, join, events } = setUp({ timings, limits: { droppedMembersMax: 2 } });
  const clients = [await join('g'), await join('h'), await join('g'), await join('g')];
  const ids = gateway.connections().map(({ memberId }) => memberId);
  for (const client of clients) client.cut();
  expect(gateway.stats().droppedMembers).toBe(2);
  expect(events('leave')).toEqual([
    { memberId: ids[0], groupId: 'g' },
    { memberId: ids[1], groupId: 'h' },
  ]);
  expect(await gateway.presence('g')).toMatchObject({ status: 'DEGRADED', details: { members: 2 } });
  expect(await gateway.presence('h')).toMatchObject({ status: 'DOWN' });
});

test('droppedMembersMax 0 is no bound', async () => {
  const { gateway, join } = setUp({ timings, limits: { droppedMembersMax: 0 } });
  for (let n = 0; n < 100; n += 1) (await join('g')).cut();
  expect(gateway.stats().droppedMembers).toBe(100);
});

test('a connection that is in no group leaves no member behind', async () => {
  const { gateway, join, connect } = setUp({ timings });
  (await join()).cut();
  connect().cut();
  expect(gateway.stats().droppedMembers).toBe(0);
});

test('a dropped member is told nothing, holds no log back and keeps no connection', async () => {
  const { clock, gateway, join } = setUp({ timings, limits: { logMessagesMax: 5 } });
  const [dropped, other] = [await join('g'), await join('g')];
  dropped.cut();
  const before = dropped.received.length;
  for (let n = 0; n < 10; n += 1) other.send({ type: 'data_update', payload: { data: n } });
  await clock.settle();
  expect(dropped.received).toHaveLength(before);
  expect(gateway.groups()).toMatchObject([{ connections: 1, logMessages: 5 }]);
  expect(gateway.stats()).toMatchObject({ connections: 1, closing: 0, slowConsumersTotal: 0 });
});
