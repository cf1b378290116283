import { h, List, mark, say } from '../dom.js';
import { copyButton, downloadButton } from '../views/message-details.js';
import { dataIn } from '../views/publish-bar.js';
import { CODE_KINDS, type CodeKind, codeOf } from './code-of.js';
import type { FrameLine, Player } from './player.js';

const FRAMES_SHOWN = 40;

/** A player with its state, its faults and its frames. */
export class Card {
  readonly node: HTMLElement;
  readonly #dot = h('i', { class: 'dot' });
  readonly #state = h('span', { class: 'dim' });
  readonly #facts = {
    member: h('b', { class: 'mono' }),
    group: h('b', {}),
    position: h('b', { class: 'mono' }),
    outbox: h('b', {}),
    rtt: h('b', {}),
    sync: h('b', { class: 'outcome' }),
  };
  readonly #frames: List<FrameLine>;
  readonly #data = h('input', { class: 'mono', value: '{"text":"hello"}', 'aria-label': 'Data to publish' });
  readonly #delivery = h(
    'select',
    { 'aria-label': 'Delivery' },
    ...['reliable', 'latest', 'volatile'].map((value) => h('option', { value }, value)),
  );
  readonly #toggles: { button: HTMLElement; on: () => boolean }[] = [];
  #due = false;

  constructor(
    private readonly player: Player,
    closed: () => void,
  ) {
    const { network, client, setup } = player;
    const frames = h('ol', { class: 'frames', 'aria-label': `Frames of ${setup.name}` });
    this.#frames = new List(
      frames,
      ({ n }) => String(n),
      (line) => ({ node: frameRow(line), update: () => {} }),
    );
    const action = (label: string, title: string, run: () => void) => h('button', { title, onclick: run }, label);
    const toggle = (label: string, title: string, on: () => boolean, turn: (on: boolean) => void) => {
      const button = action(label, title, () => {
        turn(!on());
        this.changed();
      });
      this.#toggles.push({ button, on });
      return button;
    };
    const faults = [
      action('drop', 'lose the connection; the client comes back and resumes', () => network.drop()),
      toggle(
        'half-open',
        'nothing goes through in either direction, and neither end is told',
        () => network.state.halfOpen,
        (on) => network.setHalfOpen(on),
      ),
      toggle(
        'freeze',
        'what comes in is not delivered until you thaw it',
        () => network.state.frozen,
        (on) => network.setFrozen(on),
      ),
      action('refuse token', 'the next identify is answered UNAUTHORIZED and 4001', () => network.refuseToken()),
      toggle(
        'sleep',
        'the page is frozen, and wakes after 20 s',
        () => player.asleepUntil !== undefined,
        (on) => (on ? player.sleep() : player.wake()),
      ),
      action('retry', 'reconnect() of the client', () => client.reconnect()),
    ];
    const kinds = h(
      'select',
      { 'aria-label': 'Copy as' },
      ...Object.entries(CODE_KINDS).map(([value, label]) => h('option', { value }, label)),
    );
    const code = () => codeOf(kinds.value as CodeKind, { ...setup, hasToken: setup.token !== '' });
    const send = h(
      'form',
      { onsubmit: (event: SubmitEvent) => this.#publish(event) },
      this.#data,
      this.#delivery,
      h('button', { class: 'primary' }, 'publish'),
    );
    this.node = h(
      'article',
      { class: 'card', 'aria-label': `Client ${setup.name}` },
      h(
        'header',
        {},
        this.#dot,
        h('b', { title: setup.name }, setup.name),
        this.#state,
        h('div', { class: 'tools' }, action('leave', 'close the client: others see it go at once', closed)),
      ),
      h('div', { class: 'status' }, ...Object.entries(this.#facts).map(([name, value]) => h('span', {}, `${name} `, value))),
      h('div', { class: 'faults', role: 'group', 'aria-label': 'Faults' }, ...faults),
      send,
      frames,
      h(
        'div',
        { class: 'faults foot' },
        kinds,
        copyButton('copy as code', code),
        copyButton('copy frames', () => player.frames.map((line) => JSON.stringify(line)).join('\n')),
        downloadButton('download frames', `frames of ${setup.name}`, () => player.frames),
      ),
    );
    player.onChange(() => this.changed());
    this.changed();
  }

  /** Shows what has changed, at most once for each picture. */
  changed(): void {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      this.tick();
    });
  }

  /** Also called as time goes by, for the countdown. */
  tick(): void {
    const { client, group, pending, outcome, replayed, frames, asleepUntil } = this.player;
    const { state, retryAt, attempt, reason, rttMs, lost } = client.status.get();
    this.#dot.className = `dot ${state}`;
    const wait = retryAt === undefined ? undefined : Math.max(0, retryAt - Date.now()) / 1_000;
    const asleep = asleepUntil === undefined ? undefined : Math.max(0, asleepUntil - Date.now()) / 1_000;
    const words = [
      state,
      state !== 'online' && asleep !== undefined && `asleep for ${asleep.toFixed(0)} s`,
      state !== 'online' && wait !== undefined && `again in ${wait.toFixed(1)} s (${attempt})`,
      state !== 'online' && reason?.text,
      lost && 'lost',
    ];
    say(this.#state, words.filter(Boolean).join(' · '));
    this.#state.title = reason?.text ?? '';
    const { position, status } = group;
    say(this.#facts.member, client.memberId?.slice(0, 8) ?? '–');
    say(this.#facts.group, `${group.id} ${status.get().state}`);
    say(this.#facts.position, position === undefined ? '–' : `${position.epoch.slice(0, 4)}:${position.seq}`);
    say(this.#facts.outbox, String(pending));
    say(this.#facts.rtt, rttMs === undefined ? '–' : `${rttMs.toFixed(0)} ms`);
    say(this.#facts.sync, outcome === '' ? '–' : `${outcome}, ${replayed} replayed`);
    mark(this.#facts.sync, 'good', outcome.startsWith('recovered'));
    mark(this.#facts.sync, 'bad', outcome.startsWith('reset'));
    for (const { button, on } of this.#toggles) button.setAttribute('aria-pressed', String(on()));
    this.#frames.show(frames.slice(-FRAMES_SHOWN).reverse());
  }

  #publish(event: SubmitEvent): void {
    event.preventDefault();
    void this.player.say(dataIn(this.#data.value), this.#delivery.value as 'reliable', 'key');
  }
}

const ARROWS = { in: '←', out: '→', note: '·' };

function frameRow({ kind, at, text }: FrameLine): HTMLElement {
  const time = new Date(at).toISOString().slice(11, 23);
  const [type, rest] = kind === 'note' ? ['', text] : inShort(text);
  return h(
    'li',
    { class: kind === 'note' ? 'said' : kind, title: text },
    h('time', {}, time),
    h('i', {}, ARROWS[kind]),
    h('code', {}, h('b', {}, type), rest),
  );
}

/** What kind of envelope it is, and what it says. */
function inShort(text: string): [string, string] {
  try {
    const { type, ts: _, groupId, payload, ...rest } = JSON.parse(text);
    const said = JSON.stringify({ ...rest, ...(payload ?? {}) });
    return [String(type), said === '{}' ? '' : said];
  } catch {
    // It was cut.
    return ['', text];
  }
}
