/** What an element is given: attributes, listeners (`onclick`), `class`. All values are texts: nothing is ever parsed as HTML. */
export type Props = Record<string, string | boolean | undefined | ((event: never) => void)>;
export type Child = Node | string | undefined | false;

/** Makes an element. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value as EventListener);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== undefined && value !== false) element.setAttribute(name, value);
  }
  for (const child of children) {
    if (child !== undefined && child !== false) element.append(typeof child === 'string' ? visible(child) : child);
  }
  return element;
}

/** Says a text where it differs from what is there: what stays the same costs no layout. */
export function say(node: Node, text: string): void {
  const shown = visible(text);
  if (node.textContent !== shown) node.textContent = shown;
}

/** A text in which what turns the direction of others around is seen and has no effect: a name could look like another one. */
export function visible(text: string): string {
  return text.replace(
    /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Sets a class where it is to be. */
export function mark(element: Element, name: string, on: boolean): void {
  element.classList.toggle(name, on);
}

/** A row of a list, which lives as long as its item. */
export interface Row<Item> {
  node: Element;
  update(item: Item): void;
}

/** The children of an element, one for each item: those that stay are changed and not made anew, so focus and selection stay too. */
export class List<Item> {
  readonly #rows = new Map<string, Row<Item>>();

  constructor(
    private readonly parent: Element,
    private readonly idOf: (item: Item) => string,
    private readonly make: (item: Item) => Row<Item>,
    private readonly empty = '',
  ) {}

  show(items: readonly Item[]): void {
    const ids = new Set(items.map(this.idOf));
    for (const [id, { node }] of this.#rows) {
      if (ids.has(id)) continue;
      node.remove();
      this.#rows.delete(id);
    }
    let after: Element | null = null;
    for (const item of items) {
      const id = this.idOf(item);
      let row = this.#rows.get(id);
      if (row === undefined) {
        row = this.make(item);
        this.#rows.set(id, row);
      }
      row.update(item);
      const place: Element | null = after === null ? this.parent.firstElementChild : after.nextElementSibling;
      if (place !== row.node) this.parent.insertBefore(row.node, place);
      after = row.node;
    }
    if (this.empty !== '') this.parent.setAttribute('data-empty', items.length === 0 ? this.empty : '');
  }
}

const SVG = 'http://www.w3.org/2000/svg';

/** A small curve of the last values. */
export class Sparkline {
  readonly node: SVGSVGElement;
  readonly #line: SVGPolylineElement;
  readonly #area: SVGPolygonElement;

  constructor(private readonly points = 60) {
    this.node = document.createElementNS(SVG, 'svg');
    this.node.setAttribute('viewBox', '0 0 100 24');
    this.node.setAttribute('preserveAspectRatio', 'none');
    this.node.setAttribute('aria-hidden', 'true');
    this.node.setAttribute('class', 'spark');
    this.#area = document.createElementNS(SVG, 'polygon');
    this.#line = document.createElementNS(SVG, 'polyline');
    this.node.append(this.#area, this.#line);
  }

  show(values: readonly number[]): void {
    const shown = values.slice(-this.points);
    const most = Math.max(1, ...shown);
    const step = 100 / (this.points - 1);
    const from = 100 - (shown.length - 1) * step;
    const line = shown.map((value, at) => `${(from + at * step).toFixed(1)},${(22 - (value / most) * 20).toFixed(1)}`);
    this.#line.setAttribute('points', line.join(' '));
    this.#area.setAttribute('points', line.length === 0 ? '' : `${from.toFixed(1)},24 ${line.join(' ')} 100,24`);
  }
}
