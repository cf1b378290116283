import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Gateway } from 'gateway-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Block, blocksOf, documents, namesIn, tableOf } from './markdown.js';
import { compile, fileOf, makeFolder, removeFolder, run } from './snippets.js';

const blocks = documents.flatMap(blocksOf);
const snippets = blocks.filter(({ language }) => ['ts', 'tsx', 'js'].includes(language));
const at = ({ document, line }: Block) => `${document}:${line}`;

const CORE = 'packages/gateway-core/README.md';
const CLIENT = 'packages/gateway-client/README.md';
const SIM = 'packages/gateway-sim/README.md';
const JWT = 'packages/gateway-jwt/README.md';
const OTEL = 'packages/gateway-otel/README.md';
/** Tables that list the keys of a type: one missing or one too many does not compile. */
const KEY_TABLES: [type: string, document: string, heading: string, of?: string][] = [
  ['GatewayOptions', 'README.md', 'Options'],
  ['Timings', 'README.md', 'Timings'],
  ['Limits', 'README.md', 'Limits'],
  ['Gateway', CORE, 'Gateway'],
  ['GatewayEvents', CORE, 'Events'],
  ['GatewayStats', CORE, 'Stats'],
  ['ClientOptions', CLIENT, 'Options', 'gateway-client'],
  ['ClientTimings', CLIENT, 'Timings', 'gateway-client'],
  ['BackoffOptions', CLIENT, 'Backoff', 'gateway-client'],
  ['OutboxOptions', CLIENT, 'Outbox', 'gateway-client'],
  ['JwtOptions', JWT, 'jwtAuthenticate', 'gateway-jwt'],
  ['JwtAuthentication', JWT, 'What it answers', 'gateway-jwt'],
  ['JwtTimings', JWT, 'Timings', 'gateway-jwt'],
  ['JwtLimits', JWT, 'Bounds', 'gateway-jwt'],
  ['TracerOptions', OTEL, 'createTracer', 'gateway-otel'],
  ['SimulateOptions', SIM, 'simulate', 'gateway-sim'],
  ['PlanSize', SIM, 'Size', 'gateway-sim'],
];
const tableFile = (type: string) => `table-${type}.ts`;

beforeAll(makeFolder);
afterAll(removeFolder);

describe('what does not compile', () => {
  let messages: string[];
  beforeAll(async () => {
    const files = snippets.map((block): [string, string] => [fileOf(block), block.text]);
    const tables = KEY_TABLES.map(([type, document, heading, of = 'gateway-core']): [string, string] => {
      const keys = namesIn(tableOf(document, heading)).map((name) => `${JSON.stringify(name)}: true`);
      return [
        tableFile(type),
        `import type { ${type} } from '${of}';\nexport const keys: Record<keyof ${type}, true> = { ${keys} };\n`,
      ];
    });
    const wrong = "import { createGateway } from 'gateway-core';\ncreateGateway({ sever: undefined });\n";
    messages = await compile(Object.fromEntries([...files, ...tables, ['wrong.ts', wrong]]));
  });

  const about = (file: string) => messages.filter((message) => message.startsWith(`${file}(`));

  test('a snippet that is wrong, so that the compiler is known to have looked', () => {
    expect(about('wrong.ts')).toEqual([expect.stringContaining("'sever'")]);
  });

  test.each(snippets.map((block) => [at(block), block] as const))('is not the snippet at %s', (_, block) => {
    expect(about(fileOf(block))).toEqual([]);
  });

  test.each(KEY_TABLES)('is not a list of the keys of %s, as %s has them under %s', (type) => {
    expect(about(tableFile(type))).toEqual([]);
  });

  test('is nothing outside the snippets: the configuration is right, and the sources are checked elsewhere', () => {
    const known = new Set([...snippets.map(fileOf), ...KEY_TABLES.map(([type]) => tableFile(type)), 'wrong.ts']);
    expect(messages.filter((message) => !known.has(message.split('(')[0] as string) && !message.startsWith('..'))).toEqual([]);
  });
});

describe('what is marked to run prints what stands below it', () => {
  const running = blocks.filter(({ runs }) => runs);
  const outputOf = (block: Block): string[] => {
    const next = blocks[blocks.indexOf(block) + 1];
    if (next?.document !== block.document || next.language !== 'text') throw new Error(`${at(block)} has no output below it`);
    return next.text.trimEnd().split('\n');
  };
  const under = (heading: string) =>
    running.find((block) => block.document === 'README.md' && block.heading === heading) as Block;
  const embed = under('Embed it');
  const conversation = under('A first conversation');
  const others = running.filter((block) => block !== embed && block !== conversation);

  test('the gateway of README.md, with its first conversation, until SIGTERM', async () => {
    const before = process.listeners('SIGTERM');
    const host = await run(embed, { replace: ['listen(4100', 'listen(0'], names: ['server', 'gateway'] });
    const { server, gateway } = host.exports as { server: Server; gateway: Gateway };
    try {
      if (!server.listening) await once(server, 'listening');
      const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      const closed = new Promise((resolve) => gateway.on('disconnect', resolve));
      const client = await run(conversation, { replace: ['127.0.0.1:4100', address] });
      await closed;
      expect(client.printed()).toEqual(outputOf(conversation));
    } finally {
      // Not `process.emit`: the runner of these tests may listen too.
      for (const listener of process.listeners('SIGTERM').filter((one) => !before.includes(one))) {
        process.off('SIGTERM', listener);
        listener('SIGTERM');
      }
    }
    await vi.waitUntil(() => !server.listening && host.printed().includes('closed'));
    expect(host.printed()).toEqual(outputOf(embed));
  });

  test('there are others', () => {
    const readmes = others.filter(({ document }) => !document.endsWith('/SKILL.md'));
    expect(readmes.map(({ heading }) => heading)).toEqual(['Test your own code', 'Test your own code', 'Stores and broker']);
  });

  test.each(others.map((block) => [at(block), block] as const))('the snippet at %s', async (_, block) => {
    const { printed } = await run(block);
    expect(printed()).toEqual(outputOf(block));
  });
});
