import { readFileSync } from 'node:fs';
import { type Environment, type Flags, readSettings, type Setting } from './setting.js';
import { quote, UsageError } from './usage-error.js';

/** A file whose first line is a secret: a flag's own value would show in lists of processes. */
export function secretFile(names: Pick<Setting, 'flag' | 'variable' | 'meaning'>): Setting<string | undefined> {
  return {
    ...names,
    argument: '<file>',
    takes: 'a file',
    fallback: undefined,
    fallbackText: 'none',
    parse: (text) => (text === '' ? undefined : text),
  };
}

/**
 * A secret: the first line of the file that a flag names, else what `variable` says, else that of the file that the setting's variable names.
 * @throws UsageError that names the flag where the file cannot be read.
 */
export function secretOf(
  file: Setting<string | undefined>,
  variable: string,
  flags: Flags,
  env: Environment,
): string | undefined {
  const said = env[variable];
  if (!flags.has(file.flag) && said !== undefined && said !== '') return said;
  const { path } = readSettings({ path: file }, flags, env);
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8').split(/\r?\n/, 1)[0];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${file.flag} takes a file that can be read, not ${quote(path)} (${code})`);
  }
}
