import { once } from 'node:events';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { describeChat, until } from './support/two-pages.js';

const numbered = (name: string, count: number) => Array.from({ length: count }, (_, n) => `${name} ${n + 1}`);

/** In the page, before anything of it: timers run at whole minutes only, which are short ones, and `hide()` is what a tab is told that is hidden. */
const THROTTLED = `
  const minuteMs = 1_500;
  globalThis.held = 0;
  const wait = (delayMs = 0) => {
    held += 1;
    const now = performance.now();
    return Math.ceil((now + delayMs) / minuteMs) * minuteMs - now;
  };
  const { setTimeout, setInterval } = globalThis;
  globalThis.setTimeout = (task, delayMs, ...args) => setTimeout(task, wait(delayMs), ...args);
  globalThis.setInterval = (task, delayMs, ...args) => setInterval(task, Math.max(minuteMs, delayMs), ...args);
  globalThis.hide = () => {
    Object.defineProperties(document, { hidden: { value: true }, visibilityState: { value: 'hidden' } });
    document.dispatchEvent(new Event('visibilitychange'));
  };
`;

describeChat('the chat in Chromium, when connections end', (chat) => {
  test('the gateway is killed and started: both pages come back by themselves, and what may be missing is said', async () => {
    await chat.start();
    const { ada, grace, host } = chat;
    await ada.say('before');
    await chat.agree('before');
    await host.kill();
    await until(() => ada.connection.getAttribute('data-state'), 'reconnecting');
    await ada.say('while it was away');
    await host.start();
    await Promise.all([ada.isOnline(), grace.isOnline()]);
    await until(() => host.published, ['before', 'while it was away']);
    await grace.say('after');
    // The log of the new process begins with who is back first: the other may have missed that, and says so.
    for (const page of [ada, grace]) {
      await until(async () => (await page.texts()).at(-1), 'after');
      const [texts, holes] = [await page.texts(), await page.holes()];
      expect([[...host.published], ['before', 'after']]).toContainEqual(texts);
      expect(holes).toBe(1);
    }
    expect(await ada.texts()).toEqual(host.published);
    await until(() => grace.people.allTextContents(), ['GrGraceyou', 'AdAda']);
  });

  test('an answer that is lost with the gateway: the message may not have arrived, says so, and can be sent again', async () => {
    let asked: (() => void) | undefined;
    const authorize = ({ action }: { action: string }) => {
      if (action !== 'publish' || asked === undefined) return true;
      asked();
      return new Promise<never>(() => {});
    };
    await chat.start({ authorize });
    const { ada, grace, host } = chat;
    await ada.say('before');
    await chat.agree('before');
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    await ada.say('lost?');
    await isAsked;
    await host.kill();
    asked = undefined;
    await host.start();
    await until(() => ada.fates(), ['accepted', 'unknown']);
    // In the new log too: what is sent again is there for both.
    await until(() => grace.holes(), 1);
    expect(await ada.lines.last().textContent()).toContain('May not have arrived');
    await ada.page.getByRole('button', { name: 'Send again' }).click();
    await chat.agree('before', 'lost?');
  });

  test('a page that loses its network ten times in a minute shows every message once; so does one that loses it less', async () => {
    await chat.start();
    const { ada, grace, host } = chat;
    const [adas, graces] = [numbered('ada', 20), numbered('grace', 10)];
    /** Writes, and loses the network once in so many messages, for one of them. */
    const write = async (page: typeof ada, texts: string[], every: number) => {
      for (const [n, text] of texts.entries()) {
        await page.say(text);
        if (n % every < 2) await page.switchNetwork();
      }
    };
    await Promise.all([write(ada, adas, 2), write(grace, graces, 5)]);
    await until(() => host.published.length, 30);
    await chat.agree(...host.published);
    expect(host.published.filter((text) => text.startsWith('ada'))).toEqual(adas);
    expect(host.published.filter((text) => text.startsWith('grace'))).toEqual(graces);
    expect(await ada.holes()).toBe(0);
  });

  test('the browser says that it is offline: what is written waits, and goes out once', async () => {
    await chat.start();
    const { ada, grace } = chat;
    await ada.page.context().setOffline(true);
    await ada.say('offline');
    await grace.say('online');
    await ada.page.context().setOffline(false);
    await until(() => chat.host.published.length, 2);
    await chat.agree(...chat.host.published);
  });

  test('a page that comes back from the back/forward cache resumes, with what was said meanwhile [B78]', async () => {
    await chat.start();
    const { ada, grace, host } = chat;
    await ada.say('before');
    await chat.agree('before');
    await ada.page.evaluate(`addEventListener('pageshow', ({ persisted }) => { globalThis.persisted = persisted; })`);
    await ada.page.goto(`${host.origin}/elsewhere`);
    await grace.say('meanwhile');
    // Not `goBack`: it waits for a load, which a page from the cache has not.
    void ada.page.evaluate('history.back()').catch(() => {});
    await chat.agree('before', 'meanwhile');
    expect(await ada.page.evaluate('persisted')).toBe(true);
    await until(() => grace.people.allTextContents(), ['GrGraceyou', 'AdAda']);
  });

  test('a hidden tab stays connected for two minutes, timers once a minute; simulated: hidden, the throttle, and minutes of 1.5 s [B29]', async () => {
    // The gateway's times by default, but for a fortieth of them each.
    await chat.start({ timings: { heartbeatIntervalMs: 250, heartbeatTimeoutMs: 625, sweepIntervalMs: 25 } });
    const { ada, grace, host } = chat;
    await ada.page.addInitScript(THROTTLED);
    await ada.page.reload();
    await ada.isOnline();
    await ada.page.evaluate('hide()');
    const ids = () => host.gateway.connections().map(({ connectionId }) => connectionId);
    const before = ids();
    // Each of these answers no ping, and is closed when it has been silent for the timeout: five of them are two minutes.
    for (let silence = 0; silence < 5; silence += 1) {
      const [code] = await once(new WebSocket(`${host.origin.replace('http', 'ws')}/rt`, { autoPong: false }), 'close');
      expect(code).toBe(4200);
    }
    expect(ids()).toEqual(before);
    expect(await ada.page.evaluate('held > 0 && document.hidden')).toBe(true);
    await grace.say('still here?');
    await chat.agree('still here?');
  });

  test('twenty reloads leave one member [B79]', async () => {
    await chat.start();
    const { ada, grace, host } = chat;
    for (let n = 0; n < 20; n += 1) await ada.page.reload({ waitUntil: 'domcontentloaded' });
    await ada.isOnline();
    await until(() => grace.people.allTextContents(), ['GrGraceyou', 'AdAda']);
    expect((await host.gateway.presence('room:general')).details?.members).toBe(2);
  });
});
