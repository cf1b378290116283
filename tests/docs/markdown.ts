import { filesInGit, read } from '../tidy/tree.js';

/** Every document of the repository, as paths from its root. */
export const documents: readonly string[] = filesInGit().filter((path) => path.endsWith('.md'));

/** A fenced block. */
export interface Block {
  document: string;
  /** Of its first fence, from 1. */
  line: number;
  /** The heading that it stands under. */
  heading: string;
  /** The first word behind the fence, like `ts`. */
  language: string;
  /** `run` behind the language: the block runs as it stands, and the next `text` block is what it prints. */
  runs: boolean;
  /** An absolute path behind the language: the block is that file, for whoever follows the page. */
  file: string | undefined;
  text: string;
}

export function blocksOf(document: string): Block[] {
  const blocks: Block[] = [];
  let heading = '';
  let open: Block | undefined;
  for (const [index, line] of read(document).split('\n').entries()) {
    if (open !== undefined) {
      if (line === '```') open = undefined;
      else open.text += `${line}\n`;
    } else if (line.startsWith('```')) {
      const [language = '', ...flags] = line.slice(3).split(' ');
      const file = flags.find((flag) => flag.startsWith('/'));
      open = { document, line: index + 1, heading, language, runs: flags.includes('run'), file, text: '' };
      blocks.push(open);
    } else if (/^#+ /.test(line)) {
      heading = line.replace(/^#+ /, '');
    }
  }
  if (open !== undefined) throw new Error(`${document}: the block of line ${open.line} has no end`);
  return blocks;
}

/** A document without its fenced blocks. */
export function proseOf(document: string): string {
  return read(document).replaceAll(/^```[^\n]*\n[\s\S]*?^```$/gm, '');
}

/** What stands between single backticks. */
export function codeIn(markdown: string): string[] {
  return [...markdown.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] as string);
}

/** The lines of the table under a heading. */
function tableLines(document: string, heading: string): string[][] {
  const section = proseOf(document)
    .split(/^#+ /m)
    .find((part) => part.startsWith(`${heading}\n`));
  const lines = section?.split('\n').filter((line) => line.startsWith('| ')) ?? [];
  if (lines.length < 3) throw new Error(`${document} has no table under ${heading}`);
  return lines.map((line) => line.slice(2, -2).split(' | '));
}

/** The heads of the columns of the table under a heading. */
export function headsOf(document: string, heading: string): string[] {
  return tableLines(document, heading)[0] as string[];
}

/** The rows of the table under a heading, each as the text of its cells. */
export function tableOf(document: string, heading: string): string[][] {
  return tableLines(document, heading).slice(2);
}

/** The first code of each row, which is what the table lists: `` `on(name, listener)` `` is `on`. */
export function namesIn(rows: readonly string[][]): string[] {
  return rows.flatMap(([first = '']) => codeIn(first)).map((code) => code.replace(/\(.*$/, ''));
}

/** The anchors that GitHub gives to a document's headings. */
export function anchorsOf(document: string): string[] {
  const seen = new Map<string, number>();
  return [...proseOf(document).matchAll(/^#+ (.+)$/gm)].map((match) => {
    const anchor = (match[1] as string)
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-');
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    return times === 0 ? anchor : `${anchor}-${times}`;
  });
}
