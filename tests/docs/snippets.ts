import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'node:util';
import { root } from '../tidy/tree.js';
import type { Block } from './markdown.js';

/** One for each process: two runs in one tree do not meet. Beside the tests, so that packages resolve as they do for them. */
const folder = join(root, 'tests/docs/.snippets', String(process.pid));

/** Starts with nothing. */
export function makeFolder(): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}

export function removeFolder(): void {
  rmSync(folder, { recursive: true, force: true });
}

/** What a snippet is called in the compiler's messages: its document and line. */
export const fileOf = ({ document, line, language }: Pick<Block, 'document' | 'line' | 'language'>): string =>
  `${document.replaceAll('/', '-').replace(/\.md$/, '')}-line-${line}.${language === 'tsx' ? 'tsx' : 'ts'}`;

/** Compiles all files in one call of the compiler, against the sources. Resolves to its messages, none where all is well. */
export async function compile(files: Readonly<Record<string, string>>): Promise<string[]> {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const config = {
    extends: join(root, 'tsconfig.json'),
    // A snippet is a module of its own, and shows names that it has no use for.
    compilerOptions: { moduleDetection: 'force', noUnusedLocals: false },
    files: Object.keys(files),
    include: [],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const output = await new Promise<string>((resolve) =>
    execFile(process.execPath, [compiler, '-p', folder, '--pretty', 'false'], { cwd: folder }, (error, stdout, stderr) =>
      resolve(error === null ? '' : stdout + stderr || error.message),
    ),
  );
  return output.split('\n').filter((line) => line !== '');
}

/** A snippet at work. */
export interface Run {
  /** The lines that it has printed so far. */
  printed(): string[];
  /** Names that it declares. */
  exports: Record<string, unknown>;
}

/** Runs a snippet in this process. Resolves when its last statement is over. */
export async function run(block: Block, options: { replace?: [from: string, to: string]; names?: string[] } = {}): Promise<Run> {
  const [from, to] = options.replace ?? ['', ''];
  if (!block.text.includes(from)) throw new Error(`${block.document}:${block.line} does not say ${from}`);
  const printed: string[] = [];
  const key = fileOf(block);
  Object.assign(globalThis, { [key]: { log: (...parts: unknown[]) => printed.push(...format(...parts).split('\n')) } });
  const file = join(folder, `run-${key}`);
  // On one line with the first import, so that line numbers stay.
  const console = `const console = globalThis[${JSON.stringify(key)}]; `;
  const names = options.names === undefined ? '' : `export { ${options.names.join(', ')} };\n`;
  writeFileSync(file, console + block.text.replace(from, to) + names);
  const exports = (await import(/* @vite-ignore */ file)) as Record<string, unknown>;
  return { printed: () => printed, exports };
}
