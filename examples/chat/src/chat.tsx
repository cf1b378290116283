import { useCallback, useState } from 'react';
import { Banner } from './banner.js';
import { ConnectionDot, NetworkToggle } from './connection.js';
import { Room } from './room.js';

const ROOMS = ['general', 'design', 'support'] as const;
type RoomId = (typeof ROOMS)[number];

/** All rooms. One that was opened stays joined: what is said there is counted, and what was written there still goes out. */
export function Chat({ name }: { name: string }) {
  const [open, setOpen] = useState<RoomId>('general');
  const [visited, setVisited] = useState<readonly RoomId[]>(['general']);
  const [unread, setUnread] = useState<Partial<Record<RoomId, number>>>({});

  const enter = (room: RoomId) => {
    setOpen(room);
    setVisited((rooms) => (rooms.includes(room) ? rooms : [...rooms, room]));
    setUnread((counts) => ({ ...counts, [room]: 0 }));
  };
  const heard = useCallback((room: RoomId) => setUnread((counts) => ({ ...counts, [room]: (counts[room] ?? 0) + 1 })), []);

  return (
    <div className="chat">
      <header className="bar">
        <h1>Chat</h1>
        <ConnectionDot />
        <span className="me">{name}</span>
        <NetworkToggle />
      </header>
      <Banner />
      <nav className="rooms" aria-label="Rooms">
        {ROOMS.map((room) => (
          <button key={room} type="button" aria-current={room === open ? 'page' : undefined} onClick={() => enter(room)}>
            <span className="hash" aria-hidden="true">
              #
            </span>
            {room}
            {(unread[room] ?? 0) > 0 && (
              <span className="badge">
                {unread[room]}
                <span className="hidden"> unread</span>
              </span>
            )}
          </button>
        ))}
      </nav>
      {visited.map((room) => (
        <Room key={room} id={room} name={name} isOpen={room === open} heard={heard as (room: string) => void} />
      ))}
    </div>
  );
}
