/**
 * An id as part of a key, a field or a channel. UTF-8 has no lone surrogates, and would make one key of two ids; JSON escapes them, and
 * changes nothing in nearly all others.
 */
export function escaped(id: string): string {
  return JSON.stringify(id).slice(1, -1);
}

export function unescaped(text: string): string {
  return JSON.parse(`"${text}"`) as string;
}

/** The two ids of a text that `pairOf` has made. */
export function idsOf(pair: string): [one: string, other: string] {
  const colon = pair.indexOf(':');
  const rest = Buffer.from(pair.slice(colon + 1));
  const length = Number(pair.slice(0, colon));
  return [unescaped(rest.toString('utf8', 0, length)), unescaped(rest.toString('utf8', length))];
}

/** Two ids in one text, such that no two pairs have the same; scripts take it apart, so the length is in bytes. */
export function pairOf(one: string, other: string): string {
  const first = escaped(one);
  return `${Buffer.byteLength(first)}:${first}${escaped(other)}`;
}
