import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type PlaygroundOptions, type RunningServer, serve } from 'gateway-cli';
import { connectClient } from 'gateway-core/testing';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { build } from '../../scripts/build.mjs';
import { launchChromium, noChromium } from '../support/chromium.js';
import { read, root } from '../tidy/tree.js';

const PATIENT = { timeout: 15_000 };

// Where it is built already, nothing happens.
beforeAll(() => build(), 120_000);

test('the page is at most 80 kB unpacked, its client apart; the README of gateway-cli says how large both are', () => {
  const built = (name: string) => readFileSync(`${root}packages/gateway-cli/dist/playground/${name}`);
  const packed = built('index.html.gz');
  const sizes = [packed.length, gunzipSync(packed).length, built('client.js').length];
  expect(sizes[1]).toBeLessThanOrEqual(80_000);
  const said = read('packages/gateway-cli/README.md').match(
    /one page of\s(\d+)\skB\s\((\d+)\skB\sunpacked\)[^`]*`\/playground\/client\.js`, (\d+) kB/,
  );
  // To a tenth: the client has a life of its own.
  const isRight = sizes.map((bytes, at) => Math.abs(Number(said?.[at + 1]) * 1_000 - bytes) < bytes / 10);
  expect(isRight, sizes.join(', ')).toEqual([true, true, true]);
});

if (noChromium !== undefined) console.warn(`the page is not tried: ${noChromium}`);

// Skipped, with the reason printed, where Chromium is not installed.
describe.skipIf(noChromium !== undefined)('in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  async function started(playground: PlaygroundOptions = {}): Promise<RunningServer> {
    const server = await serve({ port: 0, host: '127.0.0.1', playground });
    onTestFinished(() => server.close());
    return server;
  }

  /** The page, which is to say nothing on its console, and to ask for nothing elsewhere. */
  async function opened(server: RunningServer, hash = '', options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const said: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(String(error)));
    page.on('dialog', (dialog) => said.push(`dialog: ${dialog.message()}`));
    page.on('request', (request) => {
      if (!request.url().startsWith(new URL('/playground/', server.playgroundUrl).href)) said.push(request.url());
    });
    onTestFinished(async () => {
      await context.close();
      expect(said).toEqual([]);
    });
    await page.goto(`${server.playgroundUrl}${hash}`);
    await page.getByText('running', { exact: true }).waitFor(PATIENT);
    return page;
  }

  /** A client without a port. */
  async function member(server: RunningServer, groupId: string, payload: object = {}) {
    const client = connectClient(server.gateway, { answersPings: true });
    client.send({ type: 'identify', version: '2', payload: { clientType: 'app-client', groupId, ...payload } });
    await expect.poll(() => server.gateway.groups().some((group) => group.groupId === groupId), PATIENT).toBe(true);
    return client;
  }

  const HOSTILE = '<img src=x onerror=alert(1)></script><script>alert(2)</script>';

  test('whatever clients choose is shown as text: ids, names, keys, states and payloads', async () => {
    const server = await started();
    const group = `group \u202e${HOSTILE}`;
    const client = await member(server, group, { metadata: { name: `\u2067${HOSTILE}` } });
    client.send({ type: 'presence', payload: { groupId: group, state: { html: HOSTILE } } });
    const page = await opened(server, `#group=${encodeURIComponent(group)}`);
    client.send({
      type: 'data_update',
      delivery: 'latest',
      key: HOSTILE,
      sessionId: HOSTILE,
      id: HOSTILE,
      payload: { data: { html: HOSTILE }, meta: { label: HOSTILE } },
    });
    client.send({ type: 'data_update', groupId: HOSTILE, traceId: HOSTILE, payload: { data: 1 } });
    await page.locator('.stream button.line').first().click(PATIENT);
    await page.locator('.stream pre').getByText('onerror').waitFor(PATIENT);
    await page.getByRole('region', { name: 'Members' }).getByText('\\u2067<img src=x').first().waitFor(PATIENT);
    await page.getByRole('region', { name: 'Sessions' }).getByText('<img src=x').first().waitFor(PATIENT);
    await page.locator('.left button.line', { hasText: 'app-client' }).first().click();
    expect(
      await page.evaluate(
        '[document.images.length, document.scripts.length, document.querySelectorAll("iframe, object, embed").length]',
      ),
    ).toEqual([0, 1, 0]);
    expect(await page.locator('.stream pre').textContent()).toBe(JSON.stringify({ html: HOSTILE }, undefined, 2));
    // Nor does it turn around what stands beside it.
    const text = (await page.evaluate('document.body.innerText')) as string;
    expect(text).toContain('group \\u202e<img');
    expect(text).not.toMatch(/[\u202e\u2067]/);
  });

  test('a group that is chosen shows its messages, members and books; all groups show everything', async () => {
    const server = await started();
    await member(server, 'orders', { metadata: { name: 'ada' } });
    await member(server, 'chat', { metadata: { name: 'bob' } });
    const page = await opened(server);
    await page.locator('.left button.line', { hasText: 'orders' }).click(PATIENT);
    await page.getByRole('region', { name: 'Members' }).getByText('ada').waitFor(PATIENT);
    await server.gateway.publish('orders', { order: 1 });
    await server.gateway.publish('chat', { text: 'not here' });
    await page.locator('.stream').getByText('{"order":1}').waitFor(PATIENT);
    expect(await page.locator('.stream').getByText('not here').count()).toBe(0);
    await expect
      .poll(() => page.getByRole('region', { name: 'Members' }).locator('li').textContent(), PATIENT)
      .toMatch(/^adaapp-client11000$/);
    expect(page.url()).toMatch(/#group=orders$/);
  });

  test('a long message is shown cut, and whole where somebody asks for it', async () => {
    const server = await started();
    await member(server, 'orders');
    const page = await opened(server, '#group=orders');
    const data = { text: 'x'.repeat(20_000), end: 'the end' };
    await server.gateway.publish('orders', data);
    await page.locator('.stream button.line').first().click(PATIENT);
    expect(await page.locator('.stream pre').textContent()).toHaveLength(4_097);
    await page.getByRole('button', { name: /^show all/ }).click();
    await page.locator('.stream pre').getByText('the end').waitFor(PATIENT);
    expect(await page.locator('.stream pre').textContent()).toBe(JSON.stringify(data, undefined, 2));
  });

  test('says who got a message', async () => {
    const server = await started();
    await member(server, 'orders');
    const page = await opened(server, '#group=orders');
    await server.gateway.publish('orders', { order: 1 });
    await page.locator('.stream button.line').first().click(PATIENT);
    await page.getByRole('button', { name: 'who got it?' }).click(PATIENT);
    const list = page.locator('.fates li');
    await expect.poll(() => list.allTextContents(), PATIENT).toEqual([expect.stringContaining(' written: ')]);
    await page.getByPlaceholder('a member that has left').fill('nobody');
    await page.getByRole('button', { name: 'who got it?' }).click(PATIENT);
    await expect.poll(() => list.allTextContents(), PATIENT).toEqual([expect.stringMatching(/^nobody not a member: /)]);
  });

  test('a storm comes at once, drops at once, and misses nothing', async () => {
    const server = await started();
    const page = await opened(server);
    await page.getByRole('button', { name: 'storm' }).click();
    const storm = page.getByRole('form', { name: 'Storm' });
    await storm.getByLabel('clients').fill('12');
    await storm.getByRole('button', { name: 'come' }).click();
    await storm.getByText('12 online').waitFor(PATIENT);
    await server.gateway.publish('group-1', 1);
    await storm.getByText('12 heard').waitFor(PATIENT);
    await storm.getByRole('button', { name: 'drop' }).click();
    await storm.getByText('12 online · 12 recovered').waitFor(PATIENT);
    expect(server.gateway.stats()).toMatchObject({ connections: 12, droppedMembers: 0 });
    await storm.getByRole('button', { name: 'leave' }).click();
    await storm.getByText('nobody is there').waitFor(PATIENT);
    await expect.poll(() => server.gateway.stats().connections, PATIENT).toBe(0);
  });

  test('acts: publishes as the server, and disconnects with a code', async () => {
    const server = await started();
    const client = await member(server, 'orders', { metadata: { name: 'ada' } });
    const page = await opened(server, '#group=orders');
    await page.getByLabel('Data to publish as the server').fill('{"n":1}');
    await page.getByLabel('Data to publish as the server').press('Enter');
    await expect.poll(() => client.data, PATIENT).toEqual([{ n: 1 }]);
    await page.locator('.left button.line', { hasText: 'app-client' }).click();
    await page.getByLabel('Close code').selectOption('4202');
    await page.getByRole('button', { name: 'disconnect' }).click();
    await expect.poll(() => client.closed?.code, PATIENT).toBe(4202);
    await page.getByRole('region', { name: 'Closes and errors' }).getByText('the gateway drains; dialect 2').waitFor(PATIENT);
  });

  test('where it is read-only nothing of that is offered', async () => {
    const server = await started({ readOnly: true });
    await member(server, 'orders');
    const page = await opened(server, '#group=orders');
    await page.getByText('read-only', { exact: true }).waitFor(PATIENT);
    await page.locator('.left button.line', { hasText: 'app-client' }).click();
    expect(await page.getByRole('button', { name: 'disconnect' }).count()).toBe(0);
    expect(await page.getByLabel('Data to publish as the server').isVisible()).toBe(false);
  });

  test('is worked by the keyboard: / filters, p pauses, n makes a client', async () => {
    const server = await started();
    await member(server, 'orders');
    const page = await opened(server, '#group=orders');
    for (const n of [1, 2]) await server.gateway.publish('orders', { n });
    await page.locator('.stream').getByText('{"n":2}').waitFor(PATIENT);
    await page.keyboard.press('/');
    await page.locator('input:focus').waitFor(PATIENT);
    await page.keyboard.type('"n":1');
    await expect.poll(() => page.getByLabel('Filter messages').inputValue(), PATIENT).toBe('"n":1');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.locator('.stream button.line').count(), PATIENT).toBe(1);
    await page.getByLabel('Filter messages').fill('');
    await page.keyboard.press('Escape');
    await page.keyboard.press('p');
    await server.gateway.publish('orders', { n: 3 });
    await page.getByText('1 waiting').waitFor(PATIENT);
    expect(await page.locator('.stream').getByText('{"n":3}').count()).toBe(0);
    await page.keyboard.press('p');
    await page.locator('.stream').getByText('{"n":3}').waitFor(PATIENT);
    await page.keyboard.press('n');
    await page.keyboard.press('Enter');
    await page.getByRole('article', { name: 'Client ada' }).getByText('online').waitFor(PATIENT);
    await expect
      .poll(() => server.gateway.connections().filter(({ groups }) => groups.includes('orders')).length, PATIENT)
      .toBe(2);
  });

  test('everything that is worked with has a name', async () => {
    const server = await started();
    await member(server, 'orders');
    const page = await opened(server, '#group=orders');
    await server.gateway.publish('orders', 1);
    await page.keyboard.press('n');
    await page.keyboard.press('Enter');
    await page.locator('.stream button.line').first().click(PATIENT);
    const nameless = `[...document.querySelectorAll('button, input, select, a, [tabindex]')]
      .filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length || e.title))
      .map((e) => e.outerHTML)`;
    expect(await page.evaluate(nameless)).toEqual([]);
  });

  test('on a phone every view fits its 390 pixels', async () => {
    const server = await started();
    await member(server, 'a'.repeat(120), { metadata: { name: 'b'.repeat(120) } });
    await server.gateway.publish('a'.repeat(120), 'c'.repeat(2_000));
    const page = await opened(server, `#group=${'a'.repeat(120)}`, {
      viewport: { width: 390, height: 844 },
      isMobile: true,
      hasTouch: true,
    });
    const wide = `[...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > 391 && !e.closest('.scroll, .frames, pre')).length`;
    const misfits: unknown[] = [];
    for (const tab of ['Overview', 'Messages', 'Play', 'Settings']) {
      await page.getByRole('button', { name: tab, exact: true }).click();
      if (tab === 'Play') {
        await page.getByRole('button', { name: 'storm' }).click();
        await page.getByRole('button', { name: 'add a client' }).click();
        await page.getByRole('button', { name: 'add client' }).click();
        await page.getByText('online').first().waitFor(PATIENT);
      }
      const sizes = [await page.evaluate('document.documentElement.scrollWidth'), await page.evaluate(wide)];
      if (sizes[0] !== 390 || sizes[1] !== 0) misfits.push([tab, ...sizes]);
    }
    expect(misfits).toEqual([]);
  });

  test('the story ends well: ten messages are missed, and all of them come', async () => {
    const server = await started();
    const page = await opened(server);
    await page.getByRole('button', { name: 'show me: drop and resume' }).click();
    await page.locator('.story').getByText('recovered, 10 replayed').waitFor({ timeout: 30_000 });
    expect(await page.locator('.story li.done').count()).toBe(6);
    const { members } = { members: await server.gateway.members(server.gateway.groups()[0]!.groupId) };
    expect(members.map(({ state }) => state)).toEqual(['connected', 'connected']);
  }, 40_000);

  test('a snapshot that takes a while, and the stream after it: both clients come to the same sum', async () => {
    const server = await started();
    const page = await opened(server);
    await page.getByRole('button', { name: 'load', exact: true }).click();
    await page.locator('.story').getByText('both have 55: 5 after the snapshot', { exact: true }).waitFor({ timeout: 30_000 });
    await page.getByText('loaded (join): 15').waitFor(PATIENT);
    expect(await page.locator('.story li.done').count()).toBe(5);
  }, 40_000);

  test('what was seen is saved as JSONL: messages as they are filtered, and frames of a client', async () => {
    const server = await started();
    await member(server, 'orders');
    const page = await opened(server, '#group=orders');
    await server.gateway.publish('orders', { order: 1 });
    await server.gateway.publish('orders', { order: 2 });
    await page.locator('.stream').getByText('{"order":2}').waitFor(PATIENT);
    const saved = async (button: string) => {
      const [file] = await Promise.all([
        page.waitForEvent('download', PATIENT),
        page.getByRole('button', { name: button, exact: true }).click(),
      ]);
      const lines = readFileSync(await file.path(), 'utf8')
        .trimEnd()
        .split('\n');
      return { name: file.suggestedFilename(), lines: lines.map((line) => JSON.parse(line)) };
    };
    await page.getByLabel('Filter messages').fill('order');
    await page.getByLabel('Show').selectOption('message');
    const { name, lines } = await saved('download');
    expect(name).toBe('messages.jsonl');
    expect(lines).toMatchObject([
      { seq: 1, data: '{"order":1}' },
      { seq: 2, data: '{"order":2}' },
    ]);
    await page.getByLabel('Filter messages').fill('"order":2');
    expect((await saved('download')).lines).toMatchObject([{ seq: 2 }]);
    await page.getByLabel('Filter messages').blur();
    await page.keyboard.press('n');
    await page.keyboard.press('Enter');
    await page.getByRole('article', { name: 'Client ada' }).getByText('online').waitFor(PATIENT);
    const frames = await saved('download frames');
    expect(frames.name).toBe('frames of ada.jsonl');
    expect(frames.lines[0]).toMatchObject({ kind: 'out', text: expect.stringContaining('identify') });
  });

  test('a session has a bar that runs down while nobody uses it', async () => {
    const server = await started();
    const client = await member(server, 'orders');
    client.send({ type: 'data_update', groupId: 'orders', sessionId: 'one', payload: { data: 1, meta: { title: 'draft' } } });
    const page = await opened(server, '#group=orders');
    const bar = page.getByRole('region', { name: 'Sessions' }).getByRole('progressbar');
    await bar.waitFor(PATIENT);
    const left = () => bar.evaluate((node) => (node as HTMLProgressElement).value);
    const before = await left();
    expect(before).toBeGreaterThan(0.5);
    await expect.poll(left, PATIENT).toBeLessThan(before);
    expect(await bar.getAttribute('aria-label')).toMatch(/^one ends in [\d.]+s if nobody uses it$/);
  });

  test('clients drop, are refused and leave, at most 8 of them', async () => {
    const server = await started();
    const page = await opened(server);
    const add = async () => {
      await page.keyboard.press('n');
      await page.keyboard.press('Enter');
    };
    await add();
    const ada = page.getByRole('article', { name: 'Client ada' });
    await ada.getByText('online').waitFor(PATIENT);
    const [{ memberId } = {}] = server.gateway.connections();
    await ada.getByLabel('Data to publish').fill('{"from":"ada"}');
    await ada.getByRole('button', { name: 'publish' }).click();
    await ada.getByText('acknowledged at 1').waitFor(PATIENT);
    await ada.getByRole('button', { name: 'drop' }).click();
    await ada.getByText('sync: recovered').waitFor(PATIENT);
    expect(server.gateway.connections().map((connection) => connection.memberId)).toEqual([memberId]);
    await ada.getByRole('button', { name: 'refuse token' }).click();
    await ada.getByText('stopped').first().waitFor(PATIENT);
    await ada.getByRole('button', { name: 'leave' }).click();
    expect(await ada.count()).toBe(0);
    for (let n = 0; n < 9; n += 1) await add();
    await page.getByText('at most 8 clients').waitFor(PATIENT);
    expect(await page.getByRole('article').count()).toBe(8);
  }, 40_000);

  test('what is frozen or half-open waits, and comes when that is over', async () => {
    const server = await started();
    const page = await opened(server);
    await page.keyboard.press('n');
    await page.keyboard.press('Enter');
    const ada = page.getByRole('article', { name: 'Client ada' });
    await ada.getByText('online').waitFor(PATIENT);
    await ada.getByRole('button', { name: 'freeze' }).click();
    await server.gateway.publish('group-1', 'held back');
    // What comes behind it at the gateway has come through the network as well, so it is held back and not late.
    await expect.poll(() => server.gateway.ledger('group-1')[0]?.written, PATIENT).toBe(1);
    await ada.getByRole('button', { name: 'publish' }).click();
    await expect.poll(() => server.gateway.stats().publishedTotal, PATIENT).toBe(2);
    await ada.getByText('outbox 1').waitFor(PATIENT);
    expect(await ada.locator('.frames').getByText('held back').count()).toBe(0);
    await ada.getByRole('button', { name: 'freeze' }).click();
    await ada.locator('.frames').getByText('held back').waitFor(PATIENT);
    await ada.getByText('outbox 0').waitFor(PATIENT);

    await ada.getByRole('button', { name: 'half-open' }).click();
    await ada.getByRole('button', { name: 'publish' }).click();
    await ada.getByText('outbox 1').waitFor(PATIENT);
    await ada.getByRole('button', { name: 'half-open' }).click();
    await ada.getByRole('button', { name: 'retry' }).click();
    await ada.getByText('acknowledged at 3').waitFor(PATIENT);
    expect(server.gateway.stats()).toMatchObject({ publishedTotal: 3, droppedMembers: 0 });
  });

  test('no token is on the page', async () => {
    const server = await started();
    const page = await opened(server);
    await page.keyboard.press('n');
    await page.getByLabel('token').fill('token"of\\"-ada');
    await page.keyboard.press('Enter');
    const shown = async () => (await page.evaluate('document.body.innerHTML')) as string;
    // The card says "sync" before there is one; the frame with the token is drawn with the next picture.
    await expect.poll(shown, PATIENT).toContain('"token":"…"');
    expect(await shown()).not.toContain('-ada');
  });

  test('says so when the gateway goes, and goes on when it is back', async () => {
    const server = await serve({ port: 0, host: '127.0.0.1', playground: {} });
    const page = await browser.newPage();
    onTestFinished(() => page.close());
    await page.goto(String(server.playgroundUrl));
    await page.getByText('running', { exact: true }).waitFor(PATIENT);
    await server.close();
    await page.getByText(/has ended the feed|does not answer/).waitFor(PATIENT);
    const again = await serve({ port: server.port, host: '127.0.0.1', playground: {} });
    onTestFinished(() => again.close());
    await page.getByText('running', { exact: true }).waitFor(PATIENT);
  });
});
