import { expect, test } from 'vitest';
import { CONNECTION_STATES } from '../../packages/gateway-core/src/connection-states.js';
import { FEED_STATES, GROUP_STATES } from '../../packages/gateway-core/src/groups/group-states.js';
import { PLACE_STATES } from '../../packages/gateway-core/src/groups/place-states.js';
import { MEMBER_STATES } from '../../packages/gateway-core/src/members/member-states.js';
import { codeIn, headsOf, tableOf } from './markdown.js';

test.each<[heading: string, table: Readonly<Record<string, Readonly<Record<string, string>>>>]>([
  ['A connection', CONNECTION_STATES],
  ['A member', MEMBER_STATES],
  ['A place in a group', PLACE_STATES],
  ['A group', GROUP_STATES],
  ['A subscription', FEED_STATES],
])('docs/states.md has the states and events of "%s" as the source has them', (heading, table) => {
  const [, ...events] = headsOf('docs/states.md', heading);
  const rows = tableOf('docs/states.md', heading).map(([state = '', ...cells]) => [
    codeIn(state)[0],
    Object.fromEntries(cells.map((cell, index) => [events[index], codeIn(cell)[0] ?? 'never'])),
  ]);
  expect(Object.fromEntries(rows)).toEqual(table);
});

/** What no event leads out of, and what none leads to. */
test.each([
  ['connection', CONNECTION_STATES, ['closed'], ['connecting']],
  ['member', MEMBER_STATES, ['moved', 'gone'], []],
  ['place', PLACE_STATES, ['gone'], []],
  ['group', GROUP_STATES, ['forgotten'], []],
  ['subscription', FEED_STATES, ['ended'], ['asked']],
] as const)('of a %s, the table ends where it should, and leaves no state out of reach', (_of, table, ends, beginnings) => {
  const rows = Object.entries(table) as [string, Record<string, string>][];
  const leads = rows.map(([state, row]) => [state, Object.values(row).filter((next) => next !== 'never' && next !== state)]);
  expect(leads.filter(([, next]) => next?.length === 0).map(([state]) => state)).toEqual(ends);
  const reached = new Set(leads.flatMap(([, next]) => next));
  expect(rows.map(([state]) => state).filter((state) => !reached.has(state))).toEqual(beginnings);
});
