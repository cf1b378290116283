/** The command line or the environment is wrong; the message is one line that names what to change. Ends the program with code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Text from outside as it may stand in a message: one line, quoted, not endless, and without what is secret in a URL. */
export function quote(text: string): string {
  const shown = withoutSecrets(text);
  return JSON.stringify(shown.length > 80 ? `${shown.slice(0, 80)}…` : shown);
}

/**
 * A URL, or what was meant to be one, as it may be read by others. Messages end up in logs, and the password of one that is mistyped is
 * seldom mistyped too.
 */
function withoutSecrets(text: string): string {
  const [, before, after = ''] = /^(.*?:\/+)(.*)$/s.exec(text) ?? [];
  if (before === undefined) return text;
  const at = after.lastIndexOf('@');
  // Without a host, what stands where its port would be is the password.
  const shown =
    at < 0
      ? after.replace(/^([^.:/?#[]*:)(?!\d{1,5}(?:[,/?#]|$))[^/?#]*/, '$1***')
      : `${after.slice(0, at).replace(/:.*$/s, ':***')}${after.slice(at)}`;
  return before + shown.replace(/\?.*$/s, '?***');
}
