/** The command line or the environment is wrong; the message is one line that names what to change. Ends the program with code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Text from outside as it may stand in a message: one line, quoted, not endless. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
