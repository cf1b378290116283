// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { h, List, Sparkline, say, visible } from '../../page/dom.js';
import { CodesView } from '../../page/views/codes.js';
import { GroupDetailView } from '../../page/views/group-detail.js';
import { gatewayUrl, Head } from '../../page/views/head.js';
import { details } from '../../page/views/message-details.js';
import { dataIn, PublishBar } from '../../page/views/publish-bar.js';
import { SettingsView } from '../../page/views/settings.js';
import { Stream } from '../../page/views/stream.js';
import { ConnectionsTable, GroupsTable, Names, nameIn, nameOf } from '../../page/views/tables.js';
import { Model } from '../../src/playground/model.js';
import type { ConnectionRow, FeedEvent, GroupDetail, GroupRow, MessageEvent, Snapshot } from '../../src/playground/wire.js';

const AT = 1_000_000;
beforeEach(() => {
  vi.useFakeTimers();
  vi.setSystemTime(AT);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const texts = (node: Element, selector: string) => [...node.querySelectorAll(selector)].map((each) => each.textContent);
const type = (input: Element | null, value: string) => {
  (input as HTMLInputElement).value = value;
  input?.dispatchEvent(new Event(input.tagName === 'SELECT' ? 'change' : 'input'));
};
const click = (node: Element | null | undefined) => (node as HTMLElement).click();

const HTML = '<img src=x onerror=alert(1)>';

describe('elements', () => {
  test('are made of texts: nothing is parsed, and what turns directions is seen', () => {
    const element = h(
      'p',
      { title: HTML, hidden: true, lang: undefined, translate: false },
      HTML,
      undefined,
      false,
      h('b', {}, 'b\u202e'),
    );
    expect(element.querySelector('img')).toBeNull();
    expect([element.textContent, element.title, element.getAttributeNames()]).toEqual([
      `${HTML}b\\u202e`,
      HTML,
      ['title', 'hidden'],
    ]);
    expect(visible('a\u202eb\u200f\u2066\u061c')).toBe('a\\u202eb\\u200f\\u2066\\u061c');
    say(element, `${HTML}\u2067`);
    expect(element.innerHTML).toBe('&lt;img src=x onerror=alert(1)&gt;\\u2067');
    const [child] = element.childNodes;
    say(element, `${HTML}\u2067`);
    expect(element.childNodes[0]).toBe(child);
  });

  test('of a list stay for as long as their items do, in the order of the items', () => {
    const parent = h('ul');
    const made: string[] = [];
    const list = new List<{ id: string; text: string }>(
      parent,
      ({ id }) => id,
      ({ id }) => {
        made.push(id);
        const node = h('li');
        return { node, update: ({ text }) => say(node, text) };
      },
      'nothing',
    );
    const show = (...ids: string[]) => list.show(ids.map((id) => ({ id, text: `${id}!` })));
    show();
    expect(parent.getAttribute('data-empty')).toBe('nothing');
    show('a', 'b', 'c');
    const [a] = parent.children;
    for (const order of [['c', 'a', 'b'], ['b', 'd', 'a'], ['a'], ['e', 'a', 'f']]) {
      show(...order);
      expect(texts(parent, 'li')).toEqual(order.map((id) => `${id}!`));
      expect([...parent.children].includes(a!)).toBe(true);
    }
    expect(parent.getAttribute('data-empty')).toBe('');
    // What stays where it is is not put there again: it would lose its focus.
    const moves = vi.spyOn(parent, 'insertBefore');
    show('e', 'a', 'f');
    expect(moves).not.toHaveBeenCalled();
    moves.mockRestore();
    expect(made).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    show('a', 'b');
    expect(made.at(-1)).toBe('b');
  });

  test('of a curve lie in its picture, the newest last, and no more than it has points', () => {
    const spark = new Sparkline(5);
    const points = () =>
      (spark.node.querySelector('polyline')?.getAttribute('points') ?? '')
        .split(' ')
        .filter(Boolean)
        .map((point) => point.split(',').map(Number));
    spark.show([]);
    expect(points()).toEqual([]);
    spark.show([0, 4]);
    expect(points()).toEqual([
      [75, 22],
      [100, 2],
    ]);
    spark.show([1_000, 0, 0, 0, 0, 0.5]);
    expect(points().map(([x]) => x)).toEqual([0, 25, 50, 75, 100]);
    // What is small stays small.
    expect(points().at(-1)).toEqual([100, 12]);
  });
});

describe('the stream', () => {
  const message = (n: number, more: Partial<MessageEvent> = {}): MessageEvent => ({
    type: 'message',
    n,
    at: AT,
    groupId: 'g',
    epoch: 'epoch',
    seq: n,
    size: 2_048,
    data: `"data ${n}"`,
    cut: false,
    ...more,
  });
  const rows = (stream: Stream) => texts(stream.node, '.data');
  const note = (stream: Stream) => stream.node.querySelector('.note')?.textContent;
  const [filter, only] = ['input', 'select'];
  const part = (stream: Stream, selector: string) => stream.node.querySelector(selector);

  test('shows the newest first, each once, in the order in which they were', () => {
    const stream = new Stream(() => undefined);
    stream.add({ events: [message(3), message(1)], left: 0 });
    stream.add({ events: [message(2), message(3)], left: 4 });
    stream.add({ events: [], left: 1_000 });
    expect(rows(stream)).toEqual(['"data 3"', '"data 2"', '"data 1"']);
    expect(note(stream)).toBe('1,004 more, not shown');
    stream.clear();
    stream.add({ events: [message(3)], left: 0 });
    expect([rows(stream), note(stream)]).toEqual([['"data 3"'], '']);
  });

  test('keeps 2,000 and shows 200', () => {
    const stream = new Stream(() => undefined);
    for (let n = 1; n <= 2_100; n += 300)
      stream.add({ events: Array.from({ length: 300 }, (_, at) => message(n + at)), left: 0 });
    expect(rows(stream)).toHaveLength(200);
    expect(rows(stream)[0]).toBe('"data 2100"');
    type(part(stream, filter), 'data 101"');
    expect(rows(stream)).toEqual(['"data 101"']);
    type(part(stream, filter), 'data 100"');
    expect(rows(stream)).toEqual([]);
  });

  test('paused, it stands still, and says how many wait, also where it is full', () => {
    const stream = new Stream(() => undefined);
    stream.add({ events: Array.from({ length: 2_000 }, (_, at) => message(at + 1)), left: 0 });
    stream.togglePause();
    expect(part(stream, 'button')?.textContent).toBe('go on');
    stream.add({ events: [message(2_001), message(2_002)], left: 0 });
    // Told once more, it waits no more than once.
    stream.add({ events: [message(2_001)], left: 0 });
    expect([rows(stream)[0], note(stream)]).toEqual(['"data 2000"', '2 waiting']);
    stream.togglePause();
    expect([rows(stream)[0], note(stream), part(stream, 'button')?.textContent]).toEqual(['"data 2002"', '', 'pause']);
  });

  test('is filtered by text of any field, by kind and by group', () => {
    const stream = new Stream((id) => (id === 'member-1' ? 'ada' : undefined));
    const life = (n: number, more: Partial<FeedEvent>) => ({ type: 'join', n, at: AT, ...more }) as FeedEvent;
    stream.add({
      events: [
        message(1, { from: 'member-1', key: 'Price' }),
        message(2, { groupId: 'h' }),
        life(3, { memberId: 'member-1', groupId: 'h', text: 'in h' }),
        life(4, { type: 'disconnect', connectionId: 'connection-1', code: '4003', text: 'at large' }),
      ],
      left: 0,
    });
    expect(rows(stream)).toEqual(['at large', 'in h', '"data 2"', '"data 1"']);
    expect(texts(stream.node, '.who')).toEqual(['connecti…', 'ada', 'server', 'ada']);
    expect(texts(stream.node, '.tag.group')).toEqual(['h', 'h', 'g']);
    type(part(stream, filter), 'pRICE');
    expect(rows(stream)).toEqual(['"data 1"']);
    type(part(stream, filter), '');
    type(part(stream, only), 'message');
    expect(rows(stream)).toEqual(['"data 2"', '"data 1"']);
    type(part(stream, only), 'life');
    expect(rows(stream)).toEqual(['at large', 'in h']);
    type(part(stream, only), 'all');
    stream.look('g', 'epoc:1');
    expect([rows(stream), stream.node.querySelector('h2')?.textContent]).toEqual([['at large', '"data 1"'], 'g']);
  });

  test('opens a message at a click, and closes it at the next', () => {
    const stream = new Stream(() => undefined);
    stream.add({ events: [message(1, { data: `{"html":"${HTML}"}`, delivery: 'latest', key: 'k', cut: false })], left: 0 });
    const line = part(stream, '.line');
    click(line);
    expect(line?.getAttribute('aria-expanded')).toBe('true');
    expect(part(stream, 'pre')?.textContent).toBe(JSON.stringify({ html: HTML }, undefined, 2));
    expect(texts(stream.node, 'dt')).toEqual(['group', 'position', 'from', 'delivery', 'key']);
    expect(texts(stream.node, 'dd')).toEqual(['g', 'epoch:1', 'the server', 'latest', 'k']);
    click(line);
    expect([line?.getAttribute('aria-expanded'), part(stream, 'pre')]).toEqual(['false', null]);
  });

  test('grows old', async () => {
    const stream = new Stream(() => undefined);
    stream.add({ events: [message(1)], left: 0 });
    await vi.advanceTimersByTimeAsync(42_000);
    expect(part(stream, 'time')?.textContent).toBe('42s');
  });

  test('a message that was cut is shown as it is, and whole where it is asked for; digits that no number holds stay', async () => {
    const answers: Record<string, [number, string]> = {
      'message?n=7': [200, '{"id":12345678901234567890}'],
      'fates?group=g&epoch=epoch&seq=7': [200, '{"ok":true,"data":[]}'],
      'fates?group=g&epoch=epoch&seq=7&member=m+1': [400, '{"ok":false,"error":{"message":"not known"}}'],
    };
    vi.stubGlobal('fetch', (url: string) => {
      const [status, body] = answers[url] ?? [500, `no ${url}`];
      return Promise.resolve(new Response(body, { status }));
    });
    const node = details(message(7, { data: '{"id":123', cut: true }));
    const button = (text: string) => [...node.querySelectorAll('button')].find((one) => one.textContent === text);
    expect(node.querySelector('pre')?.textContent).toBe('{"id":123');
    click(button('show all (2.0 KiB)'));
    await vi.advanceTimersByTimeAsync(0);
    expect(node.querySelector('pre')?.textContent).toBe('{"id":12345678901234567890}');
    expect(button('show all (2.0 KiB)')).toBeUndefined();
    const form = node.querySelector('form');
    form?.dispatchEvent(new Event('submit', { cancelable: true }));
    await vi.advanceTimersByTimeAsync(0);
    expect(texts(node, '.fates li')).toEqual(['nobody is there']);
    type(node.querySelector('input'), ' m 1 ');
    form?.dispatchEvent(new Event('submit', { cancelable: true }));
    await vi.advanceTimersByTimeAsync(0);
    expect(texts(node, '.fates li')).toEqual(['not known']);
    expect(button('copy as publish call')).toBeDefined();
    // One that is whole offers nothing of that.
    expect(details(message(8)).textContent).not.toContain('show all');
  });
});

const connection = (id: string, more: Partial<ConnectionRow> = {}): ConnectionRow => ({
  id,
  state: 'identified',
  groups: ['g'],
  groupCount: 1,
  address: '10.0.0.1',
  dialect: '2',
  lag: 0,
  unsentBytes: 0,
  createdAt: AT - 60_000,
  lastSeenAt: AT - 2_000,
  ...more,
});
const group = (id: string, connections: number): GroupRow => ({
  id,
  epoch: 'epoch',
  seq: 7,
  connections,
  logMessages: 1_234,
  logBytes: 2_048,
});

function modelOf(connections: ConnectionRow[], groups: GroupRow[] = [], more: Partial<Snapshot> = {}): Model {
  const model = new Model();
  const snapshot: Snapshot = {
    at: AT,
    stats: { connections: connections.length, groups: groups.length },
    draining: false,
    connections: { set: connections, gone: [] },
    groups: { set: groups, gone: [] },
    codes: [],
    path: '/rt',
    readOnly: false,
    startedAt: AT - 3_723_000,
    settings: [],
    events: [],
    ...more,
  };
  model.take({ name: 'snapshot', data: JSON.stringify(snapshot) });
  return model;
}

describe('groups', () => {
  test('stand by how full they are, then by name, and one or all of them are chosen', () => {
    const chosen: unknown[] = [];
    const table = new GroupsTable((id) => chosen.push(id));
    const model = modelOf([], [group('b', 1), group('c', 5), group('a', 1)], { stats: { groups: 1_003 } });
    table.show(model);
    expect(texts(table.node, 'ul .name')).toEqual(['c', 'a', 'b']);
    expect(texts(table.node, 'ul li:first-child span')).toEqual(['c', 'epoc:7', '1,234', '5']);
    expect(texts(table.node, '.count')).toEqual(['1,003']);
    const [all, , a] = table.node.querySelectorAll('button');
    expect(all?.getAttribute('aria-pressed')).toBe('true');
    click(a);
    click(a);
    table.show(model);
    expect([a?.getAttribute('aria-pressed'), all?.getAttribute('aria-pressed')]).toEqual(['true', 'false']);
    click(all);
    expect(chosen).toEqual(['a', undefined]);
  });
});

describe('connections', () => {
  const SLOW = connection('c-slow', { lag: 1_200, unsentBytes: 4_096, principal: 'Eve' });
  const ADA = connection('c-ada', { metadata: '{"name":"ada"}', role: 'dashboard', createdAt: AT - 90_000 });

  test('that are behind stand first and are marked; how many there are is said, also where not all are shown', () => {
    const table = new ConnectionsTable(() => {});
    table.show(modelOf([ADA, SLOW]));
    expect(texts(table.node, 'li b')).toEqual(['Eve', 'ada']);
    expect([...table.node.querySelectorAll('li')].map((row) => row.className)).toEqual(['slow', '']);
    expect(texts(table.node, 'li:first-child .line > span')).toEqual(['Evenot identified', '1,200', '4.0 KiB', '2.0s']);
    expect(texts(table.node, '.count')).toEqual(['2']);
    table.show(modelOf([ADA], [], { stats: { connections: 3_000 } }));
    expect(texts(table.node, '.count')).toEqual(['1 of 3,000']);
  });

  test('are filtered by whatever is known of them', () => {
    const table = new ConnectionsTable(() => {});
    table.show(modelOf([ADA, SLOW]));
    for (const [wanted, names] of [
      ['DASHBOARD', ['ada']],
      ['eve', ['Eve']],
      ['C-SLOW', ['Eve']],
      ['nobody', []],
      ['', ['Eve', 'ada']],
    ] as const) {
      type(table.node.querySelector('input'), wanted);
      expect(texts(table.node, 'li b')).toEqual(names);
    }
  });

  test('open with what is known, which stays up to date, and are ended with a code', async () => {
    const asked: unknown[] = [];
    const notices: string[] = [];
    vi.stubGlobal('fetch', (url: string, { body }: { body: string }) => {
      asked.push([url, JSON.parse(body)]);
      return Promise.resolve(new Response('{"ok":false,"error":{"message":"it has gone"}}'));
    });
    const table = new ConnectionsTable((text) => notices.push(text));
    table.show(modelOf([{ ...ADA, groups: ['a', 'b'], groupCount: 5 }]));
    click(table.node.querySelector('li button'));
    const facts = () => Object.fromEntries(texts(table.node, 'dt').map((name, at) => [name, texts(table.node, 'dd')[at]]));
    expect(facts()).toMatchObject({ connection: 'c-ada', groups: 'a, b and 3 more', dialect: '2', metadata: '{"name":"ada"}' });
    expect(facts()).not.toHaveProperty('principal');
    table.show(modelOf([{ ...ADA, groups: [], groupCount: 0 }]));
    expect(facts()).toMatchObject({ groups: 'none' });
    type(table.node.querySelector('select'), '4202');
    click(table.node.querySelector('.danger'));
    await vi.advanceTimersByTimeAsync(0);
    expect(asked).toEqual([['disconnect', { connectionId: 'c-ada', code: 4202, reason: 'playground' }]]);
    expect(notices).toEqual(['it has gone']);
  });

  test.each([[true], [undefined]])('of a gateway that is read-only (%s) are ended by nobody', (readOnly) => {
    const table = new ConnectionsTable(() => {});
    table.show(modelOf([ADA], [], { readOnly: readOnly as boolean }));
    click(table.node.querySelector('li button'));
    expect([table.node.querySelectorAll('dt').length > 0, table.node.querySelector('.danger')]).toEqual([true, null]);
  });
});

describe('names', () => {
  test('are those of the metadata, cut; else the principal, else an id', () => {
    expect(nameIn(JSON.stringify({ name: 'x'.repeat(100) }))).toBe(`${'x'.repeat(24)}…`);
    for (const metadata of [undefined, 'null', '{"name":""}', '{"name":7}', '{"name":"x', '[]'])
      expect(nameIn(metadata)).toBeUndefined();
    expect(nameOf({ metadata: '{"name":"ada"}', principal: 'p', memberId: 'm', id: 'c' })).toBe('ada');
    expect(nameOf({ principal: 'p', memberId: 'm', id: 'c' })).toBe('p');
    expect(nameOf({ memberId: 'member-1234', id: 'c' })).toBe('member-1…');
    expect(nameOf({ id: 'c' })).toBe('c');
  });

  test('stay known when who had them has gone; the first one of a member counts, and they have a bound', () => {
    const names = new Names();
    const named = (id: string, name: string, memberId?: string) =>
      connection(id, { memberId, metadata: JSON.stringify({ name }) });
    names.learn(modelOf([named('c-1', 'ada', 'm-1'), named('c-2', 'bob'), connection('c-3')]));
    names.learn(modelOf([named('c-4', 'eve', 'm-1')]));
    expect(['m-1', 'c-1', 'c-2', 'c-3', 'c-4'].map((id) => names.of(id))).toEqual(['ada', 'ada', 'bob', undefined, undefined]);
    const detail: GroupDetail = {
      groupId: 'g',
      members: [{ id: 'm-9', role: 'app-client', state: 'connected', metadata: '{"name":"cyd"}' }],
      membersCut: false,
      sessions: [],
      sessionsCut: false,
    };
    names.learn(modelOf([], [], { detail }));
    expect(names.of('m-9')).toBe('cyd');
    names.learn(modelOf(Array.from({ length: 2_100 }, (_, n) => named(`x-${n}`, 'x'))));
    expect([names.of('m-1'), names.of('x-2099')]).toEqual([undefined, 'x']);
  });
});

describe('a group that is looked at', () => {
  const member = (id: string, ledger?: Partial<NonNullable<GroupDetail['members'][number]['ledger']>>, more: object = {}) => ({
    id,
    role: 'app-client',
    state: 'connected' as const,
    ledger: ledger && { published: 0, written: 0, latest: 0, volatile: 0, lost: 0, pending: 0, ...ledger },
    ...more,
  });
  const detail = (more: Partial<GroupDetail>): GroupDetail => ({
    groupId: 'g',
    members: [],
    membersCut: false,
    sessions: [],
    sessionsCut: false,
    ...more,
  });

  test('shows the books of its members, and marks those that do not balance', () => {
    const view = new GroupDetailView();
    view.show(
      'g',
      detail({
        members: [
          member(
            'm-1',
            { published: 1_234, written: 1_222, latest: 3, volatile: 4, lost: 1, pending: 4 },
            { metadata: '{"name":"ada"}' },
          ),
          member('m-2', { published: 3, written: 1 }, { presenceState: '{"typing":true}' }),
          member('m-3', undefined, { state: 'dropped' }),
        ],
        membersCut: true,
      }),
      0,
    );
    const cells = (n: number) => texts(view.node, `li:nth-child(${n}) .line > span`);
    expect(cells(1)).toEqual(['adaapp-client', '1,234', '1,222', '7', '1', '4']);
    expect(cells(2)).toEqual(['m-2app-client{"typing":true}', '3', '1', '0', '0', '0']);
    expect(cells(3)).toEqual(['m-3dropped, may resume', '–', '–', '–', '–', '–']);
    expect([...view.node.querySelectorAll('li')].map((row) => row.className)).toEqual(['', 'unbalanced', 'dropped']);
    expect(texts(view.node, '.count')).toEqual(['3 and more', '0']);
  });

  test('is that group alone: what is known of another one is not shown, and of none nothing', () => {
    const view = new GroupDetailView();
    view.show('h', detail({ members: [member('m-1')] }), 0);
    expect([view.node.hidden, texts(view.node, 'li'), texts(view.node, '.count')[0]]).toEqual([false, [], '0']);
    view.show(undefined, undefined, 0);
    expect(view.node.hidden).toBe(true);
  });

  test('shows what is left of the time of a session, by itself', async () => {
    const view = new GroupDetailView();
    const session = { id: 's', meta: '{"call":1}', openedAt: AT - 120_000, updatedAt: AT - 1_000 };
    view.show('g', detail({ sessions: [session], sessionsCut: true }), 10_000);
    const bar = view.node.querySelector('progress');
    expect([bar?.value, bar?.title]).toEqual([0.9, 'ends in 9.0s if nobody uses it']);
    expect(texts(view.node, '.count')[1]).toBe('1 and more');
    await vi.advanceTimersByTimeAsync(4_000);
    expect([bar?.value, bar?.getAttribute('aria-label')]).toEqual([0.5, 's ends in 5.0s if nobody uses it']);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(bar?.value).toBe(0);
    view.show('g', detail({ sessions: [session] }), 0);
    expect(bar?.value).toBe(0);
  });
});

test('codes stand by how often they came, in words, with what a client does then', () => {
  const view = new CodesView();
  const code = (name: string, times: number, action?: string) =>
    ({ kind: action === undefined ? 'error' : 'close', code: name, times, words: `${name} in words`, action }) as const;
  view.show(modelOf([], [], { codes: [code('FORBIDDEN', 2), code('4202', 1_500, 'resume')] }));
  expect([...view.node.querySelectorAll('li')].map((row) => texts(row, 'span').join('|'))).toEqual([
    '4202|4202 in words|then: resume|×1,500',
    'FORBIDDEN|FORBIDDEN in words|error|×2',
  ]);
  expect(texts(view.node, '.count')).toEqual(['1,502']);
});

test('settings are filtered; those that are not the default say so, and what has no end is off', () => {
  const view = new SettingsView();
  const row = (name: string, value: number | null, fallback: number) => ({
    name,
    flag: `--${name}`,
    value: value as number,
    fallback,
    meaning: `${name} of it`,
  });
  view.show([row('a', 1_000, 1_000), row('b', 5, 6), row('c', null, 7)]);
  const shown = () =>
    [...view.node.querySelectorAll('li')].map((each) => `${texts(each, '.value')}|${texts(each, 'span.dim')}|${each.className}`);
  expect(shown()).toEqual(['1,000||', '5|default 6|changed', 'off|default 7|changed']);
  expect(texts(view.node, '.count')).toEqual(['3, 2 changed']);
  type(view.node.querySelector('input'), '--B');
  expect(shown()).toEqual(['5|default 6|changed']);
});

test('the head says how the gateway is', () => {
  const head = new Head(h('div'));
  const state = () => [head.node.querySelector('.state')?.textContent, head.node.className];
  expect(state()).toEqual(['connecting', 'top away']);
  head.state({ live: true });
  const stats = { connections: 1_300, droppedMembers: 5, logBytes: 2_048, lostTotal: 3, gapsTotal: 2, errorsSentTotal: 6 };
  const model = modelOf([], [], { stats });
  head.show(model);
  expect(state()).toEqual(['running', 'top']);
  expect(texts(head.node, '.tile b')).toEqual(['1,300', '0/s', '0/s', '0 B/s', '5', '2.0 KiB', '3 / 2', '6']);
  expect(head.node.querySelector('.facts')?.textContent).toBe(`01:02:03  ${gatewayUrl('/rt')}`);
  const next = { at: AT + 1_000, stats: { ...stats, messagesInTotal: 50, errorsSentTotal: 7 }, draining: true };
  const none = { set: [], gone: [] };
  model.take({ name: 'change', data: JSON.stringify({ ...next, connections: none, groups: none, codes: [] }) });
  head.show(model);
  expect(state()).toEqual(['draining', 'top draining']);
  expect(texts(head.node, '.tile b')[1]).toBe('50/s');
  expect([...head.node.querySelectorAll('.tile')].at(-1)?.className).toBe('tile bad');
  expect((head.node.querySelector('.code') as HTMLElement).hidden).toBe(true);
  head.show(modelOf([], [], { readOnly: true }));
  expect((head.node.querySelector('.code') as HTMLElement).hidden).toBe(false);
});

test('clients connect to where the page is from, with TLS where it has that', () => {
  const page = window as unknown as { happyDOM: { setURL(url: string): void } };
  for (const [url, gateway] of [
    ['http://127.0.0.1:4100/playground/', 'ws://127.0.0.1:4100/rt'],
    ['https://gw.example/playground/#group=g', 'wss://gw.example/rt'],
  ] as const) {
    page.happyDOM.setURL(url);
    expect(gatewayUrl('/rt')).toBe(gateway);
  }
});

describe('publishing as the server', () => {
  test('is offered for one group of a gateway that is not read-only', () => {
    const bar = new PublishBar();
    for (const [groupId, readOnly, hidden] of [
      ['g', false, false],
      ['g', true, true],
      [undefined, false, true],
    ] as const) {
      bar.show(groupId, readOnly);
      expect(bar.node.hidden).toBe(hidden);
    }
  });

  test('takes JSON where it is, clears what was taken, and says what was not', async () => {
    const asked: unknown[] = [];
    let answer = '{"ok":true,"data":{"epoch":"e","seq":7}}';
    vi.stubGlobal('fetch', (url: string, { method, headers, body }: RequestInit) => {
      asked.push([url, method, headers, JSON.parse(String(body))]);
      return Promise.resolve(new Response(answer));
    });
    const bar = new PublishBar();
    bar.show('g', false);
    const input = bar.node.querySelector('input') as HTMLInputElement;
    const submit = async (text: string) => {
      input.value = text;
      bar.node.dispatchEvent(new Event('submit', { cancelable: true }));
      await vi.advanceTimersByTimeAsync(0);
      return [input.value, bar.node.querySelector('.note')?.textContent];
    };
    expect(await submit('{"a":1}')).toEqual(['', 'in the log at 7']);
    answer = '{"ok":false,"error":{"message":"too big"}}';
    expect(await submit('hello')).toEqual(['hello', 'too big']);
    const headers = { 'content-type': 'application/json' };
    expect(asked).toEqual([
      ['publish', 'POST', headers, { groupId: 'g', data: { a: 1 } }],
      ['publish', 'POST', headers, { groupId: 'g', data: 'hello' }],
    ]);
    expect(['7', '"7"', '{a}', ''].map(dataIn)).toEqual([7, '7', '{a}', '']);
  });
});
