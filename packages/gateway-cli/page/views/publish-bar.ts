import { h, say } from '../dom.js';
import { act } from '../feed-client.js';

/** Publishes to the group that is looked at, as the server. */
export class PublishBar {
  readonly #text = h('input', {
    class: 'mono',
    placeholder: 'publish as the server: {"text":"hello"}',
    'aria-label': 'Data to publish as the server',
  });
  readonly #note = h('span', { class: 'note', role: 'status' });
  readonly node: HTMLFormElement;
  #group: string | undefined;

  constructor() {
    this.node = h(
      'form',
      { class: 'publish', onsubmit: (event: SubmitEvent) => this.#submit(event) },
      this.#text,
      h('button', {}, 'publish'),
      this.#note,
    );
  }

  show(group: string | undefined, readOnly: boolean): void {
    this.#group = group;
    this.node.hidden = group === undefined || readOnly;
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault();
    void this.#publish(this.#text.value);
  }

  async #publish(text: string): Promise<void> {
    try {
      const { seq } = (await act('publish', { groupId: this.#group, data: dataIn(text) })) as { seq: number };
      this.#text.value = '';
      say(this.#note, `in the log at ${seq}`);
    } catch (error) {
      say(this.#note, (error as Error).message);
    }
  }
}

/** What somebody typed as data: JSON where it is, else a string. */
export function dataIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
