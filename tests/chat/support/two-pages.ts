import type { GatewayOptions } from 'gateway-core';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, vi } from 'vitest';
import { launchChromium, noChromium } from '../../support/chromium.js';
import { buildPage } from './build-page.js';
import { ChatPage } from './chat-page.js';
import { Host } from './host.js';

/** With the back/forward cache, as people have it: Playwright turns it off. */
const WITH_CACHE = { ignoreDefaultArgs: ['--disable-back-forward-cache'] };
const isMissing = noChromium !== undefined;

/** In a real browser, time is real: a wait ends when what is waited for is there. */
export const until = <Value>(read: () => Value | Promise<Value>, wanted: Value): Promise<unknown> =>
  vi.waitFor(async () => expect(await read()).toEqual(wanted), { timeout: 15_000, interval: 50 });

/** Two people in the chat, each with a browser context of its own, and the host that both talk to. */
export class TwoPages {
  host!: Host;
  ada!: ChatPage;
  grace!: ChatPage;
  #browser!: Browser;
  #page!: Awaited<ReturnType<typeof buildPage>>;

  async prepare(): Promise<void> {
    [this.#page, this.#browser] = await Promise.all([buildPage(), launchChromium(WITH_CACHE)]);
  }

  async remove(): Promise<void> {
    await this.#browser.close();
    await this.#page.remove();
  }

  async start(options?: GatewayOptions): Promise<void> {
    this.host = await Host.start(this.#page.folder, options);
    [this.ada, this.grace] = await Promise.all([this.open('Ada'), this.open('Grace')]);
  }

  async open(name: string): Promise<ChatPage> {
    return ChatPage.open(await this.#browser.newContext(), this.host.origin, name);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#browser.contexts().map((context) => context.close()));
    await this.host.kill();
  }

  /** Both pages show what was published, in the order of the log and each once, and so does the account of the gateway. */
  async agree(...texts: string[]): Promise<void> {
    await until(() => this.ada.texts(), texts);
    await until(() => this.grace.texts(), texts);
    expect(this.host.published).toEqual(texts);
    expect(new Set([...(await this.ada.fates()), ...(await this.grace.fates())])).toEqual(new Set(['accepted']));
  }
}

/** Skipped, with the reason printed, where there is no Chromium. */
export function describeChat(claim: string, tests: (chat: TwoPages) => void): void {
  if (isMissing) console.warn(`${claim}: skipped, ${noChromium}`);
  describe.skipIf(isMissing)(claim, { timeout: 60_000 }, () => {
    const chat = new TwoPages();
    beforeAll(() => chat.prepare());
    afterAll(() => chat.remove());
    afterEach(async () => {
      const errors = [...chat.ada.errors, ...chat.grace.errors];
      await chat.stop();
      expect(errors).toEqual([]);
    });
    tests(chat);
  });
}
