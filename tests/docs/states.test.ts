import { expect, test } from 'vitest';
import { CONNECTION_STATES } from '../../packages/gateway-core/src/connection-states.js';
import { codeIn, tableOf } from './markdown.js';

test('docs/states.md has the states of a connection as the source has them', () => {
  const rows = tableOf('docs/states.md', 'A connection').map(([state = '', ...cells]) => [
    codeIn(state)[0],
    cells.map((cell) => codeIn(cell)[0] ?? 'never'),
  ]);
  expect(Object.fromEntries(rows)).toEqual(
    Object.fromEntries(Object.entries(CONNECTION_STATES).map(([state, row]) => [state, Object.values(row)])),
  );
});
