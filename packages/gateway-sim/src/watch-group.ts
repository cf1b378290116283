import type { Group } from 'gateway-client';
import type { Happening, Told } from './history.js';

/** Notes what the user of a handle is told, for as long as they are there. */
export function watchGroup(
  note: (happening: Happening) => void,
  about: { who: string; life: string },
  handle: string,
  group: Group,
  isThere: () => boolean,
): void {
  const told = (update: object) => {
    const { type, groupId, epoch, seq, id, outcome, replayed, from, to } = update as Told;
    const told = { type, groupId, epoch, seq, id, outcome, replayed, from, to };
    if (isThere()) note({ kind: 'told', ...about, handle, told });
  };
  group.on('message', told);
  group.on('sync', told);
  group.on('gap', told);
  const ids = (members: readonly { memberId: string }[]) => members.map(({ memberId }) => memberId);
  group.on('members', ({ joins, leaves }) => {
    if (isThere()) note({ kind: 'roster', ...about, groupId: group.id, joins: ids(joins), leaves: ids(leaves) });
  });
}
