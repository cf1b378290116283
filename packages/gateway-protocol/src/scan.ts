const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
// `[` and `{` differ in this one bit only, and so do `]` and `}`.
const BRACE_BIT = 0x20;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const BRACKET_MIN = 0x5b;
/** Through a longer row of plain characters, like an array of numbers, a regular expression is four times as fast as `charCodeAt`. */
const PLAIN_MAX = 16;
const MARK = /["[\]{}]/g;

/** What one pass over a message's text finds. */
export interface Scan {
  /** Arrays and objects are nested deeper than was allowed; the pass stopped there. */
  tooDeep: boolean;
  /** JSON text of the value that `JSON.parse` would put at `payload.data`, without the white space around it. */
  dataText: string | undefined;
}

/**
 * Measures the nesting of a message and finds the text of `payload.data`, in one pass, without recursion and before
 * `JSON.parse`. For a text that `JSON.parse` takes, the two agree on every key: the last of duplicates wins, and a key
 * may be written with escapes. For any other text the answer means nothing, and `JSON.parse` refuses it afterwards.
 */
export function scan(text: string, depthMax: number): Scan {
  const { length } = text;
  let depth = 0;
  let inPayload = false;
  /** Characters since the last quote or bracket: of numbers, commas, colons and white space. */
  let plain = 0;
  let dataStart = -1;
  let dataEnd = -1;
  for (let at = 0; at < length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) {
      plain = 0;
      const start = at + 1;
      const end = stringEnd(text, start);
      if (end === -1) break;
      at = end;
      if (depth > 2 || (depth === 2 && !inPayload)) continue;
      // In JSON, a string before a colon is a key, and no other string is.
      const colon = skipSpace(text, end + 1);
      if (text.charCodeAt(colon) !== COLON) continue;
      const value = skipSpace(text, colon + 1);
      at = value - 1;
      if (depth === 1 && isKey(text, start, end, 'payload')) {
        inPayload = text.charCodeAt(value) === OPEN;
        dataStart = -1;
      } else if (depth === 2 && isKey(text, start, end, 'data')) {
        dataStart = value;
        dataEnd = scalarEnd(text, value);
        if (dataEnd !== -1) at = dataEnd - 1;
      }
    } else if (char < BRACKET_MIN) {
      plain += 1;
      if (plain === PLAIN_MAX) at = nextMark(text, at + 1) - 1;
    } else if ((char | BRACE_BIT) === OPEN) {
      plain = 0;
      depth += 1;
      if (depth > depthMax) return { tooDeep: true, dataText: undefined };
    } else if ((char | BRACE_BIT) === CLOSE) {
      plain = 0;
      depth -= 1;
      if (depth === 1) inPayload = false;
      else if (depth === 2 && dataEnd === -1) dataEnd = at + 1;
    }
  }
  return { tooDeep: false, dataText: dataStart === -1 ? undefined : text.slice(dataStart, dataEnd) };
}

/**
 * The JSON text of the string that `JSON.parse` would put at `id`, however deep the text is nested: read only where it was found too deep
 * to be parsed. For a text that is not JSON the answer means nothing.
 */
export function findIdText(text: string): string | undefined {
  let depth = 0;
  let idText: string | undefined;
  for (let at = nextMark(text, 0); at < text.length; at = nextMark(text, at + 1)) {
    const mark = text.charCodeAt(at);
    if (mark !== QUOTE) {
      depth += (mark | BRACE_BIT) === OPEN ? 1 : -1;
      continue;
    }
    const start = at + 1;
    at = stringEnd(text, start);
    if (at === -1) break;
    if (depth !== 1 || !isKey(text, start, at, 'id')) continue;
    const colon = skipSpace(text, at + 1);
    if (text.charCodeAt(colon) !== COLON) continue;
    const value = skipSpace(text, colon + 1);
    idText = text.charCodeAt(value) === QUOTE ? text.slice(value, scalarEnd(text, value)) : undefined;
    // A string that is the value is no key, and its brackets are none.
    if (idText !== undefined) at = value + idText.length - 1;
  }
  return idText;
}

/** Index of the next quote or bracket, or the text's length. */
function nextMark(text: string, from: number): number {
  MARK.lastIndex = from;
  return MARK.test(text) ? MARK.lastIndex - 1 : text.length;
}

/** Where a value that is no array and no object ends, or -1 for one that is. */
function scalarEnd(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) {
    const end = stringEnd(text, start + 1);
    return end === -1 ? text.length : end + 1;
  }
  if ((first | BRACE_BIT) === OPEN) return -1;
  let end = start;
  while (end < text.length && !isScalarEnd(text.charCodeAt(end))) end += 1;
  return end;
}

function isScalarEnd(char: number): boolean {
  return char === COMMA || char === CLOSE || isSpace(char);
}

/** Index of the quote that ends the string whose first character is at `start`, or -1. */
function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start);
  while (end !== -1) {
    let before = end;
    while (before > start && text.charCodeAt(before - 1) === BACKSLASH) before -= 1;
    // An even run of backslashes is escaped backslashes; an odd one escapes the quote.
    if (((end - before) & 1) === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return -1;
}

function isKey(text: string, start: number, end: number, key: string): boolean {
  const first = text.charCodeAt(start);
  if (first !== BACKSLASH && first !== key.charCodeAt(0)) return false;
  if (end - start === key.length) return text.startsWith(key, start);
  // Longest when every character is written as an escape of six.
  if (end - start < key.length || end - start > key.length * 6) return false;
  try {
    return JSON.parse(text.slice(start - 1, end + 1)) === key;
  } catch {
    return false;
  }
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return at;
}

function isSpace(char: number): boolean {
  return char === 0x20 || char === 0x0a || char === 0x0d || char === 0x09;
}
