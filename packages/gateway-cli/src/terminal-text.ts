/** Text from outside as it may go to a terminal: no control characters, not endless. */
export function plain(text: string, charactersMax: number): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, '\uFFFD');
  return clean.length > charactersMax ? `${clean.slice(0, charactersMax - 1)}…` : clean;
}
