import { count } from '../../src/playground/format.js';
import type { Model } from '../../src/playground/model.js';
import type { CodeRow } from '../../src/playground/wire.js';
import { h, List, type Row, say } from '../dom.js';
import { panel } from './tables.js';

/** Closes and errors since somebody looks, by code and in words. */
export class CodesView {
  readonly #panel = panel('Closes and errors');
  readonly node = this.#panel.node;
  readonly #list: List<CodeRow>;

  constructor() {
    this.#panel.rows.classList.add('scroll');
    this.#list = new List(this.#panel.rows, ({ kind, code }) => `${kind} ${code}`, codeRow, 'none since you look');
  }

  show({ change }: Model): void {
    const all = [...(change?.codes ?? [])].sort((a, b) => b.times - a.times);
    this.#list.show(all);
    say(this.#panel.number, count(all.reduce((sum, { times }) => sum + times, 0)));
  }
}

function codeRow({ code, kind, words, action }: CodeRow): Row<CodeRow> {
  const times = h('span', {});
  return {
    node: h(
      'li',
      { class: kind },
      h(
        'div',
        { class: 'line' },
        h('span', { class: 'tag code' }, code),
        h('span', { class: 'words', title: words }, words),
        h('span', { class: 'dim' }, action === undefined ? 'error' : `then: ${action}`),
        times,
      ),
    ),
    update: (row) => say(times, `×${count(row.times)}`),
  };
}
