import type { Group } from 'gateway-client';
import { useMyState } from 'gateway-client/react';
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from 'react';
import type { Said, Typing } from './client.js';

const TEXT_MAX = 2_000;
/** Who has not typed for this long has stopped. */
const STOPPED_MS = 3_000;

interface ComposerProps {
  room: Group<Said, Typing> | null;
  roomName: string;
  isOpen: boolean;
  say: (text: string) => void;
}

export function Composer({ room, roomName, isOpen, say }: ComposerProps) {
  const [text, setText] = useState('');
  const [mine, setMine] = useMyState(room);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const box = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    // Not where it would bring up a keyboard over the messages.
    if (isOpen && matchMedia('(pointer: fine)').matches) box.current?.focus();
  }, [isOpen]);

  const stop = () => {
    clearTimeout(timer.current);
    if (mine !== undefined) setMine(undefined);
  };
  const type = (next: string) => {
    setText(next);
    if (next.trim() === '') return stop();
    if (mine === undefined) setMine({ isTyping: true });
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setMine(undefined), STOPPED_MS);
  };
  const submit = (event: FormEvent | KeyboardEvent) => {
    event.preventDefault();
    if (text.trim() === '' || room === null) return;
    say(text.trim());
    setText('');
    stop();
  };
  return (
    <form className="composer" onSubmit={submit}>
      <textarea
        ref={box}
        aria-label={`Message #${roomName}`}
        placeholder={`Message #${roomName}`}
        rows={1}
        maxLength={TEXT_MAX}
        value={text}
        onChange={(event) => type(event.target.value)}
        onBlur={stop}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) submit(event);
        }}
      />
      <button type="submit" className="primary" disabled={text.trim() === ''}>
        Send
      </button>
    </form>
  );
}
