import { parseSync } from 'oxc-parser';
import { visitNodes } from './syntax.js';

type Callee = { type: string; name?: string; object?: Callee; property?: { name?: string }; callee?: Callee };

/** `test.concurrent.skip` → ['test', 'concurrent', 'skip']; an empty list for anything else. */
function chainOf(callee: Callee): string[] {
  if (callee.type === 'Identifier') return [callee.name ?? ''];
  if (callee.type === 'CallExpression' && callee.callee) return chainOf(callee.callee);
  if (callee.type !== 'MemberExpression' || !callee.object) return [];
  return [...chainOf(callee.object), callee.property?.name ?? ''];
}

const SUITES = ['test', 'it', 'describe', 'suite', 'bench'];
const WITH_REASON = ['skip', 'skipIf', 'runIf', 'todo', 'fails'];

/** The lines of a test file that leave tests out without saying why, or leave out all others. */
export function silentSkips(path: string, text: string): string[] {
  const lineOf = (offset: number) => text.slice(0, offset).split('\n').length;
  const { comments } = parseSync(path, text);
  // A reason stands on the line of the call or ends on the one above.
  const explained = new Set(comments.flatMap(({ start, end }) => [lineOf(start), lineOf(end) + 1]));
  const found: string[] = [];
  visitNodes(path, text, (node) => {
    if (node.type !== 'CallExpression') return;
    const [first = '', ...rest] = chainOf(node.callee as Callee);
    const line = lineOf(node.start);
    const complain = (why: string) => found.push(`${path}:${line} ${why}`);
    if (SUITES.includes(first)) {
      const left = rest.find((name) => WITH_REASON.includes(name));
      if (rest.includes('only')) complain('.only leaves out every other test');
      else if (left && !explained.has(line)) complain(`.${left} without a comment that says why`);
    } else if ((first === 'skip' && rest.length === 0) || (/^(context|ctx|t)$/.test(first) && rest[0] === 'skip')) {
      const note = (node.arguments as { type: string; value?: unknown }[]).at(-1);
      if (!note || (note.type === 'Literal' && typeof note.value !== 'string')) complain('skip() without a note');
    }
  });
  return [...new Set(found)];
}
