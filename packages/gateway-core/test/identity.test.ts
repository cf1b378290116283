import { describe, expect, test } from 'vitest';
import { codesOf, errorsOf, identify, presencesOf, readiesOf, say, typesOf } from './support/messages.js';
import { setUp } from './support/set-up.js';

const USERS: Record<string, { name: string; teams: string[] }> = {
  ada: { name: 'ada', teams: ['secret', 'open'] },
  bob: { name: 'bob', teams: ['open'] },
};

/** Ada may be in `secret` and `open`, Bob in `open`; with or without a principal for each. */
const teams = (named: boolean, asked: string[] = []) =>
  setUp({
    authenticate: ({ token = '' }) =>
      USERS[token] === undefined ? false : { claims: { ...USERS[token] }, principal: named ? token : undefined },
    authorize: ({ member, action, groupId }) => {
      const { name, teams: theirs } = member.claims as { name: string; teams: string[] };
      asked.push(`${name} ${action} ${groupId}`);
      return theirs.includes(groupId);
    },
  });

describe.each([
  ['named by principals', true],
  ['told apart by claims', false],
])('a second identify of users %s', (_how, named) => {
  test('of another user does not keep a group that this one may not be in [R49]', async () => {
    const asked: string[] = [];
    const { clock, gateway, join, events } = teams(named, asked);
    const [client, other] = [await join('secret', { token: 'ada' }), await join('secret', { token: 'ada' })];
    const before = gateway.connections()[0]?.memberId;
    client.send({ ...identify(undefined, { token: 'bob' }), id: 'switch' });
    await clock.settle();
    other.send(say('for the team only'));
    await clock.settle();
    expect(asked).toContain('bob join secret');
    expect(client.data).toEqual([]);
    expect(gateway.connections()[0]).toMatchObject({ groups: [], state: 'identified', claims: { name: 'bob' } });
    expect(gateway.connections()[0]?.memberId).not.toBe(before);
    // Accepted, and told what it has lost by it.
    expect(typesOf(client).slice(-2)).toEqual(['ready', 'error']);
    expect(readiesOf(client).at(-1)).not.toHaveProperty('presence');
    expect(errorsOf(client)).toMatchObject([{ code: 'FORBIDDEN', inReplyTo: 'switch' }]);
    expect(events('leave')).toMatchObject([{ memberId: before, groupId: 'secret' }]);
    await clock.advance(1_000);
    expect((await gateway.presence('secret')).details?.members).toBe(1);
  });

  test('of another user in a group that both may be in: one leaves, one joins, and nothing is missed between [R53]', async () => {
    const { clock, gateway, join, recorded } = teams(named);
    const [client, other] = [await join('open', { token: 'ada' }), await join('open', { token: 'ada' })];
    const before = gateway.connections()[0]?.memberId;
    recorded.length = 0;
    other.send(say(1));
    client.send(identify(undefined, { token: 'bob' }));
    other.send(say(2));
    await clock.settle();
    expect(client.data).toEqual([1, 2]);
    const after = gateway.connections()[0]?.memberId;
    expect(after).not.toBe(before);
    const order = recorded.flatMap(({ name, event }) =>
      ['leave', 'identify', 'join'].includes(name) ? [[name, (event as { memberId: string }).memberId]] : [],
    );
    expect(order).toEqual([
      ['leave', before],
      ['identify', after],
      ['join', after],
    ]);
    await clock.advance(1_000);
    expect(presencesOf(other).at(-1)?.details?.members).toBe(2);
    expect(gateway.groups()[0]?.connections).toBe(2);
  });

  test('of the same user stays the same member, and its group is asked about again [R48]', async () => {
    const asked: string[] = [];
    const { clock, gateway, join, events } = teams(named, asked);
    const client = await join('secret', { token: 'ada' });
    const before = gateway.connections()[0]?.memberId;
    client.send(identify(undefined, { token: 'ada', clientType: 'dashboard' }));
    await clock.settle();
    expect(asked).toEqual(['ada join secret', 'ada join secret']);
    expect(gateway.connections()[0]).toMatchObject({ memberId: before, groups: ['secret'], role: 'dashboard' });
    expect(events('leave')).toEqual([]);
  });

  test('that names a group that the other user may not be in changes nothing', async () => {
    const { clock, gateway, join } = teams(named);
    const client = await join('open', { token: 'ada' });
    const before = gateway.connections()[0]?.memberId;
    client.send(identify('secret', { token: 'bob' }));
    await clock.settle();
    expect(codesOf(client)).toEqual(['FORBIDDEN']);
    expect(gateway.connections()[0]).toMatchObject({ memberId: before, groups: ['open'], claims: { name: 'ada' } });
  });
});

test('rights that were taken away meanwhile count: the same user does not keep the group [R49]', async () => {
  let may = true;
  const { clock, gateway, join } = setUp({ authorize: () => may });
  const client = await join('g');
  may = false;
  client.send(identify());
  await clock.settle();
  expect(codesOf(client)).toEqual(['FORBIDDEN']);
  expect(gateway.connections()[0]?.groups).toEqual([]);
  client.send(say('still here?'));
  await clock.settle();
  expect(codesOf(client)).toEqual(['FORBIDDEN', 'NO_GROUP']);
});

test('a new token with other claims is the same member where authenticate names the user', async () => {
  let issued = 0;
  const { clock, gateway, join, events } = setUp({
    authenticate: () => {
      issued += 1;
      return { principal: '42', claims: { issued } };
    },
  });
  const client = await join('g');
  const before = gateway.connections()[0]?.memberId;
  client.send(identify());
  await clock.settle();
  expect(gateway.connections()[0]).toMatchObject({ memberId: before, principal: '42', claims: { issued: 2 } });
  expect(events('leave')).toEqual([]);
});

describe('what authenticate answers beside yes', () => {
  test('stands in events and connections, and goes to no client', async () => {
    const { clock, gateway, join, events } = setUp({
      authenticate: () => ({ principal: 'user-42', claims: { plan: 'gold' }, metadata: { name: 'Ada' } }),
    });
    const [other, client] = [await join('g'), await join('g', { metadata: { name: 'root', admin: true } })];
    await clock.advance(1_000);
    client.close();
    await clock.advance(1_000);
    const who = { principal: 'user-42', claims: { plan: 'gold' } };
    expect(events('identify')[1]).toMatchObject({ ...who, metadata: { name: 'Ada' } });
    expect(events('join')[1]).toMatchObject(who);
    expect(events('leave')).toMatchObject([{ principal: 'user-42' }]);
    expect(events('disconnect')).toMatchObject([{ principal: 'user-42' }]);
    expect(gateway.connections()).toMatchObject([{ ...who, metadata: { name: 'Ada' } }]);
    expect(presencesOf(other).every(({ details }) => details?.metadata?.name === 'Ada')).toBe(true);
    expect([...other.texts, ...client.texts].join()).not.toMatch(/user-42|gold|root|admin/);
  });

  test.each([{ principal: '' }, { principal: 7 }, { claims: 'gold' }, { metadata: { name: 'Ada' } }] as never[])(
    '%j says not who it is, and is no',
    async (answer) => {
      const { join } = setUp({ authenticate: () => answer });
      expect((await join('g')).closed?.code).toBe(4001);
    },
  );

  test.each([[{ big: 'x'.repeat(5_000) }], ['text'], [[]], [{ n: 1n }]] as never[])(
    'metadata %# that is over the limit or no object is the hook’s failure',
    async (metadata) => {
      const { join, events } = setUp({ authenticate: () => ({ principal: 'p', metadata }) });
      expect(codesOf(await join('g'))).toEqual(['INTERNAL']);
      expect(events('error')).toHaveLength(1);
    },
  );
});

test('what a host does to what it was shown changes nothing', async () => {
  const seen: unknown[] = [];
  const { clock, gateway, join } = setUp({
    authorize: ({ member }) => {
      seen.push(member.metadata?.admin);
      if (member.metadata !== undefined) member.metadata.admin = true;
      return true;
    },
  });
  gateway.on('identify', ({ metadata }) => {
    if (metadata !== undefined) metadata.admin = true;
  });
  const client = await join('g', { metadata: { admin: false } });
  gateway.connections()[0]!.metadata!.admin = true;
  (await gateway.members('g'))[0]!.metadata!.admin = true;
  (await gateway.presence('g')).details!.metadata!.admin = true;
  client.send(say(1));
  await clock.settle();
  expect(seen).toEqual([false, false]);
  expect((await gateway.presence('g')).details?.metadata).toEqual({ admin: false });
  expect(presencesOf(client).at(-1)?.details?.metadata).toEqual({ admin: false });
});

describe.each([
  ['the same user', 'ada'],
  ['another user', 'bob'],
])('a host that takes a client out of its group while an identify of %s waits to stay there', (_who, token) => {
  test.each([
    ['that names no group', undefined],
    ['that names the group', 'open'],
  ])('%s: it is out', async (_how, named) => {
    let answer: ((may: boolean) => void) | undefined;
    let isSlow = false;
    const { clock, gateway, join, events } = setUp({
      authenticate: ({ token: principal }) => ({ principal }),
      authorize: () =>
        !isSlow ||
        new Promise<boolean>((resolve) => {
          answer = resolve;
        }),
    });
    const [client, other] = [await join('open', { token: 'ada' }), await join('open', { token: 'eve' })];
    isSlow = true;
    client.send({ ...identify(named, { token }), id: 'again' });
    await clock.settle();
    expect(gateway.leave(gateway.connections()[0]?.connectionId ?? '', 'open')).toBe(true);
    answer?.(true);
    await clock.settle();
    isSlow = false;
    other.send(say('for who is in'));
    await clock.settle();
    expect(client.data).toEqual([]);
    expect(errorsOf(client)).toMatchObject([{ code: 'FORBIDDEN', inReplyTo: 'again' }]);
    // One that names no group is accepted all the same; one that names it is refused, and changes nothing.
    expect(gateway.connections()[0]).toMatchObject({ groups: [], principal: named === undefined ? token : 'ada' });
    expect(events('join')).toHaveLength(2);
    await clock.advance(1_000);
    expect((await gateway.presence('open')).details?.members).toBe(1);
    client.send(identify('open', { token }));
    await clock.settle();
    expect(gateway.connections()[0]?.groups).toEqual(['open']);
  });
});
