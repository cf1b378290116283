import { type ConnectionContext, DEFAULT_LIMITS, type Explained, type Explanation, type LedgerEntry } from 'gateway-core';
import { expect, test } from 'vitest';
import { Board } from '../../src/playground/board.js';
import { fatesOf } from '../../src/playground/fates.js';
import { settingsInForce } from '../../src/playground/settings-in-force.js';

const context = (n: number, more: Partial<ConnectionContext> = {}): ConnectionContext => ({
  connectionId: `c-${n}`,
  state: 'identified',
  groups: ['g'],
  createdAt: n,
  lastSeenAt: n,
  remoteAddress: '127.0.0.1',
  dialect: '2',
  lag: 0,
  unsentBytes: 0,
  ...more,
});

/** A board over connections that a test replaces. */
function boardOver(contexts: ConnectionContext[], hideMetadata = false) {
  const there = { contexts };
  const board = new Board({ connections: () => [...there.contexts], groups: () => [] }, hideMetadata);
  return { there, ids: () => board.look().connections, board };
}

test('who is behind comes first, however many there are, and the most so before the others', () => {
  const contexts = Array.from({ length: 300 }, (_, n) => context(n));
  contexts[250] = context(250, { lag: 900 });
  contexts[270] = context(270, { unsentBytes: 10 });
  contexts[299] = context(299, { unsentBytes: 5_000, lag: 3 });
  const { rows } = boardOver(contexts).ids();
  expect(rows).toHaveLength(200);
  expect(rows.slice(0, 4).map(({ id }) => id)).toEqual(['c-299', 'c-270', 'c-250', 'c-0']);
});

test('what a turn brings, and is written at its end, moves nobody', () => {
  const { there, ids } = boardOver([context(1), context(2)]);
  ids();
  there.contexts = [context(1), context(2, { lag: 8 })];
  expect(ids().rows.map(({ id }) => id)).toEqual(['c-1', 'c-2']);
});

test('only what differs from the look before is new', () => {
  const { there, ids } = boardOver([context(1), context(2), context(3)]);
  expect(ids().set).toHaveLength(3);
  expect(ids()).toMatchObject({ set: [], gone: [] });
  there.contexts = [context(1), context(3, { groups: ['g', 'h'] }), context(4)];
  expect(ids()).toMatchObject({ set: [{ id: 'c-3', groupCount: 2 }, { id: 'c-4' }], gone: ['c-2'] });
});

test('whatever clients choose is shown in so many characters', () => {
  const long = 'x'.repeat(100_000);
  const groups = Array.from({ length: 100 }, (_, n) => `g-${n}`);
  const { rows } = boardOver([context(1, { metadata: { name: long }, principal: long, groups, remoteAddress: long })]).ids();
  expect(JSON.stringify(rows).length).toBeLessThan(1_500);
  expect(rows).toMatchObject([{ groups: ['g-0', 'g-1', 'g-2', 'g-3'], groupCount: 100 }]);
});

test('of groups the fullest are shown', () => {
  const groups = Array.from({ length: 300 }, (_, n) => {
    return { groupId: `g-${n}`, connections: n, position: { epoch: 'e', seq: 1 }, logMessages: 1, logBytes: 1 };
  });
  const { rows } = new Board({ connections: () => [], groups: () => groups }, false).look().groups;
  expect(rows).toHaveLength(200);
  expect([rows[0]?.id, rows[199]?.id]).toEqual(['g-299', 'g-100']);
});

test('the settings in force are those that were given, beside their defaults', () => {
  const rows = settingsInForce({ heartbeatIntervalMs: 7 }, { logMessagesMax: 9 });
  const named = (name: string) => rows.find((row) => row.name === name);
  expect(named('heartbeatIntervalMs')).toMatchObject({ flag: '--heartbeat-interval-ms', value: 7, fallback: 10_000 });
  expect(named('logMessagesMax')).toMatchObject({ value: 9, fallback: DEFAULT_LIMITS.logMessagesMax });
  expect(named('logBytesMax')).toMatchObject({ value: DEFAULT_LIMITS.logBytesMax, fallback: DEFAULT_LIMITS.logBytesMax });
});

test('the fates of a message are told for so many members', () => {
  const ledger = () => Array.from({ length: 300 }, (_, n) => ({ memberId: `m-${n}` }) as LedgerEntry);
  const asked: unknown[] = [];
  const explain = (explained: Explained) => {
    asked.push(explained);
    return { fate: 'written', text: 'it was' } as Explanation;
  };
  expect(fatesOf({ ledger, explain }, new URLSearchParams('group=g&seq=1'))).toHaveLength(100);
  expect(fatesOf({ ledger, explain }, new URLSearchParams('group=g&seq=7&epoch=e&member=m'))).toHaveLength(1);
  expect(asked.at(-1)).toEqual({ groupId: 'g', epoch: 'e', seq: 7, memberId: 'm' });
});
