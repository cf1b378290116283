import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';

type Schema = { [keyword: string]: unknown };

/** `schema.json` as it is in the tree. */
export const openSchema: { definitions: Record<string, Schema> } = JSON.parse(
  readFileSync(new URL('../schema.json', import.meta.url), 'utf8'),
);

/** Names of the messages: definitions that say a `type`. */
export const messageNames = Object.entries(openSchema.definitions)
  .filter(([, { properties }]) => (properties as { type?: { const?: string } } | undefined)?.type?.const !== undefined)
  .map(([name]) => name);

/**
 * Validators by the name of a definition. The schemas are open, as receivers ignore fields that they do not know. Closed ones show that a
 * message has no field that the schema does not.
 */
export function compileContract(
  definitions: Record<string, Schema>,
  as: 'open' | 'closed',
  prefix = '#/definitions/',
): (name: string) => ValidateFunction {
  const text = JSON.stringify(as === 'open' ? definitions : closed(definitions)).replaceAll(
    `"${prefix}`,
    '"contract#/definitions/',
  );
  // JSON has no Infinity, but 1e999 is read as one: no number.
  const ajv = new Ajv({ strict: false, strictNumbers: true });
  ajv.addSchema({ $id: 'contract', definitions: JSON.parse(text) });
  return (name) => {
    const validate = ajv.getSchema(`contract#/definitions/${name}`);
    if (validate === undefined) throw new Error(`no definition ${name}`);
    return validate;
  };
}

/** Whatever lists its properties has no others; an `if` and what follows it list only those that they look at. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.entries(schema).map(([key, value]) => [
    key,
    ['if', 'then', 'else', 'not'].includes(key) ? value : closed(value),
  ]);
  const copy = Object.fromEntries(inner);
  return copy.type === 'object' && copy.properties !== undefined ? { ...copy, additionalProperties: false } : copy;
}
