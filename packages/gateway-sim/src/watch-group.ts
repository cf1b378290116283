import type { Group } from 'gateway-client';
import type { Told } from './history.js';
import type { SimProcess } from './process.js';
import type { Surroundings } from './surroundings.js';

/** Notes what the user of a handle is told, for as long as the process lives. */
export function watchGroup(
  world: Surroundings,
  about: { who: string; life: string },
  handle: string,
  group: Group,
  process: SimProcess,
): void {
  const told = (update: object) => {
    const { type, groupId, epoch, seq, id, outcome, replayed, from, to } = update as Told;
    const told = { type, groupId, epoch, seq, id, outcome, replayed, from, to };
    if (!process.isDead) world.note({ kind: 'told', ...about, handle, told });
  };
  group.on('message', told);
  group.on('sync', told);
  group.on('gap', told);
  const ids = (members: readonly { memberId: string }[]) => members.map(({ memberId }) => memberId);
  group.on('members', ({ joins, leaves }) => {
    if (process.isDead) return;
    world.note({ kind: 'roster', ...about, groupId: group.id, joins: ids(joins), leaves: ids(leaves) });
  });
}
