import type { Environment } from './setting.js';
import { quote, UsageError } from './usage-error.js';

/** What a variable of a flag that is there or not may say, in any case. */
export const SAID: Readonly<Record<string, boolean>> = { '1': true, true: true, on: true, '0': false, false: false, off: false };

/**
 * What a variable says of a few words that it may have.
 * @returns `undefined`: nothing.
 * @throws UsageError that names the variable.
 */
export function said<Value>(variable: string, env: Environment, values: Readonly<Record<string, Value>>): Value | undefined {
  const text = env[variable];
  if (text === undefined || text === '') return undefined;
  const value = values[text.toLowerCase()];
  if (value === undefined) throw new UsageError(`${variable} takes one of ${Object.keys(values).join(', ')}, not ${quote(text)}`);
  return value;
}
