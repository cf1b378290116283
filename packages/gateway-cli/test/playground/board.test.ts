import type { ConnectionContext } from 'gateway-core';
import { expect, test } from 'vitest';
import { Board } from '../../src/playground/board.js';

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
