import { match } from './patterns.js';
import { Table } from './table.js';

/** What a script fails with. */
export class LuaError extends Error {
  override readonly name = 'LuaError';
}

export const isTrue = (value: unknown) => value !== undefined && value !== false;
/** Calls answer a value, or an array of any number of them. */
export const first = (values: unknown) => (Array.isArray(values) ? values[0] : values);
export const all = (values: unknown): unknown[] => (Array.isArray(values) ? values : [values]);

const typeName = (value: unknown) => (value === undefined ? 'nil' : value instanceof Table ? 'table' : typeof value);

export function tonumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || !/^\s*[-+]?(\d+\.?\d*([eE][-+]?\d+)?|\.\d+|0[xX][\dA-Fa-f]+)\s*$/.test(value))
    return undefined;
  return Number(value);
}

export function num(value: unknown): number {
  const number = tonumber(value);
  if (number === undefined) throw new LuaError(`attempt to perform arithmetic on a ${typeName(value)} value`);
  return number;
}

/** As `%.14g`. */
export function numberText(value: number): string {
  const [mantissa = '', exponent = ''] = value.toExponential(13).split('e');
  const power = Number(exponent);
  if (power >= -5 && power < 14) return String(Number(value.toPrecision(14)));
  const digits = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

const textOf = (value: unknown) => (typeof value === 'number' ? numberText(value) : value);

export function concat(one: unknown, other: unknown): string {
  const [left, right] = [textOf(one), textOf(other)];
  if (typeof left === 'string' && typeof right === 'string') return left + right;
  throw new LuaError(`attempt to concatenate a ${typeName(typeof left === 'string' ? other : one)} value`);
}

function comparable(one: unknown, other: unknown): void {
  if (typeof one === typeof other && (typeof one === 'number' || typeof one === 'string')) return;
  throw new LuaError(`attempt to compare ${typeName(one)} with ${typeName(other)}`);
}

export function less(one: unknown, other: unknown): boolean {
  comparable(one, other);
  return (one as number) < (other as number);
}

export function most(one: unknown, other: unknown): boolean {
  comparable(one, other);
  return (one as number) <= (other as number);
}

export function length(value: unknown): number {
  if (typeof value === 'string' || value instanceof Table) return value.length;
  throw new LuaError(`attempt to get length of a ${typeName(value)} value`);
}

export function index(table: unknown, key: unknown): unknown {
  if (table instanceof Table) return table.get(key);
  throw new LuaError(`attempt to index a ${typeName(table)} value`);
}

export function set(table: unknown, key: unknown, value: unknown): void {
  if (!(table instanceof Table)) throw new LuaError(`attempt to index a ${typeName(table)} value`);
  table.set(key, value);
}

/** What a `for` goes through: `ipairs`, `pairs` and `gmatch` answer one. */
class Sequence {
  constructor(readonly values: Iterable<readonly unknown[]>) {}
}

export function iterate(sequence: unknown): Iterable<readonly unknown[]> {
  if (sequence instanceof Sequence) return sequence.values;
  throw new LuaError('for: only ipairs, pairs and gmatch are known here');
}

const text = (value: unknown): string => {
  const given = textOf(value);
  if (typeof given !== 'string') throw new LuaError(`string expected, got ${typeName(value)}`);
  return given;
};
const table = (value: unknown): Table => {
  if (!(value instanceof Table)) throw new LuaError(`table expected, got ${typeName(value)}`);
  return value;
};

function format(pattern: unknown, ...values: unknown[]): string {
  return text(pattern).replace(/%(?:\.(\d+)f|([dsg])|(.))/gs, (_, digits?: string, kind?: string, other?: string) => {
    if (other === '%') return '%';
    if (other !== undefined) throw new LuaError(`format that is not known here: %${other}`);
    const value = values.shift();
    if (digits !== undefined) return num(value).toFixed(Number(digits));
    if (kind === 'd') return String(Math.trunc(num(value)));
    return kind === 's' ? text(value) : numberText(num(value));
  });
}

function found(whole: string, pattern: string, from: number): unknown[] | undefined {
  const one = match(whole, pattern, from);
  if (one === undefined) return undefined;
  return one.captures.length > 0 ? [...one.captures] : [whole.slice(one.from - 1, one.to)];
}

function* matches(whole: string, pattern: string): Iterable<readonly unknown[]> {
  for (let from = 1; from <= whole.length + 1; ) {
    const one = match(whole, pattern, from);
    if (one === undefined) return;
    yield one.captures.length > 0 ? one.captures : [whole.slice(one.from - 1, one.to)];
    from = Math.max(one.to + 1, one.from + 1);
  }
}

function* itemsOf(of: Table): Iterable<readonly unknown[]> {
  for (let at = 1; of.get(at) !== undefined; at += 1) yield [at, of.get(at)];
}

const lib = (functions: Readonly<Record<string, unknown>>) => new Table([], Object.entries(functions));

const string = lib({
  format,
  len: (whole: unknown) => text(whole).length,
  sub: (whole: unknown, from: unknown, to: unknown = -1) => {
    const all = text(whole);
    const place = (at: number) => (at < 0 ? all.length + 1 + at : at);
    return all.slice(Math.max(place(num(from)), 1) - 1, Math.max(place(num(to)), 0));
  },
  match: (whole: unknown, pattern: unknown, from: unknown = 1) => found(text(whole), text(pattern), num(from)),
  gmatch: (whole: unknown, pattern: unknown) => new Sequence(matches(text(whole), text(pattern))),
  find: (whole: unknown, pattern: unknown, from: unknown = 1, isPlain: unknown = false) => {
    if (!isTrue(isPlain)) {
      const one = match(text(whole), text(pattern), num(from));
      return one === undefined ? undefined : [one.from, one.to, ...one.captures];
    }
    const at = text(whole).indexOf(text(pattern), num(from) - 1);
    return at < 0 ? undefined : [at + 1, at + text(pattern).length];
  },
  gsub: (whole: unknown, pattern: unknown, by: unknown) => {
    if (text(by).includes('%')) throw new LuaError('gsub: captures are not known here');
    const [all, parts] = [text(whole), [] as string[]];
    let [from, count] = [1, 0];
    for (let one = match(all, text(pattern)); one !== undefined && one.to >= one.from; one = match(all, text(pattern), from)) {
      parts.push(all.slice(from - 1, one.from - 1), text(by));
      from = one.to + 1;
      count += 1;
    }
    return [parts.join('') + all.slice(from - 1), count];
  },
});

/** The globals that scripts have, but for `redis`, `KEYS` and `ARGV`. */
export const GLOBALS: Readonly<Record<string, unknown>> = {
  string,
  math: lib({
    floor: (value: unknown) => Math.floor(num(value)),
    max: (...values: unknown[]) => Math.max(...values.map(num)),
    min: (...values: unknown[]) => Math.min(...values.map(num)),
  }),
  table: lib({
    concat: (of: unknown, between: unknown = '') => table(of).items.map(text).join(text(between)),
    insert: (into: unknown, value: unknown) => table(into).set(table(into).length + 1, value),
    sort: (of: unknown) => {
      for (const [at, item] of [...table(of).items].map(text).sort().entries()) table(of).set(at + 1, item);
    },
  }),
  cjson: lib({ encode: (value: unknown) => jsonOf(value) }),
  tonumber,
  tostring: (value: unknown) => (value === undefined ? 'nil' : typeof value === 'boolean' ? String(value) : text(value)),
  ipairs: (of: unknown) => new Sequence(itemsOf(table(of))),
  pairs: (of: unknown) => new Sequence(table(of).entries()),
  unpack: (of: unknown, from: unknown = 1, to: unknown = table(of).length) => {
    const [first, last] = [num(from), num(to)];
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => table(of).get(first + at));
  },
};

/** As cjson writes it. */
function jsonOf(value: unknown): string {
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'boolean') return String(value);
  if (value === undefined) return 'null';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: cjson escapes them.
  if (typeof value === 'string') return `"${value.replace(/["\\/\u0000-\u001f\u007f]/g, escapedInJson)}"`;
  const entries = table(value).entries();
  if (entries.length > 0 && entries.length === table(value).length)
    return `[${entries.map(([, item]) => jsonOf(item)).join(',')}]`;
  return `{${entries.map(([key, item]) => `${jsonOf(text(key))}:${jsonOf(item)}`).join(',')}}`;
}

const SHORT: Readonly<Record<string, string>> = { '\b': '\\b', '\t': '\\t', '\n': '\\n', '\f': '\\f', '\r': '\\r' };

function escapedInJson(char: string): string {
  if ('"\\/'.includes(char)) return `\\${char}`;
  return SHORT[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** What translated code calls. */
export const HELPERS = { Table, isTrue, first, all, num, less, most, concat, length, index, set, iterate };
