import { age, bytes, clockOf, count, rate, short } from '../playground/format.js';
import type { Model } from '../playground/model.js';
import type { ConnectionRow } from '../playground/wire.js';
import { plain } from '../terminal-text.js';
import type { Sort, TopOptions } from './options.js';

const ORDERS: Record<Sort, (a: ConnectionRow, b: ConnectionRow) => number> = {
  lag: (a, b) => b.lag - a.lag || b.unsentBytes - a.unsentBytes,
  unsent: (a, b) => b.unsentBytes - a.unsentBytes || b.lag - a.lag,
  age: (a, b) => a.createdAt - b.createdAt,
  name: (a, b) => (nameOf(a) < nameOf(b) ? -1 : 1),
};

/** What `top` shows, line by line. Whatever a client chose is printed without control characters: a terminal would obey them. */
export function screenOf(model: Model, { sort, rows, url }: Pick<TopOptions, 'sort' | 'rows' | 'url'>): string[] {
  const { change, snapshot } = model;
  if (change === undefined || snapshot === undefined) return [`waiting for ${url}`];
  const { stats, at, draining } = change;
  const number = (name: string) => count(stats[name] ?? 0);
  const connections = [...model.connections.values()].sort(ORDERS[sort]).slice(0, rows);
  const groups = [...model.groups.values()].sort((a, b) => b.connections - a.connections).slice(0, rows);
  const codes = change.codes.map(({ code, times }) => `${code} ×${times}`);
  return [
    `gateway ${draining ? 'draining' : 'running'} ${clockOf(at - snapshot.startedAt)}  connections ${number('connections')}  groups ${number('groups')}  inside resume window ${number('droppedMembers')}`,
    `messages in ${rate(model.rate('messagesInTotal'))}/s (${bytes(model.rate('bytesInTotal'))}/s)  delivered ${rate(model.rate('deliveredTotal'))}/s  logs ${bytes(stats.logBytes ?? 0)}  lost ${number('lostTotal')}  gaps ${number('gapsTotal')}  errors ${number('errorsSentTotal')}`,
    ...(codes.length === 0 ? [] : [`closes and errors since it looks: ${codes.join('  ')}`]),
    '',
    ...table(
      ['CONNECTION', 'NAME', 'ROLE', 'GROUPS', 'DIALECT', 'LAG', 'UNSENT', 'HEARD', 'AGE', 'ADDRESS'],
      connections.map((row) => [
        short(row.id),
        nameOf(row),
        row.role ?? row.state,
        row.groupCount > 1 ? `${row.groups[0]} +${row.groupCount - 1}` : (row.groups[0] ?? '-'),
        row.dialect,
        count(row.lag),
        row.unsentBytes === 0 ? '0' : bytes(row.unsentBytes),
        age(at - row.lastSeenAt),
        age(at - row.createdAt),
        row.address,
      ]),
    ),
    '',
    ...table(
      ['GROUP', 'HEAD', 'HERE', 'LOG', 'BYTES'],
      groups.map(({ id, epoch, seq, connections: here, logMessages, logBytes }) => [
        id,
        `${epoch.slice(0, 4)}:${seq}`,
        count(here),
        count(logMessages),
        bytes(logBytes),
      ]),
    ),
  ];
}

/** What a person would call a connection. */
function nameOf({ metadata, principal, memberId, id }: ConnectionRow): string {
  try {
    const { name } = JSON.parse(metadata ?? '{}');
    if (typeof name === 'string' && name !== '') return name;
  } catch {
    // It was cut.
  }
  return principal ?? short(memberId ?? id);
}

const CELL_MAX = 28;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const cells = [head, ...rows.map((row) => row.map((cell) => plain(cell, CELL_MAX)))];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
