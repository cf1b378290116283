import type { CSSProperties } from 'react';

/** Initials on a colour that belongs to the name. */
export function Avatar({ name }: { name: string }) {
  let hue = 0;
  for (const character of name) hue = (hue * 31 + (character.codePointAt(0) ?? 0)) % 360;
  const words = name.trim().split(/\s+/);
  const initials = words.length > 1 ? [words[0], words.at(-1)].map((word) => [...(word ?? '')][0]) : [...name.trim()].slice(0, 2);
  return (
    <span className="avatar" style={{ '--hue': hue } as CSSProperties} aria-hidden="true">
      {initials.join('')}
    </span>
  );
}
