import type { Group, Member } from 'gateway-client';
import { useClient, useMembers } from 'gateway-client/react';
import { Avatar } from './avatar.js';
import type { Said, Typing } from './client.js';

type Room = Group<Said, Typing> | null;

const nameOf = ({ metadata }: Member<Typing>): string => (typeof metadata?.name === 'string' ? metadata.name : 'Somebody');

/** Who is in the room. */
export function People({ room }: { room: Room }) {
  const { list, stale } = useMembers(room);
  const { memberId } = useClient();
  const people = [...list.values()]
    .map((member) => ({ member, name: nameOf(member), isMe: member.memberId === memberId }))
    .sort((a, b) => Number(b.isMe) - Number(a.isMe) || a.name.localeCompare(b.name));
  return (
    <aside className={`people ${stale ? 'stale' : ''}`} aria-label="People">
      <h2>
        Here now <span className="count">{people.length}</span>
      </h2>
      <ul>
        {people.map(({ member, name, isMe }) => (
          <li key={member.memberId} className={member.connected ? 'here' : 'away'}>
            <Avatar name={name} />
            <span className="name">{name}</span>
            {isMe && <span className="note">you</span>}
            {!isMe && !member.connected && <span className="note">reconnecting</span>}
          </li>
        ))}
      </ul>
    </aside>
  );
}

/** Who is typing. Always there, so that nothing jumps. */
export function TypingLine({ room }: { room: Room }) {
  const { memberId } = useClient();
  // Not connected, one does not know.
  const names = useMembers(
    room,
    ({ list, stale }) =>
      (stale ? [] : [...list.values()])
        .filter(({ state, connected, memberId: id }) => state?.isTyping && connected && id !== memberId)
        .map(nameOf),
    sameNames,
  );
  return (
    <p className="typing" aria-live="polite">
      {names.length > 0 && (
        <>
          <span className="dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          {sentence(names)}
        </>
      )}
    </p>
  );
}

const sameNames = (before: readonly string[], after: readonly string[]): boolean => before.join('\n') === after.join('\n');

function sentence(names: readonly string[]): string {
  if (names.length > 2) return 'Several people are typing…';
  return `${names.join(' and ')} ${names.length > 1 ? 'are' : 'is'} typing…`;
}
