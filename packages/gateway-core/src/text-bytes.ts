/** Beside its characters a string takes a header and padding. */
const STRING_BYTES = 24;

/** What V8 keeps for a string, in bytes, at most: one for each character while all are Latin-1, else two. */
export function bytesOfText(text: string | undefined): number {
  if (text === undefined) return 0;
  return STRING_BYTES + (/[\u0100-\uffff]/.test(text) ? 2 * text.length : text.length);
}
