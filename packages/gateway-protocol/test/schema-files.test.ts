import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import { CLOSE_CODES, closeAction, ERROR_CODES, PROTOCOL_LIMITS } from 'gateway-protocol';
import { describe, expect, test } from 'vitest';
import { schemaFiles } from '../schema/documents.js';
import { GATEWAY_FIELDS } from './gateway-messages.js';
import { FULL_MESSAGES } from './messages.js';
import { compileContract, messageNames, openSchema } from './schema-validators.js';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const asyncapi = JSON.parse(read('../asyncapi.json'));

test.each(Object.entries(schemaFiles()))('%s is what its source generates; `pnpm schema` writes it', (name, text) => {
  expect(read(`../${name}`)).toBe(text);
});

test('schema.json is a schema of draft-07 without an unknown keyword', () => {
  const ajv = new Ajv({ strict: true, strictRequired: false, strictTypes: false });
  expect(ajv.validateSchema(openSchema)).toBe(true);
  expect(() => ajv.compile(openSchema)).not.toThrow();
});

test('every part of schema.json is used, and is there', () => {
  const used = new Set([...JSON.stringify(openSchema).matchAll(/"#\/definitions\/(\w+)"/g)].map(([, name]) => name));
  expect([...used].sort()).toStrictEqual(Object.keys(openSchema.definitions).sort());
});

describe('asyncapi.json', () => {
  test('is a document of AsyncAPI 3.0, by the schema of its authors', () => {
    const official = createRequire(import.meta.url)('@asyncapi/specs/schemas/3.0.0-without-$id.json');
    const isValid = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(official);
    expect(isValid(asyncapi), JSON.stringify(isValid.errors?.slice(0, 5))).toBe(true);
    for (const broken of [
      { ...asyncapi, servers: { ws: { protocol: 'ws' } } },
      { ...asyncapi, operations: { receive: { action: 'take', channel: { $ref: '#/channels/rt' } } } },
      { ...asyncapi, codes: [] },
    ]) {
      expect(isValid(broken)).toBe(false);
    }
  });

  test('every reference in it leads somewhere', () => {
    const references = [...JSON.stringify(asyncapi).matchAll(/"\$ref":"([^"]+)"/g)].map(([, path]) => path!);
    expect(references.length).toBeGreaterThan(100);
    for (const reference of references) {
      const target = reference
        .slice(2)
        .split('/')
        .reduce<Record<string, unknown> | undefined>((at, name) => at?.[name] as Record<string, unknown>, asyncapi);
      expect(target, reference).toBeTypeOf('object');
    }
  });

  test('has a message for each signal of both directions, and an operation that takes or sends it', () => {
    type Messages = { $ref: string }[];
    const operations = Object.values<{ action: string; messages: Messages; reply?: { messages: Messages } }>(asyncapi.operations);
    const by = (action: string) => operations.filter((operation) => operation.action === action);
    const typesOf = (messages: Messages) =>
      new Set(messages.map(({ $ref }) => asyncapi.components.messages[$ref.split('/').at(-1)!].name));
    const received = by('receive').flatMap(({ messages }) => messages);
    const replies = by('receive').flatMap(({ reply }) => reply!.messages);
    const sent = by('send').flatMap(({ messages }) => messages);
    expect(typesOf(received)).toStrictEqual(new Set(Object.keys(FULL_MESSAGES)));
    expect(typesOf([...sent, ...replies])).toStrictEqual(new Set(Object.keys(GATEWAY_FIELDS)));
    expect(Object.keys(asyncapi.channels.rt.messages)).toStrictEqual(messageNames);
  });

  test('says where the id stands that joins a message and its answer', () => {
    const { DataUpdateSignal, AckSignal, ErrorSignal } = asyncapi.components.messages;
    const at = ({ correlationId }: { correlationId: { location: string } }, envelope: Record<string, unknown>) =>
      correlationId.location
        .replace('$message.payload#/', '')
        .split('/')
        .reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], envelope);
    expect(at(DataUpdateSignal, FULL_MESSAGES.data_update!())).toBe('m-1');
    expect(at(AckSignal, { type: 'ack', payload: { id: 'm-1' } })).toBe('m-1');
    expect(at(ErrorSignal, { type: 'error', payload: { inReplyTo: 'm-1' } })).toBe('m-1');
  });

  test('each of its messages is shown by an example of PROTOCOL.md, and each example is one', () => {
    const validators = compileContract(asyncapi.components.schemas, 'closed', '#/components/schemas/');
    const shown = Object.entries<{ examples?: { payload: unknown }[] }>(asyncapi.components.messages);
    const examples = shown.flatMap(([name, { examples = [] }]) => examples.map(({ payload }) => ({ name, payload })));
    expect(examples).toHaveLength([...read('../../../PROTOCOL.md').matchAll(/^```json$/gm)].length);
    expect(shown.filter(([, { examples }]) => examples === undefined)).toStrictEqual([]);
    for (const { name, payload } of examples) {
      const validate = validators(name);
      expect(validate(payload), `${JSON.stringify(payload)} ${JSON.stringify(validate.errors)}`).toBe(true);
    }
  });

  test("its tables are the code's", () => {
    const errors = Object.fromEntries(asyncapi['x-error-codes'].map(({ code, ...said }: { code: string }) => [code, said]));
    expect(errors).toStrictEqual(ERROR_CODES);
    const closes = Object.fromEntries(asyncapi['x-close-codes'].map(({ name, ...said }: { name: string }) => [name, said]));
    expect(closes).toStrictEqual(CLOSE_CODES);
    expect(asyncapi['x-limits']).toStrictEqual(PROTOCOL_LIMITS);
    for (const { from, to, action } of asyncapi['x-close-ranges']) {
      expect([from, to].map(closeAction)).toStrictEqual([action, action]);
      expect([from - 1, to + 1].map(closeAction)).not.toContain(action);
    }
  });
});
