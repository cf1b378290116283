import { EventEmitter } from 'node:events';
import { run } from 'gateway-cli';

/** What the program prints; throws where it does not end with 0. */
export async function outputOfCli(...argv: string[]): Promise<string> {
  let out = '';
  let err = '';
  const stdout = { write: (text: string) => (out += text), columns: 300 };
  const stderr = { write: (text: string) => (err += text) };
  const exit = (code: number) => {
    throw new Error(`exited with ${code}`);
  };
  const code = await run(argv, {}, { stdout, stderr, signals: new EventEmitter(), exit });
  if (code !== 0) throw new Error(err);
  return out;
}

/** The flags that a help text or a script speaks of. */
export function flagsIn(text: string): string[] {
  return [...new Set(text.match(/(?<![\w-])--[a-z][a-z-]*[a-z]/g) ?? [])];
}

/** The variables of the gateway's program that a text speaks of. `GW_` and a star is all of them. */
export function variablesIn(text: string): string[] {
  return [...new Set(text.match(/\b(?:GW_[A-Z_]+|LOG_LEVEL)\b/g) ?? [])];
}
