import { expect, test } from 'vitest';
import { describeChat, until } from './support/two-pages.js';

const numbered = (name: string, count: number) => Array.from({ length: count }, (_, n) => `${name} ${n + 1}`);

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

  test('a network that drops again and again while both write: everything once on both pages, in one order', async () => {
    await chat.start();
    const { ada, grace, host } = chat;
    const [adas, graces] = [numbered('ada', 15), numbered('grace', 15)];
    const write = async (page: typeof ada, texts: string[], dropsAt: number) => {
      for (const [n, text] of texts.entries()) {
        await page.say(text);
        if (n % 5 === dropsAt) await page.switchNetwork();
        if (n % 5 === dropsAt + 1) await page.switchNetwork();
      }
    };
    await Promise.all([write(ada, adas, 1), write(grace, graces, 2)]);
    await until(() => host.published.length, 30);
    await chat.agree(...host.published);
    expect(host.published.filter((text) => text.startsWith('ada'))).toEqual(adas);
    expect(host.published.filter((text) => text.startsWith('grace'))).toEqual(graces);
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

  test('twenty reloads leave one member [B79]', async () => {
    await chat.start();
    const { ada, grace, host } = chat;
    for (let n = 0; n < 20; n += 1) await ada.page.reload({ waitUntil: 'domcontentloaded' });
    await ada.isOnline();
    await until(() => grace.people.allTextContents(), ['GrGraceyou', 'AdAda']);
    expect((await host.gateway.presence('room:general')).details?.members).toBe(2);
  });
});
