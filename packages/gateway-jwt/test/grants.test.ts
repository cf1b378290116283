import { describe, expect, test } from 'vitest';
import { ask, hooksOf, may, SECRET, tokenOf } from './asking.js';

describe('the claim groups', () => {
  test.each<[groups: string[], groupId: string, may: boolean]>([
    [['room-1'], 'room-1', true],
    [['room-1'], 'room-2', false],
    [['room-1'], 'room-10', false],
    [['room-1'], 'Room-1', false],
    [['team-*'], 'team-red', true],
    [['team-*'], 'team-', true],
    [['team-*'], 'my-team-red', false],
    [['*'], 'whatever', true],
    [['user-{sub}'], 'user-ada', true],
    [['user-{sub}'], 'user-bob', false],
    [['user-{sub}'], 'user-{sub}', false],
    [['{sub}/{sub}/*'], 'ada/ada/x', true],
    [['a', 'b', 'c*'], 'cc', true],
    [[], 'a', false],
    [['toString'], '__proto__', false],
  ])('%j, %s: %s', async (groups, groupId, expected) => {
    const { jwt } = hooksOf({ secret: SECRET });
    expect(await may(jwt, await tokenOf({ groups }), 'join', groupId)).toBe(expected);
  });

  test.each(['*', 'x*', '{sub}', '{sub}*', '.*', '$&'])('a subject is no pattern: %s', async (sub) => {
    const { jwt } = hooksOf({ secret: SECRET });
    const token = await tokenOf({ sub, groups: ['user-{sub}'] });
    expect(await may(jwt, token, 'join', `user-${sub}`)).toBe(true);
    for (const other of ['user-', 'user-x', 'user-xy', 'user-ada', 'user-user-']) {
      expect(await may(jwt, token, 'join', other)).toBe(false);
    }
  });

  test('where there is none, the option counts; where there is one, even an empty one, it does not', async () => {
    const { jwt } = hooksOf({ secret: SECRET, groups: ['lobby', 'user-{sub}'] });
    const without = await tokenOf({ groups: undefined });
    expect(await may(jwt, without, 'join', 'lobby')).toBe(true);
    expect(await may(jwt, without, 'join', 'user-ada')).toBe(true);
    expect(await may(jwt, without, 'join', 'room-1')).toBe(false);
    expect(await may(jwt, await tokenOf({ groups: [] }), 'join', 'lobby')).toBe(false);
    const { jwt: bare } = hooksOf({ secret: SECRET });
    expect(await may(bare, without, 'join', 'lobby')).toBe(false);
  });
});

describe('the claim publish', () => {
  test.each<[publish: unknown, groupId: string, may: boolean]>([
    [undefined, 'room-1', true],
    [true, 'room-1', true],
    [false, 'room-1', false],
    [[], 'room-1', false],
    [['room-1'], 'room-1', true],
    [['room-1'], 'room-2', false],
    [['user-{sub}'], 'user-ada', true],
  ])('%j, %s: %s', async (publish, groupId, expected) => {
    const { jwt } = hooksOf({ secret: SECRET });
    const token = await tokenOf({ publish });
    expect(await may(jwt, token, 'join', groupId)).toBe(true);
    expect(await may(jwt, token, 'publish', groupId)).toBe(expected);
    expect(await may(jwt, token, 'presence', groupId)).toBe(expected);
  });
});

test.each<[claim: unknown, clientType: string, good: boolean]>([
  [undefined, 'dashboard', true],
  ['service-node', 'service-node', true],
  ['service-node', 'app-client', false],
  [['app-client', 'dashboard'], 'dashboard', true],
  [['app-client', 'dashboard'], 'service-node', false],
])('the claim clientType is what the client may say that it is: %j, %s: %s', async (claim, clientType, good) => {
  const { jwt } = hooksOf({ secret: SECRET });
  expect((await ask(jwt, await tokenOf({ clientType: claim }), clientType)) !== false).toBe(good);
});

test('a host has a mapping of its own', async () => {
  const { jwt, log } = hooksOf({
    secret: SECRET,
    grants: ({ scope }) => ({ groups: String(scope).split(' '), publish: false, clientTypes: ['app-client'] }),
  });
  const token = await tokenOf({ groups: ['not-this'], scope: 'a b-{sub}' });
  expect(await may(jwt, token, 'join', 'b-ada')).toBe(true);
  expect(await may(jwt, token, 'join', 'not-this')).toBe(false);
  expect(await may(jwt, token, 'publish', 'a')).toBe(false);
  expect(await ask(jwt, token, 'dashboard')).toBe(false);
  const { jwt: rubbish, log: its } = hooksOf({ secret: SECRET, grants: () => ({}) as never });
  expect(await ask(rubbish, token)).toBe(false);
  expect(its.reasons).toEqual(['claim groups: must be a list of group ids and patterns']);
  expect(log.reasons).toEqual(['not for this clientType']);
});

test('claims that a hook around it has copied count the same, and those of nobody are refused', async () => {
  const { jwt } = hooksOf({ secret: SECRET });
  const answer = await ask(jwt, await tokenOf({ groups: ['room-1'] }));
  const { claims } = answer as { claims: Record<string, unknown> };
  const member = { memberId: 'm1', connectionId: 'c1', role: 'app-client' as const };
  const wish = { action: 'join' as const, groupId: 'room-1' };
  expect(jwt.hooks.authorize({ ...wish, member: { ...member, claims: { ...claims, tenant: 7 } } })).toBe(true);
  expect(jwt.hooks.authorize({ ...wish, member: { ...member, claims: {} } })).toBe(false);
  expect(jwt.hooks.authorize({ ...wish, member })).toBe(false);
});
