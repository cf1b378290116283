/** Text from outside as it may go to a terminal: no control characters, not endless. */
export function plain(text: string, charactersMax: number): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, '\uFFFD');
  return clean.length > charactersMax ? `${clean.slice(0, charactersMax - 1)}…` : clean;
}

/** A character as JSON may write it inside of a string. */
export function escaped(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

/** JSON text in which a terminal that it is shown on finds nothing to obey: the same value. JSON escapes the first 32 characters by itself. */
export function inertJson(text: string): string {
  return text.replace(/[\u007f-\u009f\p{Cf}\u2028\u2029]/gu, escaped);
}

/** JSON text without the control characters that it has escaped, but for ends of lines and tabs. */
export function withoutControls(json: string): string {
  return json.replace(/(?<!\\)((?:\\\\)*)\\(?:u00[01][0-9a-f]|[bfr])/g, '$1\uFFFD');
}
