import { h, say } from '../dom.js';
import { Card } from './card.js';
import { Player, type PlayerSetup } from './player.js';
import { Storm } from './storm.js';
import { LOAD, RESUME, Story } from './story.js';

export const PLAYERS_MAX = 8;
const NAMES = ['ada', 'bob', 'cleo', 'dan', 'eve', 'fay', 'gus', 'hal'];

/** Real clients beside each other, each on a network that can be broken. */
export class Play {
  readonly node: HTMLElement;
  readonly #players = new Map<Player, Card>();
  readonly #cards = h('div', { class: 'cards' });
  readonly #count = h('span', { class: 'count' });
  readonly #name = h('input', {});
  readonly #group = h('input', { value: 'group-1' });
  readonly #type = h('select', {}, ...['app-client', 'dashboard'].map((value) => h('option', { value }, value)));
  readonly #token = h('input', { type: 'password', autocomplete: 'off', placeholder: 'none' });
  readonly #form: HTMLElement;
  readonly #intro: HTMLElement;
  readonly #stories: { resume: Story; load: Story };
  readonly #storm: Storm;

  constructor(
    /** Where clients connect; known once the feed has told it. */
    private readonly url: () => string,
    private readonly notice: (text: string) => void,
    /** Shows what the gateway makes of a group. */
    look: (group: string) => void,
  ) {
    const stage = { add: (setup: Partial<PlayerSetup>) => this.add(setup), look };
    this.#stories = { resume: new Story(RESUME, stage), load: new Story(LOAD, stage) };
    this.#storm = new Storm(url);
    const field = (label: string, input: HTMLElement, wide = false) => h('label', { class: wide ? 'wide' : '' }, label, input);
    this.#form = h(
      'form',
      { class: 'new', onsubmit: (event: SubmitEvent) => this.#submit(event) },
      field('name', this.#name),
      field('group', this.#group),
      field('type', this.#type),
      field('token', this.#token),
      h('button', { class: 'primary wide' }, 'add client'),
    );
    this.#form.hidden = true;
    this.#intro = h(
      'div',
      { class: 'intro' },
      h(
        'p',
        {},
        'Real clients, the ones of gateway-client, each on a network that you can break. Watch in the middle what the gateway makes of it.',
      ),
      h('button', { class: 'primary', onclick: () => this.open() }, 'add a client'),
      h('button', { onclick: () => this.tell('resume') }, 'show me: drop and resume'),
    );
    const tools = h(
      'div',
      { class: 'tools' },
      h(
        'button',
        { title: 'Two clients chat, one drops, ten messages pass, it comes back', onclick: () => this.tell('resume') },
        'story',
      ),
      h(
        'button',
        {
          title: 'A snapshot, then the stream: nothing is missing between the two, nothing twice',
          onclick: () => this.tell('load'),
        },
        'load',
      ),
      h('button', { title: 'Up to 200 clients come at once, and drop at once', onclick: () => this.#storm.toggle() }, 'storm'),
      h('button', { title: 'New client (n)', onclick: () => this.open() }, '+ client'),
    );
    this.node = h(
      'section',
      { class: 'panel play', 'aria-label': 'Play' },
      h('header', {}, h('h2', {}, 'Play'), this.#count, tools),
      this.#form,
      this.#storm.node,
      this.#stories.resume.node,
      this.#stories.load.node,
      this.#intro,
      this.#cards,
    );
    setInterval(() => {
      for (const card of this.#players.values()) card.tick();
      this.#storm.tick();
    }, 200);
  }

  /** Asks for a new client. */
  open(group?: string): void {
    this.#form.hidden = false;
    this.#name.value = this.#freeName();
    if (group !== undefined) this.#group.value = group;
    this.#name.focus();
    this.#name.select();
  }

  /** Plays a prepared story. */
  tell(name: 'resume' | 'load'): void {
    if (this.#players.size > PLAYERS_MAX - 2) {
      this.notice('the story needs room for two clients');
      return;
    }
    void this.#stories[name].run();
  }

  /** @throws where there are as many as may be. */
  add(setup: Partial<PlayerSetup>): Player {
    if (this.#players.size >= PLAYERS_MAX) throw new Error(`at most ${PLAYERS_MAX} clients`);
    const player = new Player({
      url: this.url(),
      name: this.#freeName(),
      clientType: 'app-client',
      group: 'group-1',
      token: '',
      ...setup,
    });
    const card = new Card(player, () => this.#remove(player));
    this.#players.set(player, card);
    this.#cards.prepend(card.node);
    this.#show();
    return player;
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault();
    try {
      this.add({
        name: this.#name.value,
        group: this.#group.value,
        clientType: this.#type.value as PlayerSetup['clientType'],
        token: this.#token.value,
      });
      // Or the next key would still be typed into it.
      if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
      this.#form.hidden = true;
    } catch (error) {
      this.notice((error as Error).message);
    }
  }

  #remove(player: Player): void {
    this.#players.get(player)?.node.remove();
    this.#players.delete(player);
    void player.end();
    this.#show();
  }

  #show(): void {
    this.#intro.hidden = this.#players.size > 0;
    say(this.#count, `${this.#players.size} of ${PLAYERS_MAX}`);
  }

  #freeName(): string {
    const taken = new Set([...this.#players.keys()].map(({ setup }) => setup.name));
    return NAMES.find((name) => !taken.has(name)) ?? 'client';
  }
}
