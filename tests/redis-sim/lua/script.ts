import { compileFunction } from 'node:vm';
import { first, GLOBALS, HELPERS } from './runtime.js';
import { Table } from './table.js';
import { translate } from './translate.js';

const OF_A_RUN = ['redis', 'KEYS', 'ARGV'];
const FIXED = { ...GLOBALS, ...HELPERS };

/** Runs a script. Texts are of bytes: each character stands for one. */
export type LuaScript = (call: (...args: unknown[]) => unknown, keys: readonly string[], args: readonly string[]) => unknown;

const compiled = new Map<string, LuaScript>();

/** @param text as it is sent to Redis. @throws SyntaxError where it is more of Lua than is known here. */
export function luaScript(text: string): LuaScript {
  const known = compiled.get(text);
  if (known !== undefined) return known;
  const code = translate(text, new Set([...Object.keys(GLOBALS), ...OF_A_RUN]));
  const body = compileFunction(code, [...Object.keys(FIXED), ...OF_A_RUN]);
  const fixed = Object.values(FIXED);
  const script: LuaScript = (call, keys, args) =>
    first(body(...fixed, new Table([], [['call', call]]), new Table(keys), new Table(args)));
  compiled.set(text, script);
  return script;
}
