import { CONVERGENCE_MS, type FinalUser, type History, type Plan } from 'gateway-sim';
import { describe, expect, test } from 'vitest';
import {
  acked,
  at,
  EPOCH,
  enters,
  found,
  gets,
  hears,
  historyOf,
  identify,
  on,
  open,
  PLAN,
  ready,
  type Step,
  says,
  sends,
  sync,
  TALK,
  talks,
} from './support/histories.js';

test('what is as promised is not found fault with', () => {
  expect(found(historyOf(TALK))).toEqual([]);
  const returns = [...TALK, ...enters('bob#3', { epoch: EPOCH, seq: 1 }), hears('bob#3', 2), hears('bob#3', 3)];
  expect(found(historyOf([...returns, sync('bob#3', 3, { outcome: 'recovered', replayed: 2 })]))).toEqual([]);
  // It was resumed before, and somebody else, for it did not read.
  const goes: Step = { kind: 'roster', who: 'bob', life: 'bob.1', groupId: 'g', joins: [], leaves: ['m-ada'] };
  const back = [open('ada#5'), identify('ada#5', {}), goes, ready('ada#5', { resumed: true })];
  expect(found(historyOf([...TALK, ...back]))).toEqual([]);
  const renewed = [identify('ada#1', {}), goes, identify('ada#1', {}), ready('ada#1', { resumed: true })];
  expect(found(historyOf([...TALK, ...renewed]))).toEqual([]);
  const trimmed = [...enters('bob#3', { epoch: EPOCH, seq: 1 }), sync('bob#3', 3, { outcome: 'reset', reason: 'trimmed' })];
  expect(found(historyOf([...TALK, ...trimmed]), { ...PLAN, limits: { logMessagesMax: 2 } })).toEqual([]);
});

describe('found is', () => {
  const cases: [string, string, Step[]][] = [
    ['order', 'a message that comes twice', [...TALK, hears('bob#2', 3)]],
    ['order', 'one that comes late', [...enters('bob#2'), sync('bob#2', 0), hears('bob#2', 2), hears('bob#2', 1)]],
    [
      'order',
      '`recovered` where one is missing',
      [...enters('bob#3', { epoch: EPOCH, seq: 1 }), hears('bob#3', 3), sync('bob#3', 3, { outcome: 'recovered', replayed: 1 })],
    ],
    [
      'order',
      '`recovered` of another log',
      [...enters('bob#3', { epoch: 'old', seq: 3 }), sync('bob#3', 3, { outcome: 'recovered' })],
    ],
    [
      'order',
      'a wrong count of what was replayed',
      [...enters('bob#3', { epoch: EPOCH, seq: 1 }), hears('bob#3', 2), sync('bob#3', 2, { outcome: 'recovered', replayed: 2 })],
    ],
    [
      'order',
      '`live` with a replay that nobody asked for',
      [...enters('bob#3'), hears('bob#3', 2), sync('bob#3', 2, { replayed: 1 })],
    ],
    [
      'order',
      'a tail that does not end at the head',
      [...enters('bob#3', { tail: 5 }), hears('bob#3', 1), sync('bob#3', 3, { replayed: 1 })],
    ],
    [
      'order',
      '`reset epoch` in the same log',
      [...enters('bob#3', { epoch: EPOCH, seq: 1 }), sync('bob#3', 3, { outcome: 'reset', reason: 'epoch' })],
    ],
    [
      'order',
      '`reset ahead` of who is not',
      [...enters('bob#3', { epoch: EPOCH, seq: 1 }), sync('bob#3', 3, { outcome: 'reset', reason: 'ahead' })],
    ],
    [
      'order',
      '`reset ahead` of who stands in another log',
      [...enters('bob#3', { epoch: 'another', seq: 1 }), sync('bob#3', 3, { outcome: 'reset', reason: 'ahead' })],
    ],
    [
      'order',
      'a gap that ends before it begins',
      [...enters('bob#2'), sync('bob#2', 4), gets('bob#2', { type: 'gap', payload: { groupId: 'g', from: 5, to: 4 } })],
    ],
    [
      'holes',
      'a reliable message that never came',
      [...TALK.filter((step) => step !== TALK.at(-1)), says('ada#1', 4), hears('bob#2', 4), hears('ada#1', 4)],
    ],
    ['strangers', 'a message before anybody was identified', [open('bob#2'), identify('bob#2', { g: {} }), hears('bob#2', 1)]],
    [
      'strangers',
      'a message of a group that was not asked for',
      [...enters('bob#2'), gets('bob#2', { type: 'data_update', groupId: 'h', seq: 1, payload: { data: 1 } })],
    ],
    [
      'accepted',
      'two that are told different things of one place',
      [
        ...TALK,
        ...enters('eve#4', { tail: 1 }),
        hears('eve#4', 3, { payload: { data: 'else' } }),
        sync('eve#4', 3, { replayed: 1 }),
      ],
    ],
    ['accepted', 'an acknowledgement of a place where something else is', [...TALK, says('ada#1', 9), acked('ada#1', 9, 2)]],
    ['accepted', 'a message that nobody has said', [...enters('bob#2'), sync('bob#2', 0), hears('bob#2', 1)]],
    [
      'accepted',
      'a message that became another one',
      [...enters('ada#1'), sync('ada#1', 0), says('ada#1', 1), hears('ada#1', 1, { payload: { data: 'else' } })],
    ],
    ['accepted', 'one id at two places of a log', [...TALK, hears('bob#2', 4, { id: 'id-3', payload: { data: 3 } })]],
    [
      'accepted',
      'a message that failed for certain, and is there',
      [...TALK, { kind: 'refused', who: 'ada', life: 'ada.1', id: 'id-3', code: 'LEFT' }],
    ],
    [
      'rights',
      'a message of who was revoked',
      [...TALK, { kind: 'revoked', memberId: 'm-ada', count: 1 }, says('ada#1', 4), hears('bob#2', 4)],
    ],
    [
      'rights',
      'a message of who was resumed on another connection',
      [
        ...TALK,
        open('ada#5'),
        identify('ada#5', { g: { epoch: EPOCH, seq: 3 } }),
        ready('ada#5', { resumed: true }),
        sync('ada#5', 3, { outcome: 'recovered' }),
        says('ada#1', 4),
        hears('bob#2', 4),
      ],
    ],
    [
      'rights',
      'a message of who had expired',
      [
        open('ada#1'),
        identify('ada#1', { g: {} }),
        ready('ada#1', { expiresAt: Date.UTC(2026, 0, 1) + 4 }),
        sync('ada#1', 0),
        says('ada#1', 1),
        says('ada#1', 2),
        hears('ada#1', 1),
        hears('ada#1', 2),
      ],
    ],
    [
      'flapping',
      'a leave of who is resumed',
      [
        ...TALK,
        { kind: 'roster', who: 'bob', life: 'bob.1', groupId: 'g', joins: [], leaves: ['m-ada'] },
        open('ada#5'),
        identify('ada#5', { g: { epoch: EPOCH, seq: 3 } }),
        ready('ada#5', { resumed: true }),
      ],
    ],
    [
      'order',
      'a reset that nobody asked for, in the same log',
      [...talks, sync('bob#2', 0, { outcome: 'reset', reason: 'epoch' })],
    ],
    [
      'holes',
      'an accepted message that who left was not sent',
      [
        ...talks,
        says('ada#1', 1),
        acked('ada#1', 1),
        hears('bob#2', 1),
        sends('ada#1', { type: 'leave', id: 'leave-1', payload: { groupId: 'g' } }),
        gets('ada#1', { type: 'ack', payload: { id: 'leave-1' } }),
      ],
    ],
    [
      'answers',
      'an acknowledgement before its turn',
      [...talks, says('ada#1', 1), says('ada#1', 2), acked('ada#1', 2), acked('ada#1', 1)],
    ],
    [
      'senders',
      'messages that are turned round',
      [
        ...talks,
        says('ada#1', 1),
        says('ada#1', 2),
        hears('bob#2', 1, { id: 'id-2', payload: { data: 2 } }),
        hears('bob#2', 2, { id: 'id-1', payload: { data: 1 } }),
      ],
    ],
    [
      'kept',
      'a gap in a log that has room',
      [...talks, gets('bob#2', { type: 'gap', payload: { groupId: 'g', from: 1, to: 4 } })],
    ],
    [
      'voices',
      'two connections of one member',
      [...talks, ready('mallory#3', { memberId: 'm-bob', resumed: true }), at(5_000, sync('bob#2', 0))],
    ],
    [
      'hearing',
      'what who was revoked is sent',
      [...talks, { kind: 'revoked', memberId: 'm-bob', count: 1 }, at(500, says('ada#1', 1)), at(510, hears('bob#2', 1))],
    ],
    [
      'hearing',
      'what who was resumed elsewhere is sent',
      [...talks, at(4_000, ready('bob#3', { resumed: true })), at(6_000, says('ada#1', 1)), at(6_010, hears('bob#2', 1))],
    ],
    [
      'late words',
      'a message that was accepted after its sender was revoked',
      [
        ...talks,
        says('ada#1', 2),
        { kind: 'revoked', memberId: 'm-ada', count: 1 },
        at(500, says('bob#2', 1)),
        at(510, hears('bob#2', 1)),
        at(520, hears('bob#2', 2)),
      ],
    ],
    [
      'prompt',
      'a message that came with the last words',
      [...talks, says('ada#1', 1), at(PLAN.actsMs + CONVERGENCE_MS + 10, hears('bob#2', 1))],
    ],
    [
      'resumed',
      'who comes back as another',
      [
        ...enters('ada#1').slice(0, -1),
        ready('ada#1', { resume: { ttlMs: 15_000 } }),
        at(5_000, sync('ada#1', 0)),
        at(6_000, sends('ada#5', { type: 'identify', payload: { resume: { token: 't', groups: {} } } })),
        at(6_100, ready('ada#5', { memberId: 'm-other', resume: { ttlMs: 15_000 } })),
      ],
    ],
    ['failures', 'a failure where nothing was made to fail', [{ kind: 'failed', where: 'gateway-1: flush', error: 'Error' }]],
    ['found', 'what was thrown', [{ kind: 'found', check: 'crash', text: 'Error' }]],
  ];
  test('by permitted: what was said no to', () => {
    const refuse = { do: 'ask', what: 'authorize', manner: 'refuse', forMs: 5_000, gateway: 0, atMs: 100 } as const;
    const plan = { ...PLAN, actsMs: 9_000, actions: [refuse] };
    const accepted = [...talks, at(500, says('ada#1', 1)), at(520, hears('bob#2', 1))];
    expect(found(historyOf(accepted), plan)).toContain('permitted');
    const joined = [open('ada#1'), at(500, identify('ada#1', { g: {} })), at(520, ready('ada#1')), at(521, sync('ada#1', 0))];
    expect(found(historyOf(joined), plan)).toContain('permitted');
    const later = [...talks, at(5_200, says('ada#1', 1)), at(5_220, hears('bob#2', 1))];
    expect(found(historyOf(later), plan)).toEqual([]);
  });
  test.each(cases)('by %s: %s', (name, _text, steps) => {
    expect(found(historyOf(steps))).toContain(name);
  });

  describe('with the built-in hooks,', () => {
    const ownHooks = (steps: Step[], plan: Partial<Plan> = {}) =>
      found(historyOf(steps, { takesEverybody: true }), { ...PLAN, principals: true, ...plan });
    const named = (connection: string, token: string): Step =>
      sends(connection, { type: 'identify', payload: { token, resume: { groups: {} } } });
    const closed = (connection: string, code: number): Step => ({ kind: 'closed', ...on(connection), code });
    const deploy = { do: 'deploy', gateway: 0, graceMs: 500, backMs: 40 } as const;
    const deployed: Step = { kind: 'act', act: deploy };

    test('by identity: who becomes a member of another name', () => {
      const taken = (token: string) => [
        open('ada#1'),
        named('ada#1', 'ada:1'),
        ready('ada#1'),
        open('mallory#2'),
        named('mallory#2', token),
        ready('mallory#2', { memberId: 'm-ada' }),
      ];
      expect(ownHooks(taken('mallory:0'))).toContain('identity');
      expect(ownHooks(taken('ada:stolen'))).not.toContain('identity');
      expect(ownHooks(taken('mallory:0'), { principals: false })).not.toContain('identity');
      expect(found(historyOf(taken('mallory:0')))).not.toContain('identity');
    });

    test.each([0, 1])('by revoked: who comes back after %i were revoked', (count) => {
      const back: Step[] = [
        { kind: 'revoked', memberId: 'm-ada', count },
        identify('ada#5', {}),
        ready('ada#5', { resumed: true }),
      ];
      expect(ownHooks([...talks, ...back])).toContain('revoked');
      const killed = { do: 'kill', gateway: 0, how: 'reset', backMs: 1, atMs: 1 } as const;
      expect(ownHooks([...talks, ...back], { actions: [killed] })).not.toContain('revoked');
      // What was under way before may be told after it.
      const [revoked, asked, told] = back as [Step, Step, Step];
      expect(ownHooks([...talks, asked, revoked, told])).not.toContain('revoked');
      expect(ownHooks([...talks, asked, revoked, at(3_000, told)])).toContain('revoked');
      const slow = { do: 'slow', user: 0, forMs: 3_000, atMs: 1 } as const;
      expect(ownHooks([...talks, asked, revoked, at(3_000, told)], { actions: [slow] })).not.toContain('revoked');
    });

    test.each([
      [4001, { credentialsMs: 4_000 }],
      [4003, { actions: [{ do: 'revoke', user: 0, atMs: 1 }] }],
      [4100, { limits: { messagesPerSecondMax: 20 } }],
      [4200, { actions: [{ do: 'vanish', user: 0, atMs: 1 }] }],
      [4201, { actions: [{ do: 'freeze', user: 0, forMs: 1, atMs: 1 }] }],
      [4202, { actions: [{ ...deploy, atMs: 1 }] }],
      [4203, { network: { ...PLAN.network, bytesPerSecond: 20_000 } }],
    ] satisfies [number, Partial<Plan>][])('by closed: %i without a reason', (code, reason) => {
      expect(ownHooks([...talks, closed('bob#2', code)])).toContain('closed');
      expect(ownHooks([...talks, closed('bob#2', code)], reason)).not.toContain('closed');
      expect(ownHooks([...talks, closed('mallory#2', code)])).not.toContain('closed');
    });

    test('by closed: who was not asked to come back elsewhere', () => {
      const actions = [{ ...deploy, atMs: 3_000 }];
      const asked = gets('bob#2', { type: 'reconnect', payload: { afterMs: 0 } });
      const steps = [...talks, at(3_000, deployed), at(3_400, closed('bob#2', 4202))];
      expect(ownHooks(steps, { actions })).toContain('closed');
      expect(ownHooks([...steps.slice(0, -1), at(3_100, asked), ...steps.slice(-1)], { actions })).not.toContain('closed');
      // Who came as it began is sent away at once.
      expect(
        ownHooks([at(2_990, deployed), ...talks.map((step) => at(3_000, step)), ...steps.slice(-1)], { actions }),
      ).not.toContain('closed');
    });

    test('by rates: more messages than a rate allows', () => {
      const limits = { messagesBurst: 2, messagesPerSecondMax: 1 };
      const three = (lastMs: number) => [...talks, acked('ada#1', 1), acked('ada#1', 2), at(lastMs, acked('ada#1', 3))];
      expect(ownHooks(three(900), { limits })).toContain('rates');
      expect(ownHooks(three(1_000), { limits })).not.toContain('rates');
    });
  });

  const told = (told: object): Step => ({
    kind: 'told',
    who: 'bob',
    life: 'bob.1',
    handle: 'h',
    told: { groupId: 'g', epoch: EPOCH, ...told } as never,
  });
  const message = (seq: number) => told({ type: 'message', seq, id: `id-${seq}` });
  test.each<[string, Step[]]>([
    ['a message twice', [told({ type: 'sync', seq: 0, outcome: 'live' }), message(1), message(1)]],
    ['a hole that nothing told of', [...TALK, told({ type: 'sync', seq: 0, outcome: 'live' }), message(1), message(3)]],
    [
      '`recovered` that it has not',
      [told({ type: 'sync', seq: 0, outcome: 'live' }), message(1), told({ type: 'sync', seq: 3, outcome: 'recovered' })],
    ],
    ['of more than came', [told({ type: 'sync', seq: 3, outcome: 'live', replayed: 2 })]],
    [
      '`live` after it had been there',
      [told({ type: 'sync', seq: 0, outcome: 'live' }), message(1), told({ type: 'sync', seq: 3, outcome: 'live' })],
    ],
  ])('by views: a user is told %s', (_text, steps) => {
    expect(found(historyOf(steps))).toContain('views');
  });
});

describe('at the end, found is', () => {
  const group = (more: object = {}): FinalUser['groups'][number] => ({
    groupId: 'g',
    state: 'live',
    error: undefined,
    position: { epoch: EPOCH, seq: 3 },
    members: [
      { memberId: 'm-ada', connected: true, state: 1 },
      { memberId: 'm-bob', connected: true },
    ],
    complete: true,
    said: undefined,
    ...more,
  });
  const user = (who: string, more: Partial<FinalUser> = {}): FinalUser => ({
    who,
    life: `${who}.1`,
    state: 'online',
    memberId: `m-${who}`,
    expected: true,
    groups: [group()],
    ...more,
  });
  const accepted: Step = { kind: 'accepted', who: 'ada', life: 'ada.1', id: 'id-3', epoch: EPOCH, seq: 3, duplicate: false };
  const settled = (users: FinalUser[], rest: Partial<History> = {}) => historyOf([...TALK, accepted], { users, ...rest });
  const books = { groupId: 'g', memberId: 'm', published: 3, written: 2, latest: 1, volatile: 0, lost: 0, pending: 0 };
  const gateway = { name: 'gateway-1', ledger: [books], sessions: 0, logBytes: 0, droppedMembers: 0, droppedMembersMost: 0 };

  test('nothing where all is well', () => {
    expect(
      found(settled([user('ada', { groups: [group({ said: { state: 1 } })] }), user('bob')], { gateways: [gateway] })),
    ).toEqual([]);
  });

  test.each<[string, string, FinalUser[]]>([
    ['converged', 'who is not online', [user('ada', { state: 'reconnecting', groups: [] })]],
    ['converged', 'a group that is not live', [user('ada'), user('bob', { groups: [group({ state: 'syncing' })] })]],
    [
      'converged',
      'who stands before the end of the log',
      [user('ada'), user('bob', { groups: [group({ position: { epoch: EPOCH, seq: 2 } })] })],
    ],
    ['converged', 'who has stopped without a reason', [user('ada', { state: 'stopped', groups: [] })]],
    [
      'rosters',
      'who does not see another one',
      [user('ada'), user('bob', { groups: [group({ members: [{ memberId: 'm-bob', connected: true }] })] })],
    ],
    ['rosters', 'who sees somebody that is not there', [user('ada')]],
    [
      'rosters',
      'who sees somebody as dropped that is there',
      [
        user('ada'),
        user('bob', {
          groups: [
            group({
              members: [
                { memberId: 'm-ada', connected: false },
                { memberId: 'm-bob', connected: true },
              ],
            }),
          ],
        }),
      ],
    ],
    [
      'rosters',
      'who does not see what another one says',
      [user('ada', { groups: [group({ said: { state: 2 } })] }), user('bob')],
    ],
  ])('by %s: %s', (name, _text, users) => {
    expect(found(settled(users))).toContain(name);
  });

  test.each<[string, Partial<History>]>([
    ['books that do not balance', { gateways: [{ ...gateway, ledger: [{ ...books, written: 1 }] }] }],
    ['what is pending for ever', { gateways: [{ ...gateway, ledger: [{ ...books, written: 1, pending: 1 }] }] }],
    ['a session that nobody named', { gateways: [{ ...gateway, sessions: 1 }] }],
    ['a member that dropped long ago', { gateways: [{ ...gateway, droppedMembers: 1 }] }],
    ['a timer', { leftovers: [{ who: 'ada', what: 'timers', count: 1 }] }],
  ])('by end: %s', (_text, rest) => {
    expect(found(settled([user('ada', { groups: [group()] }), user('bob')], rest))).toContain('end');
  });

  test('by accepted: a publish that has never settled', () => {
    const published: Step = {
      kind: 'published',
      who: 'ada',
      life: 'ada.1',
      id: 'id-7',
      groupId: 'g',
      text: '7',
      delivery: 'reliable',
    };
    expect(found(historyOf([published], { users: [user('ada', { groups: [] })] }))).toContain('accepted');
  });
});
