import { useGroup, useMessages } from 'gateway-client/react';
import type { Said, Typing } from './client.js';
import { Composer } from './composer.js';
import { saidOf } from './conversation.js';
import { Messages } from './messages.js';
import { People, TypingLine } from './people.js';
import { useConversation } from './use-conversation.js';

interface RoomProps {
  id: string;
  name: string;
  isOpen: boolean;
  /** Somebody else has said something here while another room was open. */
  heard: (room: string) => void;
}

/** One room: what is said, who is there, and who is typing. */
export function Room({ id, name, isOpen, heard }: RoomProps) {
  const room = useGroup<Said, Typing>(`room:${id}`, { since: { tail: 50 }, parse: saidOf });
  const { log, outbox, say } = useConversation(room);
  useMessages(room, ({ own, replayed }) => {
    if (!isOpen && !own && !replayed) heard(id);
  });
  return (
    <div className="room" hidden={!isOpen}>
      <main aria-label={`#${id}`}>
        <Messages room={id} log={log} outbox={outbox} again={(line) => say({ text: line.text, name }, line.key)} />
        <TypingLine room={room} />
        <Composer room={room} roomName={id} isOpen={isOpen} say={(text) => say({ text, name })} />
      </main>
      <People room={room} />
    </div>
  );
}
