import { createGateway } from 'gateway-core';
import { connectClient, FakeClock } from 'gateway-core/testing';
import { expect, test } from 'vitest';

test('two clients of a group see each other and what each says', async () => {
  const clock = new FakeClock();
  const gateway = createGateway({ clock });
  const a = connectClient(gateway);
  const b = connectClient(gateway);
  for (const client of [a, b]) client.send({ type: 'identify', payload: { clientType: 'app-client', groupId: 'group-1' } });
  await clock.settle();
  a.send({ type: 'data_update', payload: { data: { n: 1 } } });
  a.send({ type: 'data_update', payload: { data: { n: 2 } } });
  await clock.settle();
  for (const client of [a, b]) expect(client.data).toEqual([{ n: 1 }, { n: 2 }]);
  expect(a.received.map(({ type }) => type)).toEqual(['ready', 'ready', 'presence_update', 'data_update', 'data_update']);
  expect(b.updates.map(({ seq }) => seq)).toEqual([1, 2]);
  b.cut();
  await clock.advance(1000);
  a.close();
  await clock.advance(1000);
  expect(await gateway.presence('group-1')).toMatchObject({ status: 'DEGRADED' });
  await clock.advance(20000);
  expect(await gateway.presence('group-1')).toMatchObject({ status: 'DOWN' });
  await gateway.close();
  expect(clock.pendingTimers).toBe(0);
});
