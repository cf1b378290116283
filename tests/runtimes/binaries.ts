import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Path of a program in an optional package, or undefined where that is not installed: they come for Linux on x64. */
function binary(file: string): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(file);
  } catch {
    return undefined;
  }
}

export const BUN = binary('@oven/bun-linux-x64/bin/bun');
export const DENO = binary('@deno/linux-x64-glibc/deno');

const { optionalDependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
/** The version that is tested. */
export const BUN_VERSION: string = optionalDependencies['@oven/bun-linux-x64'];
