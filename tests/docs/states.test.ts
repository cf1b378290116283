import { expect, test } from 'vitest';
import { CONNECTION_STATES } from '../../packages/gateway-core/src/connection-states.js';
import { MEMBER_STATES } from '../../packages/gateway-core/src/members/member-states.js';
import { codeIn, tableOf } from './markdown.js';

test.each([
  ['A connection', CONNECTION_STATES],
  ['A member', MEMBER_STATES],
])('docs/states.md has the states of %s as the source has them', (heading, states: Record<string, Record<string, string>>) => {
  const rows = tableOf('docs/states.md', heading).map(([state = '', ...cells]) => [
    codeIn(state)[0],
    cells.map((cell) => codeIn(cell)[0] ?? 'never'),
  ]);
  expect(Object.fromEntries(rows)).toEqual(
    Object.fromEntries(Object.entries(states).map(([state, row]) => [state, Object.values(row)])),
  );
});
