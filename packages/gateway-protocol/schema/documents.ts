import { readFileSync } from 'node:fs';
import { asyncApiDocument } from './asyncapi-document.js';
import { examplesOf } from './examples.js';
import { jsonSchemaDocument } from './json-schema-document.js';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

/** The files that `pnpm schema` writes beside `package.json`, by name. */
export function schemaFiles(): Record<string, string> {
  const { version } = JSON.parse(read('../package.json')) as { version: string };
  const examples = examplesOf(read('../../../PROTOCOL.md'));
  return {
    'asyncapi.json': textOf(asyncApiDocument(version, examples)),
    'schema.json': textOf(jsonSchemaDocument()),
  };
}

function textOf(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
