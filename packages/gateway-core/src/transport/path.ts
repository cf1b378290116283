/** The path of a request target: origin form or absolute form (RFC 9112 §3.2). `undefined` for anything else. Never throws. */
export function pathOf(target: string | undefined): string | undefined {
  if (target === undefined) return undefined;
  if (!target.startsWith('/')) return URL.canParse(target) && /^https?:/i.test(target) ? new URL(target).pathname : undefined;
  const end = target.search(/[?#]/);
  return end === -1 ? target : target.slice(0, end);
}

/**
 * A path in the one spelling in which paths are compared: without a slash at its end, and escaped as clients do it, with upper-case digits
 * (RFC 3986 §6.2.2.1). So `/rt/` is `/rt`, and `/gruppé` is `/grupp%C3%A9`. What is escaped without need stays so, since no client does
 * that: `/r%74` is another path.
 */
export function normalPath(path: string): string {
  const bare = path.length > 1 && path.endsWith('/') && !path.endsWith('//') ? path.slice(0, -1) : path;
  // Nearly every target: nothing in it has a second spelling.
  if (/^[\w/.~-]*$/.test(bare)) return bare;
  return bare.replace(/%[0-9a-f]{2}/gi, (escaped) => escaped.toUpperCase()).replace(/[^\u0021-\u007e]+|["<>\\^`{|}]/g, escapeOf);
}

/** Why no client can connect on this path, as the end of a sentence. */
export function problemOfPath(path: unknown): string | undefined {
  if (typeof path !== 'string' || !path.startsWith('/') || /[?#]/.test(path))
    return 'must be a string that begins with / and has no query';
  if (/[\s\\\p{Cc}]/u.test(path)) return 'must have no spaces, control characters or backslashes; a space is written %20';
  if (/\p{Cs}/u.test(path)) return 'must be well-formed Unicode';
  if (/%(?![0-9a-f]{2})/i.test(path)) return 'must have two hexadecimal digits after each %; the character itself is %25';
  if (path.includes('//')) return 'must have no empty part between two slashes; proxies take such slashes together';
  // A client resolves them before it connects (RFC 3986 §5.2.4).
  if (/\/(\.|%2e){1,2}(\/|$)/i.test(path)) return 'must have no part that is . or ..';
  return undefined;
}

/** In UTF-8 (RFC 3987 §3.1). */
function escapeOf(text: string): string {
  return [...Buffer.from(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}
