import { count } from '../../src/playground/format.js';
import type { SettingRow } from '../../src/playground/wire.js';
import { h, List, mark, type Row, say } from '../dom.js';
import { panel } from './tables.js';

/** The timings and limits in force, with the flag that sets each. */
export class SettingsView {
  readonly #panel = panel('Settings in force');
  readonly node = this.#panel.node;
  readonly #list: List<SettingRow>;
  readonly #filter = h('input', {
    type: 'search',
    placeholder: 'filter',
    'aria-label': 'Filter settings',
    oninput: () => this.show(this.#settings),
  });
  #settings: readonly SettingRow[] = [];

  constructor() {
    this.#panel.node.classList.add('settings', 'grow');
    const contract = h('a', { href: 'asyncapi.json', title: 'the contract of clients as AsyncAPI 3' }, 'asyncapi.json');
    this.#panel.number.after(h('div', { class: 'tools' }, contract, this.#filter));
    this.#panel.rows.classList.add('scroll');
    this.#list = new List(this.#panel.rows, ({ name }) => name, settingRow, 'none of this name');
  }

  show(settings: readonly SettingRow[]): void {
    this.#settings = settings;
    const wanted = this.#filter.value.toLowerCase();
    this.#list.show(settings.filter((row) => JSON.stringify(row).toLowerCase().includes(wanted)));
    const changed = settings.filter(({ value, fallback }) => value !== fallback).length;
    say(this.#panel.number, `${settings.length}, ${changed} changed`);
  }
}

function settingRow({ name, flag, meaning }: SettingRow): Row<SettingRow> {
  const [value, fallback] = [h('b', { class: 'value' }), h('span', { class: 'dim' })];
  const node = h(
    'li',
    {},
    h(
      'div',
      { class: 'line' },
      h('span', { class: 'name' }, h('b', {}, name), h('code', { class: 'dim' }, flag)),
      value,
      fallback,
      h('span', { class: 'words' }, meaning),
    ),
  );
  return {
    node,
    update: (row) => {
      say(value, inWords(row.value));
      say(fallback, row.value === row.fallback ? '' : `default ${inWords(row.fallback)}`);
      mark(node, 'changed', row.value !== row.fallback);
    },
  };
}

function inWords(value: number): string {
  return Number.isFinite(value) ? count(value) : 'off';
}
