import { bytes, short } from '../../src/playground/format.js';
import type { MessageEvent } from '../../src/playground/wire.js';
import { asPublishCall } from '../code.js';
import { h, say } from '../dom.js';
import { fatesOf, wholeData } from '../feed-client.js';

/** Everything about a message. */
export function details(event: MessageEvent): HTMLElement {
  const { n, groupId, epoch, seq, from, id, delivery = 'reliable', key, sessionId, data, cut, size } = event;
  let whole = event;
  const facts = {
    group: groupId,
    position: `${epoch}:${seq}`,
    from: from ?? 'the server',
    id,
    delivery,
    key,
    session: sessionId,
  };
  const list = h('dl', {});
  for (const [name, value] of Object.entries(facts)) {
    if (value !== undefined) list.append(h('dt', {}, name), h('dd', { class: 'mono' }, value));
  }
  const shown = h('pre', { tabindex: '0', 'aria-label': 'Data' }, cut ? data : pretty(data));
  const all = h('button', { class: 'quiet', onclick: showAll }, `show all (${bytes(size)})`);
  async function showAll(): Promise<void> {
    try {
      whole = { ...event, data: await wholeData(n), cut: false };
      say(shown, pretty(whole.data));
      all.remove();
    } catch (error) {
      say(all, (error as Error).message);
    }
  }
  const copy = copyButton('copy as publish call', () => asPublishCall(whole));
  return h('div', { class: 'details' }, list, shown, h('div', { class: 'tools' }, cut && all, copy), fates(event));
}

/** Asks who got it, and why others did not. */
function fates({ groupId, epoch, seq }: MessageEvent): HTMLElement {
  const member = h('input', { placeholder: 'a member that has left', 'aria-label': 'Member id, or none for all that are there' });
  const list = h('ul', { class: 'fates' });
  const form = h('form', { class: 'tools' }, h('button', { class: 'quiet', type: 'submit' }, 'who got it?'), member);
  form.addEventListener('submit', (submitted) => {
    submitted.preventDefault();
    void ask();
  });
  async function ask(): Promise<void> {
    try {
      const rows = await fatesOf(groupId, epoch, seq, member.value.trim());
      const items = rows.map(({ memberId, fate, text }) =>
        h('li', { title: memberId }, h('b', {}, short(memberId)), ` ${fate.replaceAll('_', ' ')}: ${text}`),
      );
      list.replaceChildren(...(items.length === 0 ? [h('li', {}, 'nobody is there')] : items));
    } catch (error) {
      list.replaceChildren(h('li', {}, (error as Error).message));
    }
  }
  return h('div', {}, form, list);
}

/** A button that copies a text. */
export function copyButton(label: string, text: () => string): HTMLElement {
  const button = h('button', { class: 'quiet', onclick: copy }, label);
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text());
      say(button, 'copied');
    } catch {
      say(button, 'the browser does not let it');
    }
    setTimeout(() => say(button, label), 1_500);
  }
  return button;
}

/** A button that saves values as a file of JSON lines. */
export function downloadButton(label: string, file: string, values: () => readonly unknown[]): HTMLElement {
  return h('button', { class: 'quiet', title: 'As JSONL: a JSON value in each line', onclick: save }, label);
  function save(): void {
    const lines = values().map((value) => `${JSON.stringify(value)}\n`);
    const href = URL.createObjectURL(new Blob(lines, { type: 'application/jsonl' }));
    h('a', { href, download: `${file}.jsonl` }).click();
    setTimeout(() => URL.revokeObjectURL(href), 10_000);
  }
}

/** JSON text with a line for each field. Digits that a number cannot hold are kept: where there are any it stays as it is. */
function pretty(text: string): string {
  const value = JSON.parse(text);
  return JSON.stringify(value) === text ? JSON.stringify(value, undefined, 2) : text;
}
