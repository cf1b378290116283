import type { GroupMember } from 'gateway-protocol';
import { expect, test } from 'vitest';
import { ResumingClient } from './support/resuming-client.js';
import { setUp } from './support/set-up.js';

const saying = (state: unknown) => ({ type: 'presence', id: 'p', groupId: 'g', payload: { state } });

test('a state that the host does not allow leaves the earlier one as it was [R76]', async () => {
  let may = true;
  const { clock, gateway } = setUp({ authorize: ({ action }) => action !== 'presence' || may });
  const a = new ResumingClient(gateway);
  a.connect({ g: {} });
  a.send(saying('first'));
  await clock.settle();
  may = false;
  a.send(saying('second'));
  a.send(saying(null));
  await clock.settle();
  expect(a.of('error').map(({ payload }) => payload.code)).toEqual(['FORBIDDEN', 'FORBIDDEN']);
  expect(await gateway.members('g')).toMatchObject([{ presenceState: 'first' }]);
});

test('an entry of joins or updates is the whole member: what is absent in it is gone [R146]', async () => {
  const { clock, gateway } = setUp();
  const [a, b] = [new ResumingClient(gateway), new ResumingClient(gateway, { metadata: { n: 1 } })];
  for (const client of [a, b]) {
    client.connect({ g: {} });
    await clock.advance(1_000);
  }
  for (const state of ['here', null]) {
    b.send(saying(state));
    await clock.advance(1_000);
  }
  b.send({ type: 'identify', version: '2', payload: { clientType: 'dashboard' } });
  await clock.advance(1_000);
  const told = a
    .of('presence_update')
    .flatMap(({ payload: { joins = [], updates = [] } }): GroupMember[] => [...joins, ...updates]);
  const whole = { memberId: b.take().memberId, connected: true };
  expect(told).toEqual([
    { ...whole, role: 'app-client', metadata: { n: 1 } },
    { ...whole, role: 'app-client', metadata: { n: 1 }, state: 'here' },
    { ...whole, role: 'app-client', metadata: { n: 1 } },
    { ...whole, role: 'dashboard' },
  ]);
});

test('who comes back to a group that may not be listed is told so behind its sync, though nothing has changed [R158]', async () => {
  const { clock, gateway } = setUp({ limits: { presenceMembersMax: 1 } });
  const [a, b] = [new ResumingClient(gateway), new ResumingClient(gateway)];
  for (const client of [a, b]) client.connect({ g: {} });
  await clock.advance(10_000);
  const before = [a.take().received.length, b.take().received.length] as const;
  a.connection.cut();
  a.connect();
  await clock.advance(10_000);
  const [ready, , sync, update, ...more] = a.take().received.slice(before[0]);
  expect([ready?.type, sync?.type, update?.type, more]).toEqual(['ready', 'sync', 'presence_update', []]);
  expect(sync?.payload).not.toHaveProperty('members');
  expect(Object.keys(update?.payload)).toEqual(['groupId', 'info', 'version']);
  expect(update?.payload.info.details.members).toBe(2);
  expect(b.take().received.slice(before[1])).toEqual([]);
});
