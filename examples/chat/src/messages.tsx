import { useStatus } from 'gateway-client/react';
import { useEffect, useRef } from 'react';
import { Avatar } from './avatar.js';
import type { Entry, Fate, Line } from './conversation.js';

/** Messages of one person within this time stand under one name. */
const TOGETHER_MS = 5 * 60_000;
/** Who has scrolled up further than this reads, and is not moved. */
const NEAR_END_PX = 120;

const FATES: Record<Fate, string> = {
  sending: 'Sending…',
  accepted: 'Sent',
  unknown: 'May not have arrived',
  failed: 'Not sent',
};
const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

interface MessagesProps {
  room: string;
  log: readonly Entry[];
  outbox: readonly Line[];
  /** Sends one again, as the same message. */
  again: (line: Line) => void;
}

export function Messages({ room, log, outbox, again }: MessagesProps) {
  const isOnline = useStatus(({ state }) => state === 'online');
  const list = useRef<HTMLOListElement>(null);
  const isNearEnd = useRef(true);
  const entries = [...log, ...outbox];
  const last = entries.at(-1);
  const lastKey = last?.key;
  const isOwn = last?.type === 'line' && last.own;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is new at the end is the reason to scroll.
  useEffect(() => {
    if (list.current !== null && (isNearEnd.current || isOwn)) list.current.scrollTop = list.current.scrollHeight;
  }, [lastKey, isOwn, entries.length]);
  // A keyboard that comes up on a telephone leaves less room.
  useEffect(() => {
    const { current } = list;
    if (current === null) return;
    const observer = new ResizeObserver(() => {
      if (isNearEnd.current) current.scrollTop = current.scrollHeight;
    });
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  const scrolled = () => {
    const { scrollTop = 0, scrollHeight = 0, clientHeight = 0 } = list.current ?? {};
    isNearEnd.current = scrollHeight - clientHeight - scrollTop < NEAR_END_PX;
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys.
    <ol className="messages" ref={list} onScroll={scrolled} role="log" aria-label={`Messages in ${room}`} tabIndex={0}>
      {entries.length === 0 && <li className="empty">Nobody has said anything here yet. Say hello.</li>}
      {entries.map((entry, index) =>
        entry.type === 'hole' ? (
          <li key={entry.key} className="hole">
            {entry.text}
          </li>
        ) : (
          <Bubble
            key={entry.key}
            line={entry}
            isFirst={!belongsTo(entries[index - 1], entry)}
            isOnline={isOnline}
            again={again}
          />
        ),
      )}
    </ol>
  );
}

interface BubbleProps {
  line: Line;
  /** Of several by the same person. */
  isFirst: boolean;
  isOnline: boolean;
  again: MessagesProps['again'];
}

function Bubble({ line, isFirst, isOnline, again }: BubbleProps) {
  const { own, fate, name, text, at, problem } = line;
  return (
    <li className={`line ${own ? 'own' : 'other'} ${isFirst ? 'first' : ''}`} data-fate={fate}>
      {isFirst && !own && <Avatar name={name} />}
      <div className="said">
        {isFirst && (
          <p className="by">
            <b>{own ? 'You' : name}</b> <time dateTime={new Date(at).toISOString()}>{time.format(at)}</time>
          </p>
        )}
        <div className="row">
          <p className="text">{text}</p>
          {own && fate === 'accepted' && <span className="accepted" role="img" aria-label="Accepted" title="Accepted" />}
        </div>
        {own && fate !== 'accepted' && (
          <p className="fate" title={problem}>
            <span className="mark" aria-hidden="true" />
            {fate === 'sending' && !isOnline ? 'Waits for the network' : FATES[fate]}
            {fate !== 'sending' && (
              <button type="button" className="link" onClick={() => again(line)}>
                Send again
              </button>
            )}
          </p>
        )}
      </div>
    </li>
  );
}

const belongsTo = (before: Entry | undefined, line: Line): boolean =>
  before?.type === 'line' && before.own === line.own && before.name === line.name && line.at - before.at < TOGETHER_MS;
