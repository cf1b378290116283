import { once } from 'node:events';
import { describe, expect, inject, test } from 'vitest';
import WebSocket from 'ws';
import { blocksOf, codeIn, tableOf } from '../docs/markdown.js';
import { Program } from './program.js';

const README = 'packages/gateway-cli/README.md';
const HEADING = 'Under a supervisor';
/** Where the recipes have the gateway installed. */
const SOMEWHERE = '/srv/gateway';
const consumer = inject('consumer');

/** The lines of a recipe of the document. */
function recipe(language: string): string[] {
  const block = blocksOf(README).find((one) => one.heading === HEADING && one.language === language);
  if (block === undefined) throw new Error(`${README} has no ${language} under ${HEADING}`);
  return block.text.trimEnd().split('\n');
}

/** What stands behind `name` in its one line. */
function settingIn(lines: readonly string[], name: string): string {
  const [line, ...others] = lines.filter((one) => one.startsWith(name));
  if (line === undefined || others.length > 0) throw new Error(`not one line begins with ${name}`);
  return line.slice(name.length).trim();
}

/** What each supervisor makes of its recipe: a program and its arguments, started without a shell but for the one that it brings itself. */
const STARTS: Readonly<Record<string, () => string[]>> = {
  'a container engine': () => {
    const lines = recipe('dockerfile');
    return [...JSON.parse(settingIn(lines, 'ENTRYPOINT')), ...JSON.parse(settingIn(lines, 'CMD'))];
  },
  systemd: () => {
    const lines = recipe('ini');
    expect(settingIn(lines, 'WorkingDirectory=')).toBe(SOMEWHERE);
    return settingIn(lines, 'ExecStart=').replace(`${SOMEWHERE}/`, `${consumer}/`).split(' ');
  },
  'a runner of Procfiles': () => ['sh', '-c', settingIn(recipe('procfile'), 'web:')],
  'a shell script': () => ['sh', '-c', recipe('shell-script').join('\n')],
};

describe.each(Object.entries(STARTS))('%s', (_, start) => {
  test('that sends SIGTERM to what it started drains the gateway: clients get 1012, and the exit code is 0', async () => {
    const [file = '', ...args] = start();
    // The recipe's port is not free for every test that runs at the same time.
    await using gateway = new Program(consumer, file, args, { GW_PORT: '0', GW_HOST: '127.0.0.1', PORT: '0' });
    const { url } = await gateway.log('listening on ');
    const client = new WebSocket(String(url));
    await once(client, 'message');
    const closed = once(client, 'close');
    gateway.process.kill('SIGTERM');
    expect((await closed)[0]).toBe(1012);
    expect(await gateway.exit).toEqual([0, null]);
  });
});

test('README.md starts it as the README of gateway-cli does', () => {
  const lines = new Set(['dockerfile', 'ini', 'procfile', 'shell-script'].flatMap(recipe));
  const rows = tableOf('README.md', HEADING);
  expect(rows).toHaveLength(Object.keys(STARTS).length);
  const said = rows.flatMap(([, cell = '']) => codeIn(cell));
  expect(said.length).toBeGreaterThan(rows.length);
  expect(said.filter((line) => !lines.has(line))).toEqual([]);
});
