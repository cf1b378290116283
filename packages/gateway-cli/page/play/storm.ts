import { type Client, createClient } from 'gateway-client';
import { count } from '../../src/playground/format.js';
import { h, say } from '../dom.js';
import { FaultyNetwork } from './faults.js';

/** Of one storm. Chromium holds 255 WebSockets, Firefox 200 by default. */
export const STORM_MAX = 200;

/** A crowd that comes at once, drops at once, and comes back. */
export class Storm {
  readonly node: HTMLElement;
  readonly #size = h('input', { type: 'number', min: '1', max: String(STORM_MAX), value: '50', required: true });
  readonly #group = h('input', { value: 'group-1', required: true });
  readonly #note = h('p', { class: 'dim', role: 'status' });
  /** One for all of them. */
  readonly #network = new FaultyNetwork();
  #clients: Client[] = [];
  #told = { recovered: 0, reset: 0 };
  #heard = 0;

  /** @param url where clients connect. */
  constructor(private readonly url: () => string) {
    const action = (label: string, title: string, run: () => void) => h('button', { type: 'button', title, onclick: run }, label);
    this.node = h(
      'form',
      { class: 'new storm', 'aria-label': 'Storm', onsubmit: (event: SubmitEvent) => this.#submit(event) },
      h('label', {}, 'clients', this.#size),
      h('label', {}, 'group', this.#group),
      h(
        'div',
        { class: 'wide row' },
        h('button', { class: 'primary', title: 'they connect at once, also those that are there' }, 'come'),
        action('drop', 'all lose their connection at once, and come back', () => this.#drop()),
        action('leave', 'all go', () => void this.#leave()),
        this.#note,
      ),
    );
    this.node.hidden = true;
  }

  /** Opens it, or closes it; whoever is there leaves then. */
  toggle(): void {
    this.node.hidden = !this.node.hidden;
    if (this.node.hidden) void this.#leave();
    else this.#size.focus();
  }

  /** Says how they are. */
  tick(): void {
    if (this.node.hidden) return;
    const states = new Map<string, number>();
    for (const { status } of this.#clients) {
      const { state } = status.get();
      states.set(state, (states.get(state) ?? 0) + 1);
    }
    const words = [...states].map(([state, times]) => `${times} ${state}`);
    for (const [outcome, times] of Object.entries(this.#told)) if (times > 0) words.push(`${times} ${outcome}`);
    if (this.#heard > 0) words.push(`${count(this.#heard)} heard`);
    say(this.#note, words.join(' · ') || 'nobody is there');
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault();
    const [size, group] = [this.#size.valueAsNumber, this.#group.value];
    void this.#leave();
    this.#clients = Array.from({ length: Math.min(size, STORM_MAX) }, (_, at) => this.#client(`storm-${at + 1}`, group));
    this.tick();
  }

  #client(name: string, groupId: string): Client {
    const { WebSocket, signals } = this.#network;
    const client = createClient({ url: this.url(), metadata: { name }, WebSocket, signals });
    const group = client.join(groupId);
    group.ready.catch(() => {});
    group.on('sync', ({ outcome }) => {
      if (outcome !== 'live') this.#told[outcome] += 1;
    });
    group.on('message', () => {
      this.#heard += 1;
    });
    return client;
  }

  #drop(): void {
    this.#told = { recovered: 0, reset: 0 };
    this.#network.drop();
    this.tick();
  }

  async #leave(): Promise<void> {
    const gone = this.#clients;
    this.#clients = [];
    this.#told = { recovered: 0, reset: 0 };
    this.#heard = 0;
    this.tick();
    await Promise.all(gone.map((client) => client.close()));
  }
}
