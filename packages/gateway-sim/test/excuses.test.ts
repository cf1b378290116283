import { type Action, CONVERGENCE_MS, type FinalUser, type History, type Plan } from 'gateway-sim';
import { expect, test } from 'vitest';
import { START } from '../src/process.js';
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

/** What one check finds fault with, or does not: its name, a claim, what happened, in what plan, and how it ended. */
type Case = [check: string, claim: string, steps: Step[], plan?: Partial<Plan>, rest?: Partial<History>];

const published = (n: number, more: object = {}): Step => ({
  kind: 'published',
  who: 'ada',
  life: 'ada.1',
  id: `id-${n}`,
  groupId: 'g',
  text: String(n),
  delivery: 'reliable',
  ...more,
});
const refused = (n: number, code: string): Step => ({ kind: 'refused', who: 'ada', life: 'ada.1', id: `id-${n}`, code });
const accepted = (n: number, more: object = {}): Step => ({
  kind: 'accepted',
  who: 'ada',
  life: 'ada.1',
  id: `id-${n}`,
  epoch: EPOCH,
  seq: n,
  duplicate: false,
  ...more,
});
const told = (more: object): Step => ({
  kind: 'told',
  who: 'bob',
  life: 'bob.1',
  handle: 'h',
  told: { groupId: 'g', epoch: EPOCH, ...more } as never,
});
const toldOf = (seq: number, more: object = {}) => told({ type: 'message', seq, id: `id-${seq}`, ...more });
const toldSync = (seq: number, more: object = {}) => told({ type: 'sync', seq, outcome: 'live', replayed: 0, ...more });
const gap = (from: number, to: number) => gets('bob#2', { type: 'gap', payload: { groupId: 'g', from, to } });
const join = (connection: string, since: object = {}) => sends(connection, { type: 'join', payload: { groupId: 'g', since } });
const leave = (connection: string) => sends(connection, { type: 'leave', id: 'leave-1', payload: { groupId: 'g' } });
const left = (connection: string) => gets(connection, { type: 'ack', payload: { id: 'leave-1' } });
const revoked = (memberId: string): Step => ({ kind: 'revoked', memberId, count: 1 });
const leaves = (memberId: string): Step => ({
  kind: 'roster',
  who: 'bob',
  life: 'bob.1',
  groupId: 'g',
  joins: [],
  leaves: [memberId],
});
/** The same of another group. */
const inH = (step: Step) => JSON.parse(JSON.stringify(step).replaceAll('"g"', '"h"')) as Step;

const does = (...actions: object[]): Partial<Plan> => ({
  actions: actions.map((action) => ({ atMs: 0, user: 0, gateway: 0, forMs: 1_000, ...action }) as unknown as Action),
});
const asks = (what: string, manner: string, more: object = {}) => ({ do: 'ask', what, manner, ...more });
const LATEST = { delivery: 'latest', key: 'k' };
/** Everything is one log, whatever its epochs. */
const ONE_LOG: Partial<History> = { goesOn: () => true };
const LAST_WORDS_MS = PLAN.actsMs + CONVERGENCE_MS;

/** One id at two places, from two members. */
const TWICE = [...TALK, hears('bob#2', 4, { id: 'id-3', payload: { data: 3 }, from: 'm-new' })];
/** Bob goes on hearing, though another connection has become him. */
const RESUMED = [
  ...talks,
  at(4_000, ready('bob#3', { resumed: true })),
  at(6_000, says('ada#1', 1)),
  at(6_010, hears('bob#2', 1)),
];
const REVOKED = [...talks, revoked('m-bob'), at(500, says('ada#1', 1)), at(510, hears('bob#2', 1))];
/** What ada said before she was revoked is accepted after what bob said later. */
const LATE = [
  ...talks,
  says('ada#1', 2),
  revoked('m-ada'),
  at(500, says('bob#2', 1)),
  at(510, hears('bob#2', 1)),
  at(520, hears('bob#2', 2)),
];
/** What ada said before she was revoked comes long after it. */
const HEARD_LATE = [...talks, says('ada#1', 1), revoked('m-ada'), at(500, hears('bob#2', 1))];
/** Ada comes back as another. */
const comesBack = (atMs: number, more: object = {}): Step[] => [
  ...enters('ada#1').slice(0, -1),
  ready('ada#1', { resume: { ttlMs: 15_000 } }),
  at(5_000, sync('ada#1', 0)),
  at(atMs, sends('ada#5', { type: 'identify', payload: { resume: { token: 't', groups: {} } } })),
  at(atMs + 100, ready('ada#5', { memberId: 'm-other', resume: { ttlMs: 15_000 }, ...more })),
];
const LEFT_AND_CAME_BACK = [
  ...TALK,
  leaves('m-ada'),
  open('ada#5'),
  identify('ada#5', { g: { epoch: EPOCH, seq: 3 } }),
  ready('ada#5', { resumed: true }),
];
const BOTH = [...talks, ready('mallory#3', { memberId: 'm-bob', resumed: true }), at(5_000, sync('bob#2', 0))];
const NO = asks('authorize', 'refuse', { atMs: 100, forMs: 5_000 });
/** Bob does not get the second of two, and hears the third. */
const hole = (...delivery: [object, object]): Step[] => [
  ...talks,
  ...delivery.flatMap((more, index) => [says('ada#1', index + 1, more), hears('ada#1', index + 1, more)]),
  hears('bob#2', 2, delivery[1]),
];
const TRIMMED = [
  ...TALK,
  ...enters('bob#3', { epoch: EPOCH, seq: 1 }),
  sync('bob#3', 3, { outcome: 'reset', reason: 'trimmed' }),
];

const group = (more: object = {}): FinalUser['groups'][number] => ({
  groupId: 'g',
  state: 'live',
  error: undefined,
  position: { epoch: EPOCH, seq: 3 },
  members: ['m-ada', 'm-bob'].map((memberId) => ({ memberId, connected: true })),
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
const ends = (...users: FinalUser[]): Partial<History> => ({ users });
const SPOKEN = [...TALK, accepted(3)];
/** Bob sees ada, who is not there. */
const GHOST = ends(user('bob'));
const STOPPED = ends(user('ada', { state: 'stopped', groups: [] }));
const REFUSED = ends(user('ada', { groups: [group({ state: 'refused', error: 'FORBIDDEN', position: undefined })] }));

const FOUND: Case[] = [
  ...['FORBIDDEN', 'NOT_A_MEMBER', 'TOO_BIG', 'INVALID_DATA', 'OUTBOX_FULL'].map(
    (code): Case => ['accepted', `a ${code} of what is there`, [...TALK, refused(3, code)]],
  ),
  ...['DROPPED', 'NOT_CONNECTED', 'TIMEOUT', 'ABORTED', 'LEFT'].map(
    (code): Case => ['accepted', `a ${code} of what is there`, [...TALK, refused(3, code)]],
  ),
  [
    'accepted',
    'what was said in another group',
    [...enters('ada#1'), says('ada#1', 1), ...enters('bob#2').map(inH), inH(sync('bob#2', 0)), inH(hears('bob#2', 1))],
  ],
  ['accepted', 'one id of two members', TWICE],
  ['accepted', 'one id of two members, where a principal is known', TWICE, { principals: true, ...does(asks('broker', 'late')) }],
  ['accepted', 'one id of two members, of gateways that share', TWICE, { shared: true }],
  ['accepted', 'one id of two members, of one gateway that stood still', TWICE, does({ do: 'pause' })],
  [
    'accepted',
    'one id of two members, where a principal is known and a gateway stood still',
    TWICE,
    { shared: true, principals: true, ...does({ do: 'pause' }) },
  ],
  [
    'accepted',
    'one id twice of one member, who wanted it sent again',
    [
      published(1, { resends: true }),
      ...talks,
      says('ada#1', 1),
      acked('ada#1', 1),
      hears('bob#2', 1, { from: 'm-ada' }),
      hears('bob#2', 2, { id: 'id-1', payload: { data: 1 }, from: 'm-ada' }),
    ],
  ],
  [
    'accepted',
    'one id in two epochs of one log',
    [
      ...TALK,
      ...enters('eve#4', { tail: 1 }),
      hears('eve#4', 5, { id: 'id-3', payload: { data: 3 } }),
      sync('eve#4', 5, { epoch: 'f', replayed: 1 }),
    ],
    {},
    ONE_LOG,
  ],
  ['accepted', 'an acceptance at the place of another one', [...TALK, published(9), accepted(9, { seq: 2 })]],
  [
    'accepted',
    'two ids at one place',
    [...TALK, ...enters('eve#4', { tail: 1 }), hears('eve#4', 3, { id: 'id-9' }), sync('eve#4', 3, { replayed: 1 })],
  ],
  [
    'accepted',
    'a message that its client has changed',
    [published(1), ...talks, says('ada#1', 1, { payload: { data: 'else' } }), hears('bob#2', 1, { payload: { data: 'else' } })],
  ],
  [
    'accepted',
    'another message in what came before a log was trimmed',
    [
      ...TALK,
      ...enters('eve#4', { epoch: EPOCH, seq: 1 }),
      hears('eve#4', 2, { payload: { data: 'else' } }),
      sync('eve#4', 5, { outcome: 'reset', reason: 'trimmed' }),
    ],
  ],
  ['holes', 'the newest of its key', hole(LATEST, {})],
  ['holes', 'what only its sender knows', [...talks, says('ada#1', 1), acked('ada#1', 1), says('ada#1', 2), hears('bob#2', 2)]],
  ['holes', 'what is before a gap', [...TALK.slice(0, 8), says('ada#1', 1), hears('ada#1', 1), gap(3, 4)]],
  ['last words', 'a failure of what was said at the end', [at(LAST_WORDS_MS + 5, published(1)), refused(1, 'TIMEOUT')]],
  [
    'permitted',
    'a group that was joined',
    [...enters('ada#1').slice(0, -2), ready('ada#1'), at(500, join('ada#1')), at(520, sync('ada#1', 0))],
    does(NO),
  ],
  [
    'permitted',
    'a group that was named with `identify`',
    [open('ada#1'), at(500, sends('ada#1', { type: 'identify', payload: { groupId: 'g' } })), at(520, sync('ada#1', 0))],
    does(NO),
  ],
  [
    'hearing',
    'what is said after its receiver has expired',
    [
      ...enters('bob#2'),
      ready('bob#2', { expiresAt: START + 4 }),
      sync('bob#2', 0),
      at(5_000, says('ada#1', 1)),
      at(5_010, hears('bob#2', 1)),
    ],
  ],
  ['hearing', 'who was resumed, where presence was slow', RESUMED, does(asks('presence', 'slow'))],
  ['prompt', 'a sync that came with the last words', [...enters('bob#2'), at(LAST_WORDS_MS + 10, sync('bob#2', 0))]],
  ['resumed', 'who was heard of just before the window was over', comesBack(17_000)],
  [
    'resumed',
    'who comes back to gateways that share, of which one has died',
    comesBack(6_000),
    { shared: true, ...does({ do: 'kill' }) },
  ],
  ['resumed', 'who comes back long after something was slow', comesBack(60_000 - 48_000), does({ do: 'revoke', atMs: 60_000 })],
  ['kept', 'what was trimmed', TRIMMED],
  ['kept', 'a gap, where the broker was only slow', [...talks, gap(1, 4)], does(asks('broker', 'slow'))],
  ['late words', 'what others hear long after its sender was revoked', HEARD_LATE],
  [
    'rights',
    'who had expired, and was revoked later',
    [
      ...enters('ada#1').slice(0, -1),
      ready('ada#1', { expiresAt: START + 4 }),
      sync('ada#1', 0),
      at(100, says('ada#1', 1)),
      at(110, hears('ada#1', 1)),
      at(5_000, revoked('m-ada')),
    ],
  ],
  [
    'senders',
    'what is sent in another order than it was published in',
    [published(1), published(2), ...talks, says('ada#1', 2), says('ada#1', 1)],
  ],
  [
    'order',
    'a replay that goes back',
    [
      ...enters('bob#3', { epoch: EPOCH, seq: 1 }),
      hears('bob#3', 2),
      hears('bob#3', 2),
      sync('bob#3', 5, { outcome: 'reset', reason: 'trimmed' }),
    ],
  ],
  ['order', 'a wrong count of a tail', [...enters('bob#3', { tail: 5 }), hears('bob#3', 3), sync('bob#3', 3, { replayed: 2 })]],
  [
    'order',
    '`recovered` that ends too early',
    [...enters('bob#3', { epoch: EPOCH, seq: 1 }), hears('bob#3', 2), sync('bob#3', 3, { outcome: 'recovered', replayed: 1 })],
  ],
  [
    'order',
    '`recovered` with another one',
    [
      ...enters('bob#3', { epoch: EPOCH, seq: 1 }),
      hears('bob#3', 2),
      hears('bob#3', 4),
      sync('bob#3', 3, { outcome: 'recovered', replayed: 2 }),
    ],
  ],
  [
    'order',
    'a tail with a hole',
    [...enters('bob#3', { tail: 5 }), hears('bob#3', 1), hears('bob#3', 3), sync('bob#3', 3, { replayed: 2 })],
  ],
  [
    'order',
    'a tail that is too long',
    [...enters('bob#3', { tail: 1 }), hears('bob#3', 2), hears('bob#3', 3), sync('bob#3', 3, { replayed: 2 })],
  ],
  ['order', 'a gap that is over', [...TALK, gap(1, 2)]],
  [
    'order',
    '`reset trimmed` of who has all',
    [...enters('bob#3', { epoch: EPOCH, seq: 3 }), sync('bob#3', 3, { outcome: 'reset', reason: 'trimmed' })],
  ],
  [
    'order',
    '`reset ahead` of who stands in what the log was before',
    [...enters('bob#3', { epoch: 'old', seq: 3 }), sync('bob#3', 3, { outcome: 'reset', reason: 'ahead' })],
    {},
    ONE_LOG,
  ],
  [
    'order',
    'a stray message, where somebody has left and joined anew',
    [
      ...TALK,
      leave('bob#2'),
      left('bob#2'),
      join('bob#2', { tail: 1 }),
      hears('bob#2', 1),
      hears('bob#2', 3),
      sync('bob#2', 3, { replayed: 1 }),
    ],
  ],
  ['strangers', 'a message to who has left', [...TALK, leave('bob#2'), left('bob#2'), hears('bob#2', 4)]],
  [
    'strangers',
    'a message after the first `ready`, which nobody has identified for',
    [open('bob#2'), identify('bob#2', { g: {} }), gets('bob#2', { type: 'ready', payload: {} }), hears('bob#2', 1)],
  ],
  ['views', 'a message that goes back', [toldSync(0), toldOf(1), toldOf(2), toldOf(1, { id: 'another' })]],
  ['views', 'one id at two places', [toldSync(0), toldOf(1), toldOf(2, { id: 'id-1' })]],
  ['views', '`recovered` in another log', [toldSync(0), toldOf(1), toldSync(1, { epoch: 'f', outcome: 'recovered' })]],
  ['converged', 'a group that is refused', [], {}, REFUSED],
  [
    'converged',
    'who stands in another log',
    SPOKEN,
    {},
    ends(user('ada', { groups: [group({ position: { epoch: 'f', seq: 3 } })] })),
  ],
  [
    'rosters',
    'who is not there, where the store of members was only slow',
    [],
    { shared: true, ...does(asks('members', 'slow'), { do: 'leave' }, { do: 'kill' }) },
    GHOST,
  ],
  [
    'rosters',
    'who is not there, where nobody has left',
    [],
    { shared: true, ...does(asks('members', 'fail'), { do: 'kill' }) },
    GHOST,
  ],
  [
    'rosters',
    'who is not there, where one gateway has the store for itself',
    [],
    does(asks('members', 'fail'), { do: 'leave' }, { do: 'kill' }),
    GHOST,
  ],
  [
    'limits',
    'more dropped members than may be',
    [],
    { limits: { droppedMembersMax: 1 } },
    { gateways: [{ name: 'gateway-1', ledger: [], sessions: 0, logBytes: 0, droppedMembers: 0, droppedMembersMost: 2 }] },
  ],
  [
    'limits',
    'more of logs than may be',
    [],
    { limits: { logBytesTotalMax: 10 } },
    { gateways: [{ name: 'gateway-1', ledger: [], sessions: 0, logBytes: 11, droppedMembers: 0, droppedMembersMost: 0 }] },
  ],
];

const PASSED: Case[] = [
  ['accepted', 'an unknown outcome of what is there', [...TALK, refused(3, 'OUTCOME_UNKNOWN')]],
  ['accepted', 'one id of two members, who wanted it sent again', [published(3, { resends: true }), ...TWICE]],
  ['accepted', 'one id of two members, where the broker took its time', TWICE, does(asks('broker', 'late'))],
  ['accepted', 'one id of two members, where a gateway was taken for dead', TWICE, { shared: true, ...does({ do: 'pause' }) }],
  [
    'accepted',
    'one id in two logs',
    [
      ...TALK,
      ...enters('eve#4', { tail: 1 }),
      hears('eve#4', 5, { id: 'id-3', payload: { data: 3 } }),
      sync('eve#4', 5, { epoch: 'f', replayed: 1 }),
    ],
  ],
  [
    'accepted',
    'what an earlier life has published, and nobody waits for',
    [published(7, { life: 'ada.0' })],
    {},
    ends(user('ada')),
  ],
  [
    'accepted',
    'what was in a tail before its log was lost',
    [
      ...TALK,
      ...enters('eve#4', { tail: 3 }),
      hears('eve#4', 2, { payload: { data: 'else' } }),
      sync('eve#4', 0, { epoch: 'f', outcome: 'reset', reason: 'epoch' }),
    ],
  ],
  ['holes', 'an older one of its key', hole(LATEST, LATEST)],
  [
    'holes',
    'an older one of its key, where only the sender knows of the newer one',
    [...hole(LATEST, {}), says('ada#1', 3, LATEST), acked('ada#1', 3)],
  ],
  ['holes', 'a volatile one', hole({ delivery: 'volatile' }, {})],
  [
    'holes',
    'what is told as a gap',
    [...talks, ...[1, 2, 3].flatMap((n) => [says('ada#1', n), hears('ada#1', n)]), gap(1, 2), hears('bob#2', 3)],
  ],
  [
    'holes',
    'what was answered before it came to who has left, beyond a network',
    [...talks, says('ada#1', 1), acked('ada#1', 1), hears('bob#2', 1), leave('ada#1'), left('ada#1')],
    { shared: true },
  ],
  [
    'holes',
    'what was acknowledged as said before to who has left',
    [
      ...talks,
      says('ada#1', 1),
      hears('bob#2', 1),
      gets('ada#1', { type: 'ack', payload: { id: 'id-1', epoch: EPOCH, seq: 1, duplicate: true } }),
      leave('ada#1'),
      left('ada#1'),
    ],
  ],
  ['last words', 'a failure of a client that has stopped', [at(LAST_WORDS_MS + 5, published(1)), refused(1, 'STOPPED')]],
  ['last words', 'a failure of what was said before', [published(1), refused(1, 'TIMEOUT')]],
  ...(['pause', 'lose logs', 'backend', 'ask'] as const).map(
    (act): Case => [
      'failures',
      `a failure where there was a ${act}`,
      [{ kind: 'failed', where: 'gateway-1', error: 'E' }],
      does({ do: act }),
    ],
  ),
  ['failures', 'a failure where logs may be lost', [{ kind: 'failed', where: 'gateway-1', error: 'E' }], { faults: ['logs'] }],
  [
    'permitted',
    'a group that is asked for again when it may be',
    [open('ada#1'), at(500, identify('ada#1', { g: {} })), ready('ada#1'), at(5_200, join('ada#1')), at(5_220, sync('ada#1', 0))],
    does(NO),
  ],
  [
    'permitted',
    'what is said again when it may be',
    [...talks, at(500, says('ada#1', 1)), at(5_200, says('ada#1', 1)), at(5_220, hears('bob#2', 1))],
    does(NO),
  ],
  [
    'permitted',
    'what another gateway is asked',
    [...talks, at(500, says('ada#1', 1)), at(520, hears('bob#2', 1))],
    does({ ...NO, gateway: 1 }),
  ],
  [
    'permitted',
    'what may be asked otherwise',
    [...talks, at(500, says('ada#1', 1)), at(520, hears('bob#2', 1))],
    does(NO, asks('authorize', 'slow')),
  ],
  [
    'permitted',
    'what was held up until it may be',
    [...talks, at(500, says('ada#1', 1)), at(5_520, hears('bob#2', 1))],
    does(NO, { do: 'stall' }),
  ],
  ['permitted', 'what arrives when it may be', [...talks, at(5_050, says('ada#1', 1)), at(5_150, hears('bob#2', 1))], does(NO)],
  [
    'permitted',
    'what is said when the faults are over',
    [...talks, at(20_500, says('ada#1', 1)), at(20_510, hears('bob#2', 1))],
    does({ ...NO, forMs: 60_000 }),
  ],
  ['hearing', 'who was revoked at a gateway that stood still', REVOKED, does({ do: 'pause' })],
  [
    'hearing',
    'what was said before, and is said again',
    [...talks, at(100, says('ada#1', 1)), at(200, revoked('m-bob')), at(500, says('ada#1', 1)), at(510, hears('bob#2', 1))],
  ],
  ['hearing', 'who was resumed, on a link that stood still', RESUMED, does({ do: 'stall' })],
  ['hearing', 'who was resumed, where the store of members was slow', RESUMED, does(asks('members', 'slow'))],
  [
    'hearing',
    'who was resumed at almost the same time',
    [...talks, at(1_000, ready('bob#3', { resumed: true })), at(6_000, says('ada#1', 1)), at(6_010, hears('bob#2', 1))],
  ],
  [
    'hearing',
    'who was resumed by two at once',
    [
      ...talks,
      at(4_000, ready('bob#3', { resumed: true })),
      at(4_500, ready('bob#4', { resumed: true })),
      at(6_000, says('ada#1', 1)),
      at(6_010, hears('bob#2', 1)),
    ],
  ],
  [
    'prompt',
    'a replay that goes on',
    [
      ...talks,
      says('ada#1', 1),
      says('ada#1', 2),
      at(LAST_WORDS_MS - 5_000, hears('bob#2', 1)),
      at(LAST_WORDS_MS + 1_000, hears('bob#2', 2)),
    ],
  ],
  [
    'prompt',
    'a reset with the last words',
    [...talks, at(LAST_WORDS_MS + 10, sync('bob#2', 0, { epoch: 'f', outcome: 'reset', reason: 'epoch' }))],
  ],
  [
    'prompt',
    'what was asked for just before',
    [...talks, says('ada#1', 1), at(LAST_WORDS_MS - 1_000, join('bob#2')), at(LAST_WORDS_MS + 10, hears('bob#2', 1))],
  ],
  [
    'prompt',
    'the last words themselves',
    [...talks, at(LAST_WORDS_MS + 1, says('ada#1', 1)), at(LAST_WORDS_MS + 10, hears('bob#2', 1))],
  ],
  ['resumed', 'who is the same', comesBack(6_000, { resumed: true, memberId: 'm-ada' })],
  ['resumed', 'who comes back after the window', comesBack(30_000)],
  ['resumed', 'who was revoked', comesBack(6_000), does({ do: 'revoke', atMs: 5_500 })],
  [
    'resumed',
    'who comes back before the stores know of the token',
    [
      ...comesBack(6_000).slice(0, 3),
      at(500, sends('ada#5', { type: 'identify', payload: { resume: { token: 't', groups: {} } } })),
      at(600, ready('ada#5', { memberId: 'm-other', resume: { ttlMs: 15_000 } })),
    ],
  ],
  ['resumed', 'who comes back where few are kept', comesBack(6_000), { limits: { droppedMembersMax: 1 } }],
  [
    'resumed',
    'who comes back on a link that is slow',
    comesBack(6_000),
    { network: { ...PLAN.network, bytesPerSecond: 20_000 } },
  ],
  ['resumed', 'who comes back to a gateway that has died', comesBack(6_000), does({ do: 'kill', atMs: 5_500 })],
  ...(['logMessagesMax', 'logAgeMaxMs', 'logBytesTotalMax'] as const).map(
    (limit): Case => ['kept', `what was trimmed, with ${limit}`, TRIMMED, { limits: { [limit]: 4 } }],
  ),
  ['kept', 'a gap, where logs were lost', [...talks, gap(1, 4)], does({ do: 'lose logs' })],
  ['kept', 'a gap, where a backend fails', [...talks, gap(1, 4)], does({ do: 'backend' })],
  ['kept', 'a gap, where the broker failed', [...talks, gap(1, 4)], does(asks('broker', 'fail'))],
  [
    'kept',
    'a gap, where the broker was slower than is waited for',
    [...talks, gap(1, 4)],
    { timings: { partTimeoutMs: 1_000 }, ...does(asks('broker', 'slow')) },
  ],
  ['kept', 'a gap, where much was said', [...talks, gap(1, 4)], does({ do: 'publish', count: 300, bytes: 3_000 })],
  ['rights', 'what was said before', [...talks, says('ada#1', 1), revoked('m-ada'), hears('bob#2', 1)]],
  [
    'rights',
    'what was said again by somebody who may',
    [...talks, revoked('m-ada'), says('ada#1', 1), ready('ada#5', { memberId: 'm-new' }), says('ada#5', 1), hears('bob#2', 1)],
  ],
  [
    'rights',
    'who has renewed what had expired',
    [
      ...enters('ada#1').slice(0, -1),
      ready('ada#1', { expiresAt: START + 4 }),
      sync('ada#1', 0),
      identify('ada#1', {}),
      at(100, says('ada#1', 1)),
      at(110, hears('ada#1', 1)),
    ],
  ],
  [
    'rights',
    'who had expired by a clock that is wrong',
    [
      ...enters('ada#1').slice(0, -1),
      ready('ada#1', { expiresAt: START + 4 }),
      sync('ada#1', 0),
      at(100, says('ada#1', 1)),
      at(110, hears('ada#1', 1)),
    ],
    { faults: ['clocks'] },
  ],
  [
    'rights',
    'who was resumed at another gateway',
    [
      ...TALK,
      { kind: 'open', ...on('ada#5'), gateway: 'gateway-2' },
      identify('ada#5', {}),
      ready('ada#5', { resumed: true }),
      says('ada#1', 4),
      hears('bob#2', 4),
    ],
  ],
  ...['stall', 'kill', 'overrun', 'lose logs'].map(
    (act): Case => ['late words', `what is heard late, with a ${act}`, HEARD_LATE, does({ do: act })],
  ),
  ['late words', 'what is heard late on a slow link', HEARD_LATE, { network: { ...PLAN.network, bytesPerSecond: 20_000 } }],
  ['late words', 'what is heard late on a long way', HEARD_LATE, { network: { ...PLAN.network, mostMs: 400 } }],
  ['late words', 'what is heard late behind much else', HEARD_LATE, does({ do: 'publish', count: 30, bytes: 100_000 })],
  ['late words', 'what is heard late on sockets that are soon full', HEARD_LATE, { limits: { socketHighWaterMarkBytes: 2_048 } }],
  [
    'late words',
    'what is replayed to who comes later',
    [
      ...HEARD_LATE.slice(0, -1),
      at(400, join('bob#2', { tail: 1 })),
      at(500, hears('bob#2', 1)),
      sync('bob#2', 1, { replayed: 1 }),
    ],
  ],
  ['late words', 'what is heard at once', [...HEARD_LATE.slice(0, -1), at(50, hears('bob#2', 1))]],
  ['late words', 'what was said twice', [...HEARD_LATE.slice(0, -1), says('ada#7', 1), at(500, hears('bob#2', 1))]],
  ['late words', 'what a broker took its time with', LATE, does(asks('broker', 'slow'))],
  ['late words', 'what a gateway stood still over', LATE, does({ do: 'pause' })],
  [
    'late words',
    'who had expired',
    [
      ...enters('ada#1').slice(0, -1),
      ready('ada#1', { expiresAt: START + 4 }),
      sync('ada#1', 0),
      ...enters('bob#2'),
      sync('bob#2', 0),
      says('ada#1', 2),
      at(500, says('bob#2', 1)),
      at(510, hears('bob#2', 1)),
      at(520, hears('bob#2', 2)),
    ],
  ],
  [
    'late words',
    'what another one has said again',
    [...LATE.slice(0, -1), ready('ada#5', { memberId: 'm-new' }), at(515, says('ada#5', 2)), at(520, hears('bob#2', 2))],
  ],
  [
    'late words',
    'what is later in another log',
    [
      ...LATE.slice(0, -1),
      ...enters('eve#4', { tail: 1 }),
      hears('eve#4', 2),
      at(520, sync('eve#4', 2, { epoch: 'f', replayed: 1 })),
    ],
  ],
  [
    'late words',
    'what is later in another group',
    [
      ...talks,
      says('ada#1', 2),
      revoked('m-ada'),
      ...enters('bob#2').map(inH),
      inH(sync('bob#2', 0)),
      at(70, inH(says('bob#2', 1))),
      at(80, inH(hears('bob#2', 1))),
      at(90, hears('bob#2', 2)),
    ],
  ],
  ...['kill', 'pause', 'deploy', 'leave', 'close', 'revoke', 'steal', 'ask', 'backend', 'jump'].map(
    (act): Case => ['flapping', `who left and came back, with a ${act}`, LEFT_AND_CAME_BACK, does({ do: act })],
  ),
  ['flapping', 'who left and came back where few are kept', LEFT_AND_CAME_BACK, { limits: { droppedMembersMax: 1 } }],
  ['flapping', 'who left and came back where few are listed', LEFT_AND_CAME_BACK, { limits: { presenceMembersMax: 2 } }],
  [
    'flapping',
    'who left and was never in',
    [open('ada#1'), identify('ada#1', { g: {} }), ready('ada#1'), leaves('m-ada'), ready('ada#5', { resumed: true })],
  ],
  ['flapping', 'who left and came back as new', [...LEFT_AND_CAME_BACK.slice(0, -1), ready('ada#5')]],
  [
    'senders',
    'what was sent twice',
    [published(1), published(2), ...talks, says('ada#1', 2), says('ada#1', 1), says('ada#1', 1)],
  ],
  [
    'senders',
    'what is in two groups',
    [
      ...enters('ada#1'),
      sync('ada#1', 0),
      ...enters('ada#1').map(inH),
      inH(sync('ada#1', 0)),
      says('ada#1', 5),
      hears('ada#1', 5),
      inH(says('ada#1', 1)),
      inH(hears('ada#1', 1)),
    ],
  ],
  [
    'order',
    'what was on the way when a group was joined anew',
    [
      ...TALK,
      says('ada#1', 4),
      join('bob#2', { tail: 3 }),
      hears('bob#2', 4),
      hears('bob#2', 2),
      hears('bob#2', 3),
      hears('bob#2', 4),
      sync('bob#2', 4, { replayed: 3 }),
    ],
  ],
  [
    'order',
    'a replay that a reset has made nothing of',
    [...enters('bob#3', { epoch: EPOCH, seq: 1 }), hears('bob#3', 2), sync('bob#3', 5, { outcome: 'reset', reason: 'trimmed' })],
  ],
  [
    'order',
    'a log that has another name after a replay',
    [
      ...enters('bob#3', { epoch: EPOCH, seq: 1 }),
      hears('bob#3', 2),
      sync('bob#3', 2, { outcome: 'recovered', replayed: 1 }),
      sync('bob#3', 2, { epoch: 'f', outcome: 'recovered' }),
    ],
    {},
    ONE_LOG,
  ],
  [
    'order',
    '`reset ahead` of who stands beyond what the log was before',
    [...enters('bob#3', { epoch: 'old', seq: 9 }), sync('bob#3', 3, { outcome: 'reset', reason: 'ahead' })],
    {},
    { goesOn: (_group, { seq }) => seq <= 3 },
  ],
  [
    'order',
    'a group that was joined before its leave was answered',
    [
      ...TALK,
      leave('bob#2'),
      join('bob#2', { epoch: EPOCH, seq: 2 }),
      left('bob#2'),
      hears('bob#2', 3),
      sync('bob#2', 3, { outcome: 'recovered', replayed: 1 }),
    ],
  ],
  [
    'order',
    'a group that was joined before its leave was refused',
    [
      ...TALK,
      leave('bob#2'),
      join('bob#2', { epoch: EPOCH, seq: 2 }),
      gets('bob#2', { type: 'error', payload: { code: 'INTERNAL' } }),
      hears('bob#2', 3),
      sync('bob#2', 3, { outcome: 'recovered', replayed: 1 }),
    ],
  ],
  [
    'strangers',
    'a group that was left and joined anew',
    [...TALK, leave('bob#2'), left('bob#2'), join('bob#2'), sync('bob#2', 3), hears('bob#2', 4)],
  ],
  [
    'strangers',
    'a group that was joined before its leave was answered',
    [...TALK, leave('bob#2'), join('bob#2'), left('bob#2'), sync('bob#2', 3), hears('bob#2', 4)],
  ],
  ['views', 'a hole before the first `sync`', [...TALK, toldOf(1), toldOf(3)]],
  [
    'views',
    'one id at two places, where it was to be sent again',
    [published(1, { resends: true }), toldSync(0), toldOf(1), toldOf(2, { id: 'id-1' })],
  ],
  ['views', 'what a gap tells of', [...TALK, toldSync(0), told({ type: 'gap', from: 1, to: 2 }), toldOf(3)]],
  [
    'views',
    'a tail after a reset',
    [
      toldSync(9),
      toldSync(3, { epoch: 'f', outcome: 'reset', replayed: 2 }),
      toldOf(2, { epoch: 'f' }),
      toldOf(3, { epoch: 'f' }),
    ],
  ],
  ['voices', 'two where links are slow', BOTH, { network: { ...PLAN.network, bytesPerSecond: 20_000 } }],
  ['voices', 'two where one stood still', BOTH, does({ do: 'stall' })],
  ['voices', 'two where the store of members was slow', BOTH, does(asks('members', 'slow'))],
  [
    'voices',
    'one after the other',
    [
      ...talks,
      { kind: 'closed', ...on('bob#2'), code: 4004 },
      ready('mallory#3', { memberId: 'm-bob', resumed: true }),
      at(5_000, sync('ada#1', 0)),
    ],
  ],
  [
    'voices',
    'two of one client, one of which it has given up',
    [...talks, ready('bob#3', { resumed: true }), at(5_000, sync('bob#3', 0))],
  ],
  ['voices', 'two who are two', [...talks, ready('mallory#3'), at(5_000, sync('bob#2', 0))]],
  ['voices', 'two for a moment', [...BOTH.slice(0, -1), at(1_000, sync('bob#2', 0))]],
  ['converged', 'a group that is refused, where `authorize` may say no', [], does(asks('authorize', 'refuse')), REFUSED],
  ...[{ do: 'revoke' }, { do: 'steal' }, asks('token', 'fail'), asks('authenticate', 'refuse')].map(
    (act): Case => ['converged', `who has stopped, with ${JSON.stringify(act)}`, [], does(act), STOPPED],
  ),
  [
    'converged',
    'who has stopped of being refused too often',
    [],
    { ...does(asks('authorize', 'refuse')), limits: { errorsBurst: 30 } },
    STOPPED,
  ],
  ['converged', 'who is not to be online', [], {}, ends(user('ada', { state: 'closed', expected: false, groups: [] }))],
  [
    'converged',
    'where the log is, though an earlier place was said again',
    [...SPOKEN, accepted(1, { epoch: 'old', duplicate: true })],
    {},
    ends(user('ada')),
  ],
  [
    'converged',
    'where the new log is',
    [...SPOKEN, accepted(1, { epoch: 'f' })],
    {},
    ends(user('ada', { groups: [group({ position: { epoch: 'f', seq: 1 } })] })),
  ],
  ['rosters', 'a list that is not complete', [], {}, ends(user('ada', { groups: [group({ complete: false, members: [] })] }))],
  [
    'rosters',
    'another state, where hooks fail',
    [],
    { faults: ['hooks'] },
    ends(user('ada', { groups: [group({ said: { state: 2 } })] }), user('bob')),
  ],
  [
    'rosters',
    'another state, where presence was slow',
    [],
    does(asks('presence', 'slow')),
    ends(user('ada', { groups: [group({ said: { state: 2 } })] }), user('bob')),
  ],
  [
    'rosters',
    'who is not there, where the store of members failed',
    [],
    { shared: true, ...does(asks('members', 'fail'), { do: 'leave' }, { do: 'kill' }) },
    GHOST,
  ],
  [
    'rosters',
    'who is not there, where calls overtook each other',
    [],
    { shared: true, ...does(asks('members', 'overtaking'), { do: 'leave' }) },
    GHOST,
  ],
  [
    'rosters',
    'who is offline, and not listed',
    [],
    {},
    ends(
      user('bob', { groups: [group({ members: [{ memberId: 'm-bob', connected: true }] })] }),
      user('ada', { state: 'reconnecting' }),
    ),
  ],
  [
    'rosters',
    'who is refused, and not listed',
    [],
    {},
    ends(
      user('bob', { groups: [group({ members: [{ memberId: 'm-bob', connected: true }] })] }),
      user('ada', { groups: [group({ state: 'refused' })] }),
    ),
  ],
  [
    'limits',
    'as much as may be',
    [],
    { limits: { droppedMembersMax: 1, logBytesTotalMax: 10 } },
    { gateways: [{ name: 'gateway-1', ledger: [], sessions: 0, logBytes: 10, droppedMembers: 0, droppedMembersMost: 1 }] },
  ],
];

const foundIn = ([, , steps, plan, rest]: Case) => found(historyOf(steps, rest), { ...PLAN, ...plan });

test.each(FOUND)('%s finds fault with %s', (...one) => {
  expect(foundIn(one)).toContain(one[0]);
});

test.each(PASSED)('%s does not find fault with %s', (...one) => {
  expect(foundIn(one)).not.toContain(one[0]);
});
