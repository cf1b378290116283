import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Block, blocksOf } from '../docs/markdown.js';
import { packInto } from '../packages/pack.js';
import { output } from '../packages/run.js';
import { root } from '../tidy/tree.js';
import { CHECKS } from './checks.js';
import { Machine, unable } from './machine.js';
import { Registry } from './registry.js';
import { SUBSTITUTES } from './substitutes.js';
import { World } from './world.js';

const PAGE = 'docs/vps.md';
const blocks = blocksOf(PAGE);
const headings = [...new Set(blocks.map(({ heading }) => heading))];
const reason = unable();
/** Of what a block has printed so many are shown. */
const LAST_LINES = 6;
const say = (line: string) => console.log(`${String(Math.round(performance.now() / 1_000)).padStart(4)}s  ${line}`);

test('every block of the page is a file or commands, and what is replaced and checked is in it', () => {
  expect(blocks.filter(({ language, file }) => language !== 'sh' && file === undefined)).toEqual([]);
  const text = blocks.map((block) => block.text).join('');
  const replaced = SUBSTITUTES.flatMap(({ rewrites = {}, before }) => [...Object.keys(rewrites), before?.command ?? '']);
  expect(replaced.filter((from) => !text.includes(from))).toEqual([]);
  expect(Object.keys(CHECKS).filter((heading) => !headings.includes(heading))).toEqual([]);
});

if (reason !== undefined) say(`test:deploy is SKIPPED: ${reason}`);
// The reason is printed above: it is found out by trying.
describe.skipIf(reason !== undefined)('on a fresh Debian, in the order of the page', () => {
  let world: World;
  let exports = '';

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gateway-packed-'));
    const upstream = (await output(root, 'npm', ['config', 'get', 'registry'])).trim();
    world = new World(new Machine(), new Registry(upstream));
    const tarballs = await packInto(folder);
    for (const tarball of tarballs) world.registry.publish(tarball);
    rmSync(folder, { recursive: true });
    await world.machine.start();
    say(
      `a fresh ${await world.machine.must('. /etc/os-release && echo "$PRETTY_NAME", systemd $(systemctl --version | head -n 1)')}`,
    );
    for (const { of, by, prepare } of SUBSTITUTES) {
      say(`in place of ${of}: ${by}`);
      await prepare?.(world.machine, world.registry);
    }
  });
  afterAll(async () => {
    world?.registry.close();
    await world?.machine.stop();
  });

  const journal = () => world.machine.must('journalctl --lines 60 --no-pager');

  /** Runs a block, as a shell in which the page's earlier exports hold. */
  async function follow({ text, file, line }: Block): Promise<string> {
    if (file !== undefined) {
      say(`${PAGE}:${line} writes ${file}`);
      world.machine.write(file, text);
      return '';
    }
    for (const { before } of SUBSTITUTES) if (before && text.includes(before.command)) await before.run(world.machine);
    const rewrites = SUBSTITUTES.flatMap(({ rewrites = {} }) => Object.entries(rewrites));
    const script = rewrites.reduce((current, [from, to]) => current.replace(from, () => to), text);
    for (const command of script.trimEnd().split('\n')) say(`${PAGE}:${line} # ${command}`);
    const { code, output: said } = await world.machine.run(`${exports}${script}`);
    for (const line of said.split('\n').slice(-LAST_LINES).filter(Boolean)) say(`    ${line}`);
    if (code !== 0) throw new Error(`ended with ${code}\n${said}\n${await journal()}`);
    exports += script.match(/^export .*\n/gm)?.join('') ?? '';
    return said;
  }

  for (const heading of headings) {
    const { before, claims = {} } = CHECKS[heading] ?? {};
    describe(heading, () => {
      test('its commands end with 0', async () => {
        await before?.(world);
        const said: string[] = [];
        for (const block of blocks.filter((block) => block.heading === heading)) said.push(await follow(block));
        world.said = said.join('\n');
      });
      for (const [claim, check] of Object.entries(claims)) {
        test(claim, async () => {
          await check(world).catch(async (error: Error) => {
            throw new Error(`${error.message}\n${await journal()}`, { cause: error });
          });
        });
      }
    });
  }
});
