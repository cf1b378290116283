const CLASSES: Readonly<Record<string, string>> = {
  a: 'A-Za-z',
  d: '0-9',
  l: 'a-z',
  s: '\\s',
  u: 'A-Z',
  w: 'A-Za-z0-9',
  x: '0-9A-Fa-f',
};

interface Pattern {
  readonly regExp: RegExp;
  /** Which captures are of a position. */
  readonly positions: readonly boolean[];
}

const known = new Map<string, Pattern>();

/** A pattern of Lua as a regular expression. */
function patternOf(text: string): Pattern {
  const before = known.get(text);
  if (before !== undefined) return before;
  const isAnchored = text.startsWith('^');
  const positions: boolean[] = [];
  let source = '';
  for (let at = isAnchored ? 1 : 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === '%') {
      at += 1;
      source += classOf(text.charAt(at), true);
    } else if (char === '(') {
      positions.push(text.charAt(at + 1) === ')');
      source += '(';
    } else if (char === '[') {
      const end = text.indexOf(']', at + 2);
      const set = text.slice(at + 1, end).replace(/%(.)|[\\\]]/gs, (all, escaped?: string) => {
        return escaped === undefined ? `\\${all}` : classOf(escaped, false);
      });
      source += `[${set}]`;
      at = end;
    } else if (char === '-') source += '*?';
    else if (char === '.') source += '[^]';
    else if (char === '$' && at < text.length - 1) source += '\\$';
    else source += /[\\^{}|/]/.test(char) ? `\\${char}` : char;
  }
  const pattern = { regExp: new RegExp(source, isAnchored ? 'dy' : 'dg'), positions };
  known.set(text, pattern);
  return pattern;
}

function classOf(char: string, isAlone: boolean): string {
  const inside = CLASSES[char.toLowerCase()];
  if (inside === undefined || !/[a-z]/i.test(char)) {
    if (/[a-z]/i.test(char)) throw new SyntaxError(`a class of characters that is not known here: %${char}`);
    return /\w/.test(char) ? char : `\\${char}`;
  }
  const isNegative = char !== char.toLowerCase();
  if (!isAlone && isNegative) throw new SyntaxError(`not known here inside of a set: %${char}`);
  return isAlone ? `[${isNegative ? '^' : ''}${inside}]` : inside;
}

/** A match, with positions as Lua counts them: from 1. */
export interface Match {
  readonly from: number;
  readonly to: number;
  /** Of the pattern's captures. Empty where it has none. */
  readonly captures: readonly (string | number | undefined)[];
}

/** @param from where to begin, from 1. */
export function match(text: string, pattern: string, from = 1): Match | undefined {
  const { regExp, positions } = patternOf(pattern);
  regExp.lastIndex = from - 1;
  const found = regExp.exec(text);
  if (found === null) return undefined;
  const at = (capture: number) => (found.indices?.[capture]?.[0] as number) + 1;
  return {
    from: found.index + 1,
    to: found.index + found[0].length,
    captures: positions.map((isPosition, index) => (isPosition ? at(index + 1) : found[index + 1])),
  };
}
