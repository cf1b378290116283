import { age, bytes, count, short } from '../../src/playground/format.js';
import type { Events, FeedEvent, MessageEvent } from '../../src/playground/wire.js';
import { h, List, mark, type Row, say } from '../dom.js';
import { details, downloadButton } from './message-details.js';

/** Events that are kept, and that are shown at once. */
const KEPT_MAX = 2_000;
const SHOWN_MAX = 200;

/** Messages and what else happens, the newest first. */
export class Stream {
  readonly node: HTMLElement;
  readonly #list: List<FeedEvent>;
  readonly #rows = h('ol', { class: 'rows stream', 'aria-label': 'Messages and events, newest first' });
  readonly #filter = h('input', {
    type: 'search',
    placeholder: 'filter ( / )',
    title: 'Text, key or member',
    'aria-label': 'Filter messages',
    oninput: () => this.show(),
  });
  readonly #pause = h(
    'button',
    { class: 'quiet', 'aria-pressed': 'false', title: 'Pause (p)', onclick: () => this.togglePause() },
    'pause',
  );
  readonly #only = h('select', { 'aria-label': 'Show', onchange: () => this.show() });
  readonly #note = h('span', { class: 'note', role: 'status' });
  readonly #title = h('h2', {}, 'Messages');
  readonly #place = h('span', { class: 'mono dim' });
  #events: FeedEvent[] = [];
  #known = new Set<number>();
  #paused: FeedEvent[] | undefined;
  /** So many have come since then. */
  #waiting = 0;
  #left = 0;
  #group: string | undefined;

  /** @param nameOf a member's name, where it is known. */
  constructor(private readonly nameOf: (memberId: string) => string | undefined) {
    for (const [value, text] of Object.entries({ all: 'everything', message: 'messages', life: 'events' })) {
      this.#only.append(h('option', { value }, text));
    }
    this.#list = new List(
      this.#rows,
      ({ n }) => String(n),
      (event) => this.#row(event),
      'nothing yet',
    );
    const download = downloadButton('download', 'messages', () => this.#wanted());
    const tools = h('div', { class: 'tools' }, this.#filter, this.#only, this.#pause, download);
    this.node = h(
      'section',
      { class: 'panel grow', 'aria-label': 'Messages' },
      h('header', {}, this.#title, this.#place, this.#note, tools),
      this.#rows,
    );
    setInterval(() => this.#age(), 1_000);
  }

  focus(): void {
    this.#filter.focus();
  }

  togglePause(): void {
    this.#paused = this.#paused === undefined ? [...this.#events] : undefined;
    this.#waiting = 0;
    this.#pause.setAttribute('aria-pressed', String(this.#paused !== undefined));
    say(this.#pause, this.#paused === undefined ? 'pause' : 'go on');
    this.show();
  }

  /** Where what is known comes from another gateway, or from one that began anew. */
  clear(): void {
    this.#events = [];
    this.#known.clear();
    this.#left = 0;
  }

  look(group: string | undefined, place: string): void {
    this.#group = group;
    say(this.#title, group ?? 'All groups');
    say(this.#place, place);
    this.show();
  }

  add({ events, left }: Events): void {
    const fresh = events.filter(({ n }) => !this.#known.has(n));
    for (const { n } of fresh) this.#known.add(n);
    this.#left += left;
    if (this.#paused !== undefined) this.#waiting += fresh.length;
    this.#events = [...this.#events, ...fresh].sort((a, b) => a.n - b.n);
    for (const { n } of this.#events.splice(0, Math.max(0, this.#events.length - KEPT_MAX))) this.#known.delete(n);
    this.show();
  }

  /** What is looked at and passes the filter, the oldest first. */
  #wanted(): FeedEvent[] {
    const wanted = this.#filter.value.toLowerCase();
    const isWanted = (event: FeedEvent) =>
      (this.#group === undefined || event.groupId === undefined || event.groupId === this.#group) &&
      (this.#only.value === 'all' || (event.type === 'message') === (this.#only.value === 'message')) &&
      (wanted === '' || textsOf(event).toLowerCase().includes(wanted));
    return (this.#paused ?? this.#events).filter(isWanted);
  }

  show(): void {
    this.#list.show(this.#wanted().slice(-SHOWN_MAX).reverse());
    const notes = [
      this.#waiting > 0 && `${count(this.#waiting)} waiting`,
      this.#left > 0 && `${count(this.#left)} more, not shown`,
    ];
    say(this.#note, notes.filter(Boolean).join(' · '));
  }

  #row(event: FeedEvent): Row<FeedEvent> {
    const when = h('time', {
      class: 'when',
      datetime: new Date(event.at).toISOString(),
      title: new Date(event.at).toLocaleString(),
    });
    const node = event.type === 'message' ? this.#messageRow(event, when) : lifeRow(event, when, (id) => this.#who(id));
    say(when, age(Date.now() - event.at));
    return { node, update: () => {} };
  }

  #messageRow(event: MessageEvent, when: HTMLElement): HTMLElement {
    const { seq, from, delivery, key, size, data, cut, groupId } = event;
    const head = h(
      'button',
      { class: 'line', 'aria-expanded': 'false', onclick: () => toggle() },
      h('span', { class: 'seq' }, String(seq)),
      h(
        'span',
        { class: from === undefined ? 'who server' : 'who', title: from ?? 'published by the server' },
        from === undefined ? 'server' : this.#who(from),
      ),
      when,
      h('code', { class: 'data' }, data),
      delivery !== undefined && delivery !== 'reliable' && h('span', { class: `tag ${delivery}` }, delivery),
      key !== undefined && h('span', { class: 'tag' }, `key ${short(key, 16)}`),
      this.#group === undefined && h('span', { class: 'tag group' }, short(groupId, 20)),
      h('span', { class: 'size' }, bytes(size)),
    );
    const node = h('li', {}, head);
    let more: HTMLElement | undefined;
    const toggle = () => {
      const open = more === undefined;
      head.setAttribute('aria-expanded', String(open));
      more?.remove();
      more = open ? details(event) : undefined;
      if (more !== undefined) node.append(more);
    };
    mark(node, 'cut', cut);
    return node;
  }

  #who(id: string): string {
    return this.nameOf(id) ?? short(id);
  }

  #age(): void {
    for (const when of this.#rows.querySelectorAll('time')) say(when, age(Date.now() - Date.parse(when.dateTime)));
  }
}

/** What the filter looks into. */
function textsOf(event: FeedEvent): string {
  return Object.values(event).join('\n');
}

const WORDS: Record<Exclude<FeedEvent['type'], 'message'>, string> = {
  connection: 'connected',
  identify: 'identified',
  join: 'joined',
  leave: 'left',
  detached: 'dropped, may resume',
  resumed: 'resumed',
  expired: 'did not come back',
  moved: 'came back at another gateway',
  gap: 'was told of a gap',
  reset: 'the log began anew',
  refused: 'was refused',
  disconnect: 'closed',
  session: 'session',
  error: 'failure',
};

function lifeRow(event: Exclude<FeedEvent, MessageEvent>, when: HTMLElement, name: (id: string) => string): HTMLElement {
  const { type, connectionId, memberId, groupId, code, text } = event;
  const who = memberId ?? connectionId;
  const said = text ?? '';
  return h(
    'li',
    { class: `life ${type}` },
    h(
      'div',
      { class: 'line' },
      h('span', { class: 'seq' }, '·'),
      h('span', { class: 'who', title: who }, who === undefined ? '' : name(who)),
      when,
      h('span', { class: 'what' }, WORDS[type]),
      code !== undefined && h('span', { class: 'tag code' }, code),
      groupId !== undefined && h('span', { class: 'tag group' }, short(groupId, 20)),
      h('span', { class: 'data', title: said }, said),
    ),
  );
}
