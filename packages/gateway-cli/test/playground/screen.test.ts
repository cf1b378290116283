import { expect, test } from 'vitest';
import { Model } from '../../src/playground/model.js';
import type { ConnectionRow, GroupRow, Snapshot } from '../../src/playground/wire.js';
import type { Sort } from '../../src/top/options.js';
import { screenOf } from '../../src/top/screen.js';

const AT = 100_000;
const connection = (id: string, more: Partial<ConnectionRow> = {}): ConnectionRow => ({
  id,
  state: 'identified',
  groups: ['g'],
  groupCount: 1,
  address: '10.0.0.1',
  dialect: '2',
  lag: 0,
  unsentBytes: 0,
  createdAt: AT - 60_000,
  lastSeenAt: AT - 2_000,
  ...more,
});
const group = (id: string, connections: number): GroupRow => {
  return { id, epoch: 'epoch', seq: 1_042, connections, logMessages: 1_000, logBytes: 4_096 };
};

function modelOf(connections: ConnectionRow[], groups: GroupRow[], more: Partial<Snapshot> = {}): Model {
  const model = new Model();
  const before = { messagesInTotal: 0, deliveredTotal: 0, bytesInTotal: 0, publishedTotal: 0, errorsSentTotal: 0 };
  const counters = { messagesInTotal: 50, deliveredTotal: 2_000, bytesInTotal: 5_120, publishedTotal: 7, errorsSentTotal: 6 };
  const sizes = { connections: 1_300, groups: 40, droppedMembers: 5, logBytes: 2_048, lostTotal: 3, gapsTotal: 2 };
  const change = { at: AT - 1_000, stats: before, draining: false, codes: [] };
  const none = { set: [], gone: [] };
  const rest = { path: '/rt', readOnly: false, startedAt: AT - 3_723_000, settings: [], events: [] };
  const take = (fields: object) => model.take({ name: 'snapshot', data: JSON.stringify({ ...rest, ...change, ...fields }) });
  take({ connections: none, groups: none });
  const rows = { connections: { set: connections, gone: [] }, groups: { set: groups, gone: [] } };
  take({ at: AT, stats: { ...counters, ...sizes }, ...rows, ...more });
  return model;
}

const OPTIONS = { sort: 'lag' as Sort, rows: 20, url: 'http://h/playground/live' };
const namesBy = (sort: Sort, connections: ConnectionRow[]) =>
  screenOf(modelOf(connections, []), { ...OPTIONS, sort })
    .slice(4, 4 + connections.length)
    .map((line) => line.split(/ +/)[0]);

test('every number is the one that its name says', () => {
  const ada = connection('c-ada-123456', {
    metadata: '{"name":"ada"}',
    role: 'dashboard',
    groups: ['orders', 'chat'],
    groupCount: 3,
    lag: 1_200,
    unsentBytes: 2_048,
  });
  const codes: Snapshot['codes'] = [
    { kind: 'close', code: '4200', times: 2, words: '' },
    { kind: 'error', code: 'FORBIDDEN', times: 1, words: '' },
  ];
  expect(screenOf(modelOf([ada, connection('c-2')], [group('orders', 2_000)], { codes, draining: true }), OPTIONS)).toEqual([
    'gateway draining 01:02:03  connections 1,300  groups 40  inside resume window 5',
    'messages in 50/s (5.0 KiB/s)  delivered 2,000/s  logs 2.0 KiB  lost 3  gaps 2  errors 6',
    'closes and errors since it looks: 4200 ×2  FORBIDDEN ×1',
    '',
    'CONNECTION  NAME  ROLE        GROUPS     DIALECT  LAG    UNSENT   HEARD  AGE  ADDRESS',
    'c-ada-12…   ada   dashboard   orders +2  2        1,200  2.0 KiB  2.0s   60s  10.0.0.1',
    'c-2         c-2   identified  g          2        0      0        2.0s   60s  10.0.0.1',
    '',
    'GROUP   HEAD       HERE   LOG    BYTES',
    'orders  epoc:1042  2,000  1,000  4.0 KiB',
  ]);
});

test('who is in no group has a dash there, and who is not identified its state', () => {
  const row = connection('c-1', { state: 'open', groups: [], groupCount: 0 });
  expect(screenOf(modelOf([row], []), OPTIONS)[4]).toMatch(/^c-1 +c-1 +open +- +2 /);
});

test('connections are sorted by what is asked for', () => {
  const rows = [
    connection('a', { lag: 1, unsentBytes: 5, createdAt: 3, principal: 'zoe' }),
    connection('b', { lag: 9, unsentBytes: 1, createdAt: 2, principal: 'bob' }),
    connection('c', { lag: 9, unsentBytes: 7, createdAt: 1, principal: 'eve' }),
    connection('d', { lag: 4, unsentBytes: 7, createdAt: 4, metadata: '{"name":"ada"}', principal: 'yan' }),
  ];
  expect(namesBy('lag', rows)).toEqual(['c', 'b', 'd', 'a']);
  expect(namesBy('unsent', rows)).toEqual(['c', 'd', 'a', 'b']);
  // In whatever order they come.
  expect(namesBy('unsent', [...rows].reverse())).toEqual(['c', 'd', 'a', 'b']);
  expect(namesBy('lag', [...rows].reverse())).toEqual(['c', 'b', 'd', 'a']);
  expect(namesBy('age', rows)).toEqual(['c', 'b', 'a', 'd']);
  expect(namesBy('name', rows)).toEqual(['d', 'b', 'c', 'a']);
});

test('so many rows are shown, of groups the fullest', () => {
  const many = Array.from({ length: 9 }, (_, n) => n);
  const lines = screenOf(
    modelOf(
      many.map((n) => connection(`c-${n}`, { lag: n })),
      many.map((n) => group(`g-${n}`, n)),
    ),
    { ...OPTIONS, rows: 2 },
  );
  expect(lines.map((line) => line.split(/ +/)[0]).slice(3)).toEqual(['CONNECTION', 'c-8', 'c-7', '', 'GROUP', 'g-8', 'g-7']);
});

test('whatever a client calls itself is a cell of so many characters', () => {
  const names = ['{"name":"x', '{"name":7}', '[]', '{"name":""}', JSON.stringify({ name: `long ${'x'.repeat(200)}` })];
  const rows = names.map((metadata, n) => connection(`c-${n}`, { metadata, memberId: `member-${n}`, address: 'a'.repeat(100) }));
  const lines = screenOf(modelOf(rows, [group('ü\u001b[2J\u202e'.repeat(50), 1)]), OPTIONS).slice(3);
  for (const line of lines) expect(line.length).toBeLessThan(150);
  for (const character of ['\u001b', '\u202e']) expect(lines.join('\n')).not.toContain(character);
  expect(lines[1]).toMatch(/^c-0 +member-0 /);
  expect(lines[4]).toMatch(/^c-3 +member-3 /);
  expect(lines[5]).toMatch(/^c-4 +long x{22}… /);
});

test('before anything is known it says what is waited for', () => {
  expect(screenOf(new Model(), OPTIONS)).toEqual(['waiting for http://h/playground/live']);
});
