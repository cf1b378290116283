import { h, say } from './dom.js';
import type { FeedState } from './feed-client.js';
import { FeedClient } from './feed-client.js';
import { Play } from './play/play.js';
import { CodesView } from './views/codes.js';
import { GroupDetailView } from './views/group-detail.js';
import { gatewayUrl, Head } from './views/head.js';
import { PublishBar } from './views/publish-bar.js';
import { SettingsView } from './views/settings.js';
import { Stream } from './views/stream.js';
import { ConnectionsTable, GroupsTable, Names } from './views/tables.js';

const TABS = { overview: 'Overview', messages: 'Messages', play: 'Play', settings: 'Settings' } as const;
type Tab = keyof typeof TABS;

const toast = h('div', { class: 'toast', role: 'alert', hidden: true });
function notice(text: string): void {
  say(toast, text);
  toast.hidden = false;
  setTimeout(() => {
    toast.hidden = true;
  }, 4_000);
}

const names = new Names();
const stream = new Stream((id) => names.of(id));
const groups = new GroupsTable(look);
const connections = new ConnectionsTable(notice);
const detail = new GroupDetailView();
const codes = new CodesView();
const settings = new SettingsView();
const publish = new PublishBar();
const play = new Play(
  () => gatewayUrl(feed.model.snapshot?.path ?? '/rt'),
  notice,
  (group) => groups.choose(group),
);
const tabs = new Map<Tab, HTMLButtonElement>();
const themeButton = h(
  'button',
  { class: 'quiet', title: 'Dark or light', 'aria-label': 'Dark or light', onclick: turnLights },
  '◐',
);
const nav = h('nav', { 'aria-label': 'Views' });
for (const name of Object.keys(TABS) as Tab[]) {
  const button = h('button', { class: `tab tab-${name}`, onclick: () => openTab(name) }, TABS[name]);
  tabs.set(name, button);
  nav.append(button);
}
const head = new Head(h('div', { class: 'tools' }, nav, themeButton));
const middle = h('div', { class: 'middle' }, stream.node, publish.node, detail.node);
const main = h(
  'main',
  {},
  h('div', { class: 'left' }, groups.node, connections.node, codes.node),
  middle,
  h('div', { class: 'right' }, play.node),
  settings.node,
);

let startedAt: number | undefined;
const feed = new FeedClient({
  changed: show,
  events: (events) => stream.add(events),
  state: (state: FeedState) => head.state(state),
});

function show(): void {
  const { model } = feed;
  const { snapshot, change } = model;
  if (snapshot?.startedAt !== startedAt) {
    if (startedAt !== undefined) stream.clear();
    startedAt = snapshot?.startedAt;
    if (snapshot !== undefined) {
      stream.add({ events: snapshot.events, left: 0 });
      settings.show(snapshot.settings);
    }
  }
  names.learn(model);
  head.show(model);
  groups.show(model);
  connections.show(model);
  codes.show(model);
  const sessionTtlMs = snapshot?.settings.find(({ name }) => name === 'orphanSessionTtlMs')?.value ?? 0;
  detail.show(groups.selected, change?.detail, sessionTtlMs);
  publish.show(groups.selected, snapshot?.readOnly !== false);
  const group = groups.selected === undefined ? undefined : model.groups.get(groups.selected);
  stream.look(groups.selected, group === undefined ? '' : `${group.epoch.slice(0, 4)}:${group.seq}`);
}

function look(groupId: string | undefined): void {
  location.hash = groupId === undefined ? '' : `group=${encodeURIComponent(groupId)}`;
  feed.look(groupId);
  show();
}

function openTab(name: Tab): void {
  const next = name === 'settings' && main.dataset.tab === 'settings' ? 'overview' : name;
  main.dataset.tab = next;
  for (const [tab, button] of tabs) button.setAttribute('aria-pressed', String(tab === next));
}

function turnLights(): void {
  const dark = document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches;
  document.documentElement.dataset.theme = dark ? 'light' : 'dark';
}

document.addEventListener('keydown', (event) => {
  const isTyping = event.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  if (event.key === 'Escape' && isTyping) {
    // A search field would be emptied.
    event.preventDefault();
    (event.target as HTMLElement).blur();
  }
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === '/') {
    event.preventDefault();
    openTab('messages');
    stream.focus();
  } else if (event.key === 'p') stream.togglePause();
  else if (event.key === 'n') {
    event.preventDefault();
    openTab('play');
    play.open(groups.selected);
  }
});

document.body.append(head.node, main, toast);
openTab('overview');
const wanted = new URLSearchParams(location.hash.slice(1)).get('group');
if (wanted === null) feed.look(undefined);
else groups.choose(wanted);
