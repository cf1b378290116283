const SUBJECT = '{sub}';

/** Which groups a list of ids and patterns means. */
export interface GroupPatterns {
  has(groupId: string): boolean;
}

/**
 * Reads a list of group ids and patterns. A `*` at the end stands for any rest, also for none, and `{sub}` for the subject of the token. A
 * `*` anywhere else, other braces, an empty text and what is no text are faults: they would mean something else than they look like.
 * @param subject in which a `*` is no pattern.
 * @returns what is wrong with the list, as the end of a sentence.
 */
export function compilePatterns(list: unknown, subject: string): GroupPatterns | string {
  if (!Array.isArray(list)) return 'must be a list of group ids and patterns';
  const ids = new Set<string>();
  const prefixes: string[] = [];
  for (const pattern of list as readonly unknown[]) {
    if (typeof pattern !== 'string' || pattern === '') return 'must have only texts that are not empty';
    const isPrefix = pattern.endsWith('*');
    const parts = (isPrefix ? pattern.slice(0, -1) : pattern).split(SUBJECT);
    if (parts.some((part) => /[*{}]/.test(part))) return 'must have * only at an end, and no braces but {sub}';
    // Put in last, so that nothing in it is read as a pattern.
    const text = parts.join(subject);
    if (isPrefix) prefixes.push(text);
    else ids.add(text);
  }
  return { has: (groupId) => ids.has(groupId) || prefixes.some((prefix) => groupId.startsWith(prefix)) };
}
