import { parseSync } from 'oxc-parser';

export interface Import {
  specifier: string;
  /** The import vanishes when types are stripped. */
  typeOnly: boolean;
}

/** What the rules ask of a source. */
export interface Facts {
  /** Every way in which it names another module, `import('./x.js').Type` included. */
  imports: Import[];
  /** Names that it uses as variables, and `Date.now`-like pairs of them: not keys, not members of other objects. */
  globals: Set<string>;
  /** Whether it has an `export * from`, whose names nobody sees. */
  exportsStar: boolean;
}

export type Node = Record<string, unknown> & { type: string; start: number };
type Visit = (node: Node, parent: Node | undefined, key: string) => void;

function walk(value: unknown, visit: Visit, parent?: Node, key = ''): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, visit, parent, key);
  } else if (value && typeof (value as Node).type === 'string') {
    visit(value as Node, parent, key);
    for (const [childKey, child] of Object.entries(value)) walk(child, visit, value as Node, childKey);
  }
}

/** Calls `visit` for every node of a TypeScript source; throws where it does not parse. */
export function visitNodes(path: string, text: string, visit: Visit): void {
  const { program, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  walk(program, visit);
}

function importIn(node: Node): { source: unknown; typeOnly: boolean } | undefined {
  const specifiers = (node.specifiers ?? []) as Node[];
  const allTypes =
    specifiers.length > 0 && specifiers.every(({ importKind, exportKind }) => (importKind ?? exportKind) === 'type');
  const typeOnly = allTypes || node.importKind === 'type' || node.exportKind === 'type';
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
      return { source: node.source, typeOnly };
    case 'ExportNamedDeclaration':
      return node.source ? { source: node.source, typeOnly } : undefined;
    case 'TSImportType':
      return { source: node.source, typeOnly: true };
    case 'TSExternalModuleReference':
      return { source: node.expression, typeOnly: false };
  }
  return undefined;
}

function globalIn(node: Node, parent: Node | undefined, key: string): string | undefined {
  if (node.type === 'Identifier') {
    const isKey = (key === 'property' || key === 'key') && parent?.computed !== true;
    return isKey ? undefined : (node.name as string);
  }
  if (node.type === 'MemberExpression') {
    const { object, property } = node as unknown as { object: Node; property: Node };
    const member = property.name ?? property.value;
    return /^(globalThis|global|window)$/.test(object.name as string) ? (member as string) : `${object.name}.${member}`;
  }
  const readsTime =
    node.type === 'NewExpression' && (node.callee as Node).name === 'Date' && (node.arguments as Node[]).length === 0;
  return readsTime ? 'Date.now' : undefined;
}

export function factsOf(path: string, text: string): Facts {
  const facts: Facts = { imports: [], globals: new Set(), exportsStar: false };
  visitNodes(path, text, (node, parent, key) => {
    const found = importIn(node);
    if (found) {
      const { value } = found.source as { value?: unknown };
      if (typeof value !== 'string') throw new Error(`${path}: an import whose target is computed cannot be checked`);
      facts.imports.push({ specifier: value, typeOnly: found.typeOnly });
    }
    const name = globalIn(node, parent, key);
    if (name) facts.globals.add(name);
    if (node.type === 'ExportAllDeclaration') facts.exportsStar = true;
  });
  return facts;
}
