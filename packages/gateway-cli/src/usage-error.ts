/** The command line or the environment is wrong; the message is one line that names what to change. Ends the program with code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Text from outside as it may stand in a message: one line, quoted, not endless; and of what may be a URL, without what may be secret in it.
 * A password that is written as it is, with a `/` in it, is the likeliest fault of a URL.
 */
export function quote(text: string): string {
  const shown = text.replace(/\/\/.*@/s, '//***@').replace(/^([a-z][a-z+]*:.*?\?).*/is, '$1***');
  return JSON.stringify(shown.length > 80 ? `${shown.slice(0, 80)}…` : shown);
}
