import { bytes, clockOf, count, rate } from '../../src/playground/format.js';
import type { Model } from '../../src/playground/model.js';
import { h, mark, Sparkline, say } from '../dom.js';
import type { FeedState } from '../feed-client.js';

interface Tile {
  node: HTMLElement;
  value: HTMLElement;
  spark?: Sparkline | undefined;
}

function tile(label: string, withSpark: boolean, title = ''): Tile {
  const value = h('b', {});
  const spark = withSpark ? new Sparkline() : undefined;
  return { node: h('div', { class: 'tile', title }, h('span', {}, label), value, spark?.node), value, spark };
}

/** How the gateway is, in numbers. */
export class Head {
  readonly #state = h('span', { class: 'state', role: 'status' });
  readonly #facts = h('span', { class: 'facts mono' });
  readonly #badge = h('span', { class: 'tag code', hidden: true, title: 'nobody can disconnect or publish here' }, 'read-only');
  readonly #tiles = {
    connections: tile('connections', true),
    in: tile('messages in', true, 'messages of clients per second'),
    out: tile('delivered', true, 'messages handed to sockets per second'),
    bytes: tile('bytes in', true, 'per second'),
    dropped: tile('inside resume window', false, 'members whose connection dropped and who may come back'),
    log: tile('logs', false, 'memory of all groups and their logs'),
    slow: tile('lost / gaps', false, 'messages lost to receivers since the start, each told; and gaps sent'),
    errors: tile('errors sent', false, 'since the start'),
  };
  readonly node: HTMLElement;

  constructor(tools: HTMLElement) {
    this.node = h(
      'header',
      { class: 'top' },
      h('div', { class: 'bar' }, h('h1', {}, 'gateway'), this.#state, this.#facts, this.#badge, tools),
      h('div', { class: 'tiles' }, ...Object.values(this.#tiles).map(({ node }) => node)),
    );
    this.state({ live: false, reason: 'connecting' });
  }

  state(state: FeedState): void {
    mark(this.node, 'away', !state.live);
    say(this.#state, state.live ? 'running' : state.reason);
  }

  show(model: Model): void {
    const { change, snapshot, rates, connectionCounts } = model;
    if (change === undefined || snapshot === undefined) return;
    const { stats, draining, at } = change;
    if (draining) say(this.#state, 'draining');
    mark(this.node, 'draining', draining);
    say(this.#facts, `${clockOf(at - snapshot.startedAt)}  ${gatewayUrl(snapshot.path)}`);
    this.#badge.hidden = !snapshot.readOnly;
    const { connections, in: came, out, bytes: bytesIn, dropped, log, slow, errors } = this.#tiles;
    say(connections.value, count(stats.connections ?? 0));
    connections.spark?.show(connectionCounts);
    say(came.value, `${rate(model.rate('messagesInTotal'))}/s`);
    came.spark?.show(rates.messagesInTotal);
    say(out.value, `${rate(model.rate('deliveredTotal'))}/s`);
    out.spark?.show(rates.deliveredTotal);
    say(bytesIn.value, `${bytes(model.rate('bytesInTotal'))}/s`);
    bytesIn.spark?.show(rates.bytesInTotal);
    say(dropped.value, count(stats.droppedMembers ?? 0));
    say(log.value, bytes(stats.logBytes ?? 0));
    say(slow.value, `${count(stats.lostTotal ?? 0)} / ${count(stats.gapsTotal ?? 0)}`);
    say(errors.value, count(stats.errorsSentTotal ?? 0));
    mark(errors.node, 'bad', model.rate('errorsSentTotal') > 0);
  }
}

/** Where clients connect: the same host and port as the page. */
export function gatewayUrl(path: string): string {
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${path}`;
}
