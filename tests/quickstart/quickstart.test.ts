import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { serve } from 'gateway-cli';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { build } from '../../scripts/build.mjs';
import { blocksOf } from '../docs/markdown.js';
import { launchChromium, noChromium } from '../support/chromium.js';

const PATIENT = { timeout: 15_000 };

beforeAll(() => build(), 120_000);

if (noChromium !== undefined) console.warn(`the quickstart is not tried: ${noChromium}`);

// Skipped, with the reason printed, where Chromium is not installed.
describe.skipIf(noChromium !== undefined)('docs/quickstart.md, followed in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  test('two windows of the page that it has talk, and one that loses its network says what became of what it missed', async () => {
    const server = await serve({ port: 0, host: '127.0.0.1', playground: {} });
    const folder = mkdtempSync(join(tmpdir(), 'quickstart-'));
    onTestFinished(async () => {
      await server.close();
      rmSync(folder, { recursive: true });
    });
    const [block] = blocksOf('docs/quickstart.md').filter(({ language }) => language === 'html');
    // The port is the only thing that differs: 4100 may be taken where tests run.
    const html = block?.text.replaceAll(':4100/', `:${server.port}/`) ?? '';
    expect(html).toContain(`:${server.port}/rt`);
    writeFileSync(join(folder, 'chat.html'), html);

    const context = await browser.newContext();
    onTestFinished(() => context.close());
    const windows = [await context.newPage(), await context.newPage()] as const;
    const [one, other] = windows;
    const faults: unknown[] = [];
    for (const page of windows) {
      page.on('pageerror', (error) => faults.push(error));
      await page.goto(pathToFileURL(join(folder, 'chat.html')).href);
      await page.getByText('— live, 0 replayed —').waitFor(PATIENT);
    }
    const say = async (page: Page, text: string) => {
      await page.getByPlaceholder('Say something').fill(text);
      await page.getByPlaceholder('Say something').press('Enter');
    };
    const lines = (page: Page) => page.locator('li').allTextContents();

    await say(one, 'hello');
    await other.getByText('other: hello').waitFor(PATIENT);
    await say(other, 'hello you');
    for (const page of windows) await expect.poll(() => lines(page), PATIENT).toHaveLength(3);

    await one.getByLabel('no network').check();
    await one.getByText('reconnecting').waitFor(PATIENT);
    for (const text of ['1', '2', '3']) await say(other, text);
    await expect.poll(() => lines(other), PATIENT).toHaveLength(6);
    await say(one, 'waited');
    await one.getByLabel('no network').uncheck();
    await one.getByText('me: waited').waitFor(PATIENT);
    await other.getByText('other: waited').waitFor(PATIENT);
    expect(await lines(one)).toEqual([
      '— live, 0 replayed —',
      'me: hello',
      'other: hello you',
      'other: 1',
      'other: 2',
      'other: 3',
      '— recovered, 3 replayed —',
      'me: waited',
    ]);
    expect((await lines(other)).slice(1)).toEqual(['other: hello', 'me: hello you', 'me: 1', 'me: 2', 'me: 3', 'other: waited']);
    expect(faults).toEqual([]);
  });
});
