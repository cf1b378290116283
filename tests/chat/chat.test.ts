import { expect, test } from 'vitest';
import { describeChat, until } from './support/two-pages.js';

describeChat('the chat in Chromium', (chat) => {
  test('two pages talk, see each other, and see who types', async () => {
    await chat.start();
    const { ada, grace } = chat;
    await until(() => ada.people.allTextContents(), ['AdAdayou', 'GrGrace']);
    await until(() => grace.people.allTextContents(), ['GrGraceyou', 'AdAda']);
    await ada.box.fill('hel');
    await until(() => grace.typing.textContent(), 'Ada is typing…');
    expect(await ada.typing.textContent()).toBe('');
    // What others write is text, whatever it looks like.
    await ada.say('hello <b>Grace</b>');
    await until(() => grace.typing.textContent(), '');
    await grace.say('hello Ada');
    await chat.agree('hello <b>Grace</b>', 'hello Ada');
  });

  test('a network that drops: what is written waits, says so, and is there once on both pages', async () => {
    await chat.start();
    const { ada, grace } = chat;
    await ada.say('before');
    await chat.agree('before');
    await ada.switchNetwork();
    await until(() => grace.people.allTextContents(), ['GrGraceyou', 'AdAdareconnecting']);
    await ada.say('in the tunnel 1');
    await grace.say('meanwhile');
    await ada.say('in the tunnel 2');
    await until(() => ada.fates(), ['accepted', 'sending', 'sending']);
    await ada.page.getByText('You are offline').waitFor();
    expect(await ada.lines.last().textContent()).toContain('Waits for the network');
    await ada.switchNetwork();
    await chat.agree('before', 'meanwhile', 'in the tunnel 1', 'in the tunnel 2');
    expect(await ada.page.getByText('You are offline').count()).toBe(0);
    await until(() => grace.people.allTextContents(), ['GrGraceyou', 'AdAda']);
  });

  test('who comes later has the last messages of each room, and what is unread is counted', async () => {
    await chat.start();
    const { ada, grace } = chat;
    await ada.say('one');
    await chat.agree('one');
    await ada.page.getByRole('button', { name: 'design' }).click();
    await ada.say('drawn');
    await until(() => ada.texts(), ['drawn']);
    await grace.say('two');
    await ada.page.getByRole('button', { name: 'general 1 unread' }).waitFor();
    await grace.page.reload();
    await until(() => grace.texts(), ['one', 'two']);
    await grace.page.getByRole('button', { name: 'design' }).click();
    await until(() => grace.texts(), ['drawn']);
  });
});
