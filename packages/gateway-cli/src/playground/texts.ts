/** A text that is short enough to be shown, and holds on to nothing of a longer one. */
export function shown(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text;
  // Not by `slice` alone: in V8 a slice keeps the whole text in memory.
  return Buffer.from(`${text.slice(0, charactersMax)}…`).toString();
}

/** A value as JSON text, cut. */
export function shownJson(value: unknown, charactersMax: number): string | undefined {
  return value === undefined ? undefined : shown(JSON.stringify(value) ?? 'undefined', charactersMax);
}
