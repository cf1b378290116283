import { age, count, short } from '../../src/playground/format.js';
import type { GroupDetail, MemberRow, SessionRow } from '../../src/playground/wire.js';
import { h, List, mark, type Row, say } from '../dom.js';
import { nameIn, panel } from './tables.js';

/** The members of the group that is looked at, with their books, and its sessions. */
export class GroupDetailView {
  readonly #members = panel('Members');
  readonly #sessions = panel('Sessions');
  readonly node = h('div', { class: 'pair' }, this.#members.node, this.#sessions.node);
  readonly #memberList: List<MemberRow>;
  readonly #sessionList: List<SessionRow>;
  #known: readonly SessionRow[] = [];
  #ttlMs = 0;

  constructor() {
    this.#members.rows.classList.add('scroll');
    this.#sessions.rows.classList.add('scroll');
    this.#members.rows.before(
      h(
        'div',
        { class: 'line head' },
        h('span', { class: 'name' }, 'who'),
        h('span', { title: 'messages of the group since it joined' }, 'published'),
        h('span', {}, 'written'),
        h('span', { title: 'latest and volatile ones that a newer one stands for' }, 'passed'),
        h('span', { title: 'and told of' }, 'lost'),
        h('span', {}, 'pending'),
      ),
    );
    this.#memberList = new List(this.#members.rows, ({ id }) => id, memberRow, 'nobody is here');
    this.#sessionList = new List(
      this.#sessions.rows,
      ({ id }) => id,
      () => sessionRow(() => this.#ttlMs),
      'no sessions',
    );
    // Its bars run down while nothing happens.
    setInterval(() => this.#sessionList.show(this.#known), 1_000);
  }

  /** @param sessionTtlMs how long a session stays that nobody uses. */
  show(group: string | undefined, detail: GroupDetail | undefined, sessionTtlMs: number): void {
    this.#ttlMs = sessionTtlMs;
    this.node.hidden = group === undefined;
    const known = detail?.groupId === group ? detail : undefined;
    this.#memberList.show(known?.members ?? []);
    this.#known = known?.sessions ?? [];
    this.#sessionList.show(this.#known);
    say(this.#members.number, `${known?.members.length ?? 0}${known?.membersCut ? ' and more' : ''}`);
    say(this.#sessions.number, `${known?.sessions.length ?? 0}${known?.sessionsCut ? ' and more' : ''}`);
    this.#sessions.node.hidden = (known?.sessions.length ?? 0) === 0;
  }
}

function memberRow(): Row<MemberRow> {
  const [dot, name, role, own] = [h('i', { class: 'dot' }), h('b', {}), h('span', { class: 'dim' }), h('code', { class: 'own' })];
  const cells = {
    published: h('span', {}),
    written: h('span', {}),
    passed: h('span', {}),
    lost: h('span', {}),
    pending: h('span', {}),
  };
  const node = h(
    'li',
    {},
    h('div', { class: 'line' }, h('span', { class: 'name' }, dot, name, role, own), ...Object.values(cells)),
  );
  return {
    node,
    update: ({ id, role: as, state, metadata, presenceState, ledger }) => {
      dot.className = `dot ${state}`;
      dot.title = state;
      mark(node, 'dropped', state === 'dropped');
      say(name, nameIn(metadata) ?? short(id));
      name.title = id;
      say(role, state === 'dropped' ? 'dropped, may resume' : as);
      say(own, presenceState ?? '');
      const { published, written, latest, volatile, lost, pending } = ledger ?? {};
      const known = published !== undefined;
      say(cells.published, known ? count(published) : '–');
      say(cells.written, known ? count(written ?? 0) : '–');
      say(cells.passed, known ? count((latest ?? 0) + (volatile ?? 0)) : '–');
      say(cells.lost, known ? count(lost ?? 0) : '–');
      say(cells.pending, known ? count(pending ?? 0) : '–');
      const balanced = !known || published === (written ?? 0) + (latest ?? 0) + (volatile ?? 0) + (lost ?? 0) + (pending ?? 0);
      mark(node, 'unbalanced', !balanced);
      node.title = balanced ? '' : 'the books do not balance: published is not written + passed + lost + pending';
    },
  };
}

/** With what is left of its time if nobody uses it any more. */
function sessionRow(ttlMs: () => number): Row<SessionRow> {
  const [name, meta, when] = [h('b', {}), h('code', { class: 'own' }), h('span', {})];
  const left = h('progress', { max: '1' });
  return {
    node: h('li', {}, h('div', { class: 'line' }, h('span', { class: 'name' }, name, meta), left, when)),
    update: ({ id, meta: text, openedAt, updatedAt }) => {
      say(name, short(id, 24));
      name.title = id;
      say(meta, text);
      say(when, age(Date.now() - openedAt));
      when.title = `updated ${age(Date.now() - updatedAt)} ago`;
      const leftMs = Math.max(0, ttlMs() - (Date.now() - updatedAt));
      left.value = ttlMs() === 0 ? 0 : leftMs / ttlMs();
      left.title = `ends in ${age(leftMs)} if nobody uses it`;
      left.setAttribute('aria-label', `${short(id, 24)} ${left.title}`);
    },
  };
}
