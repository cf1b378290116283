import { visitNodes } from '../tidy/syntax.js';
import { proseOf } from './markdown.js';

/** The id of a rule: `R` where the gateway keeps it, `C` where a client does. */
const RULE_ID = /\[([RC][1-9]\d*)\]/g;

type Callee = { type: string; name?: string; object?: Callee; callee?: Callee };
type Title = { type: string; value?: unknown; quasis?: { value: { cooked: string } }[] };

/** `test`, of `test.each(rows)`, `test.skipIf(true)` and `test`. */
function rootOf({ type, name, object, callee }: Callee): string | undefined {
  if (type === 'Identifier') return name;
  const inner = object ?? callee;
  return inner === undefined ? undefined : rootOf(inner);
}

const idsIn = (text: string): string[] => [...text.matchAll(RULE_ID)].map((match) => match[1] as string);

/** Every id that stands in a document, in order. In code they stand for themselves. */
export function rulesOf(document: string): string[] {
  return idsIn(proseOf(document).replaceAll(/`[^`]*`/g, ''));
}

/** The ids at the ends of the titles of a test file's tests. */
export function rulesNamedIn(path: string, text: string): string[] {
  const ids: string[] = [];
  visitNodes(path, text, (node) => {
    if (node.type !== 'CallExpression') return;
    const root = rootOf(node.callee as Callee);
    if (root !== 'test' && root !== 'it') return;
    const title = (node.arguments as Title[])[0];
    const said = title?.type === 'TemplateLiteral' ? title.quasis?.at(-1)?.value.cooked : title?.value;
    if (typeof said === 'string') ids.push(...idsIn(/(?: \[[RC]\d+\])+$/.exec(said)?.[0] ?? ''));
  });
  return ids;
}
