import { age, bytes, count, short } from '../../src/playground/format.js';
import type { Model } from '../../src/playground/model.js';
import { isSlow, slowestFirst } from '../../src/playground/slowness.js';
import type { ConnectionRow, GroupRow } from '../../src/playground/wire.js';
import { h, List, mark, type Row, say } from '../dom.js';
import { act } from '../feed-client.js';

const NAMES_MAX = 2_000;

/** A panel with a title, a count and a list under it. */
export function panel(title: string, label = title) {
  const number = h('span', { class: 'count' });
  const rows = h('ul', { class: 'rows', 'aria-label': label });
  const node = h('section', { class: 'panel', 'aria-label': label }, h('header', {}, h('h2', {}, title), number), rows);
  return { node, rows, number };
}

/** The groups, of which one is looked at. */
export class GroupsTable {
  readonly #panel = panel('Groups');
  readonly node = this.#panel.node;
  readonly #list: List<GroupRow>;
  readonly #all = h(
    'button',
    { class: 'line', onclick: () => this.choose(undefined) },
    h('span', { class: 'name' }, 'all groups'),
  );
  selected: string | undefined;

  constructor(private readonly chosen: (groupId: string | undefined) => void) {
    this.#panel.rows.before(
      h(
        'div',
        { class: 'line head' },
        h('span', { class: 'name' }, 'name'),
        h('span', {}, 'head'),
        h('span', {}, 'log'),
        h('span', {}, 'here'),
      ),
    );
    const groups = h('ul', { class: 'rows', 'aria-label': 'Groups' });
    this.#panel.rows.replaceWith(h('div', { class: 'scroll' }, this.#all, groups));
    this.#list = new List(
      groups,
      ({ id }) => id,
      (group) => this.#row(group),
    );
  }

  choose(groupId: string | undefined): void {
    if (this.selected === groupId) return;
    this.selected = groupId;
    this.chosen(groupId);
  }

  show({ groups, change }: Model): void {
    this.#list.show([...groups.values()].sort((a, b) => b.connections - a.connections || (a.id < b.id ? -1 : 1)));
    say(this.#panel.number, count(change?.stats.groups ?? 0));
    this.#all.setAttribute('aria-pressed', String(this.selected === undefined));
  }

  #row({ id }: GroupRow): Row<GroupRow> {
    const [head, log, here] = [h('span', { class: 'mono' }), h('span', {}), h('span', {})];
    const button = h(
      'button',
      { class: 'line', title: id, onclick: () => this.choose(id) },
      h('span', { class: 'name' }, id),
      head,
      log,
      here,
    );
    return {
      node: h('li', {}, button),
      update: ({ epoch, seq, logMessages, logBytes, connections }) => {
        say(head, `${epoch.slice(0, 4)}:${seq}`);
        head.title = `epoch ${epoch}, seq ${seq}`;
        say(log, `${count(logMessages)}`);
        log.title = `${logMessages} messages, ${bytes(logBytes)} in the log`;
        say(here, count(connections));
        button.setAttribute('aria-pressed', String(this.selected === id));
      },
    };
  }
}

const CODES: Record<string, string> = {
  '4003': '4003 forbidden: stop',
  '1000': '1000 normal closure',
  '4100': '4100 rate limited: back off',
  '4202': '4202 draining: come back',
};

/** The connections, the slow ones first. */
export class ConnectionsTable {
  readonly #panel = panel('Connections');
  readonly node = this.#panel.node;
  readonly #list: List<ConnectionRow>;
  readonly #filter = h('input', {
    type: 'search',
    placeholder: 'filter',
    'aria-label': 'Filter connections',
    oninput: () => this.#again(),
  });
  #model: Model | undefined;

  constructor(private readonly notice: (text: string) => void) {
    const names = h(
      'div',
      { class: 'line head' },
      h('span', { class: 'name' }, 'who'),
      h('span', {}, 'lag'),
      h('span', {}, 'unsent'),
      h('span', {}, 'heard'),
    );
    this.#panel.number.after(h('div', { class: 'tools' }, this.#filter));
    this.#panel.rows.before(names);
    this.#panel.rows.classList.add('scroll');
    this.#list = new List(
      this.#panel.rows,
      ({ id }) => id,
      (row) => this.#row(row),
      'nobody is connected',
    );
  }

  show(model: Model): void {
    this.#model = model;
    const wanted = this.#filter.value.toLowerCase();
    const rows = [...model.connections.values()].filter(
      (row) => wanted === '' || JSON.stringify(row).toLowerCase().includes(wanted),
    );
    rows.sort(slowestFirst);
    this.#list.show(rows);
    const total = model.change?.stats.connections ?? 0;
    say(this.#panel.number, total > model.connections.size ? `${model.connections.size} of ${count(total)}` : count(total));
  }

  #again(): void {
    if (this.#model !== undefined) this.show(this.#model);
  }

  #row(row: ConnectionRow): Row<ConnectionRow> {
    const [dot, name, role, lag, unsent, heard] = [
      h('i', { class: 'dot' }),
      h('b', {}),
      h('span', { class: 'dim' }),
      h('span', {}),
      h('span', {}),
      h('span', {}),
    ];
    const head = h(
      'button',
      { class: 'line', 'aria-expanded': 'false', onclick: () => toggle() },
      h('span', { class: 'name' }, dot, name, role),
      lag,
      unsent,
      heard,
    );
    const node = h('li', {}, head);
    let more: { node: HTMLElement; update(row: ConnectionRow): void } | undefined;
    let last = row;
    const toggle = () => {
      const open = more === undefined;
      head.setAttribute('aria-expanded', String(open));
      more?.node.remove();
      more = open ? this.#details(last.id) : undefined;
      if (more === undefined) return;
      more.update(last);
      node.append(more.node);
    };
    return {
      node,
      update: (next) => {
        last = next;
        const { state, lag: behind, unsentBytes, lastSeenAt } = next;
        dot.className = `dot ${state}`;
        dot.title = state;
        say(name, nameOf(next));
        say(role, next.role ?? 'not identified');
        say(lag, behind === 0 ? '0' : count(behind));
        say(unsent, unsentBytes === 0 ? '0' : bytes(unsentBytes));
        say(heard, age((this.#model?.change?.at ?? lastSeenAt) - lastSeenAt));
        mark(node, 'slow', isSlow(next));
        more?.update(next);
      },
    };
  }

  #details(connectionId: string) {
    const list = h('dl', {});
    const codes = h(
      'select',
      { 'aria-label': 'Close code' },
      ...Object.entries(CODES).map(([value, text]) => h('option', { value }, text)),
    );
    const disconnect = async () => {
      try {
        await act('disconnect', { connectionId, code: Number(codes.value), reason: 'playground' });
      } catch (error) {
        this.notice((error as Error).message);
      }
    };
    const readOnly = this.#model?.snapshot?.readOnly !== false;
    const tools = h(
      'div',
      { class: 'tools' },
      codes,
      h('button', { class: 'danger', onclick: () => void disconnect() }, 'disconnect'),
    );
    let said = '';
    return {
      node: h('div', { class: 'details' }, list, !readOnly && tools),
      update: (row: ConnectionRow) => {
        const { id, memberId, principal, metadata, groups, groupCount, address, dialect, createdAt } = row;
        const more = groupCount > groups.length ? ` and ${groupCount - groups.length} more` : '';
        const facts = {
          connection: id,
          member: memberId,
          principal,
          metadata,
          groups: `${groups.join(', ') || 'none'}${more}`,
          address,
          dialect,
          since: new Date(createdAt).toLocaleTimeString(),
        };
        const text = JSON.stringify(facts);
        if (text === said) return;
        said = text;
        list.replaceChildren();
        for (const [name, value] of Object.entries(facts))
          if (value !== undefined) list.append(h('dt', {}, name), h('dd', { class: 'mono' }, value));
      },
    };
  }
}

/** Names of members, remembered also when they have gone. */
export class Names {
  readonly #names = new Map<string, string>();

  learn({ connections, change }: Model): void {
    for (const { memberId, id, metadata } of connections.values()) this.#set(memberId, id, nameIn(metadata));
    for (const { id, metadata } of change?.detail?.members ?? []) this.#set(id, id, nameIn(metadata));
  }

  of(id: string): string | undefined {
    return this.#names.get(id);
  }

  #set(memberId: string | undefined, connectionId: string, name: string | undefined): void {
    if (name === undefined || (memberId !== undefined && this.#names.has(memberId))) return;
    if (this.#names.size > NAMES_MAX) this.#names.clear();
    this.#names.set(connectionId, name);
    if (memberId !== undefined) this.#names.set(memberId, name);
  }
}

/** What a person would call a connection: a name in its metadata, else its member. */
export function nameOf({
  metadata,
  principal,
  memberId,
  id,
}: Pick<ConnectionRow, 'metadata' | 'principal' | 'memberId' | 'id'>): string {
  return nameIn(metadata) ?? principal ?? short(memberId ?? id);
}

export function nameIn(metadata: string | undefined): string | undefined {
  try {
    const { name } = JSON.parse(metadata ?? '{}');
    return typeof name === 'string' && name !== '' ? short(name, 24) : undefined;
  } catch {
    // It was cut.
    return undefined;
  }
}
