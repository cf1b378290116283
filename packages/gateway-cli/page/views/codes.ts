import { count } from '../../src/playground/format.js';
import type { Model } from '../../src/playground/model.js';
import { h, List, type Row, say } from '../dom.js';
import { actionAfter, closeInWords, errorInWords } from '../words.js';
import { panel } from './tables.js';

interface CodeRow {
  code: string;
  kind: 'close' | 'error';
  times: number;
}

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
    const rows = (counts: Record<string, number> = {}, kind: CodeRow['kind']) =>
      Object.entries(counts).map(([code, times]) => ({ code, kind, times }));
    const all = [...rows(change?.closes, 'close'), ...rows(change?.errors, 'error')].sort((a, b) => b.times - a.times);
    this.#list.show(all);
    say(this.#panel.number, count(all.reduce((sum, { times }) => sum + times, 0)));
  }
}

function codeRow({ code, kind }: CodeRow): Row<CodeRow> {
  const times = h('span', {});
  const words = kind === 'close' ? closeInWords(code) : errorInWords(code);
  const then = kind === 'close' ? `then: ${actionAfter(code)}` : 'error';
  return {
    node: h(
      'li',
      { class: kind },
      h(
        'div',
        { class: 'line' },
        h('span', { class: 'tag code' }, code),
        h('span', { class: 'words', title: words }, words),
        h('span', { class: 'dim' }, then),
        times,
      ),
    ),
    update: (row) => say(times, `×${count(row.times)}`),
  };
}
