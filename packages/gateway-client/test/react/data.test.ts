// @vitest-environment happy-dom
import type { Client, Group, JoinOptions, Load, Update } from 'gateway-client';
import {
  GatewayProvider,
  useGroup,
  useGroupState,
  useMembers,
  useMessages,
  useMyState,
  usePublish,
  useStatus,
  useUpdates,
} from 'gateway-client/react';
import { createElement as h, type ReactElement, StrictMode } from 'react';
import { describe, expect, test, vi } from 'vitest';
import { ReducedGroup } from '../../src/react/reduced-group.js';
import { World } from '../support.js';
import { complaints, Page, preparePage } from './page.js';

preparePage();

interface ProbeProps {
  use(room: Group<string, string> | null): void;
  options?: JoinOptions<string> | undefined;
}
function Probe({ use, options }: ProbeProps) {
  use(useGroup<string, string>('g', options));
  return null;
}
const Lonely = () => h('p', null, useStatus().state);

/** A page with one component that calls hooks; `shown` is what they gave in each render. */
async function show<Shown>(
  hooks: (room: Group<string, string> | null) => Shown,
  options?: JoinOptions<string>,
  world = new World(),
) {
  const page = new Page(world);
  const client = world.client();
  const shown: Shown[] = [];
  await page.render(within(client, h(Probe, { use: (room) => shown.push(hooks(room)), options })));
  return { world, client, page, shown, last: () => shown.at(-1) as Shown };
}
const within = (client: Client, element: ReactElement) => h(StrictMode, null, h(GatewayProvider, { client }, element));

test('[B76] 1,000 messages in one event are one notification', async () => {
  const world = new World();
  for (let n = 0; n < 1_000; n += 1) await world.gateway.publish('g', 'x');
  const room = world.client().join<string>('g', { since: { tail: 1_000 } });
  const store = new ReducedGroup(room, 0, { current: (count: number) => count + 1 }, queueMicrotask);
  const notified: number[] = [];
  store.subscribe(() => notified.push(store.get()));
  await world.clock.advance(0);
  expect(notified).toEqual([1_000]);
});

test('[B76] they are one render, and each is reduced once', async () => {
  const world = new World();
  for (let n = 0; n < 1_000; n += 1) await world.gateway.publish('g', 'x');
  let reduced = 0;
  const count = (state: number) => {
    reduced += 1;
    return state + 1;
  };
  const { shown } = await show((room) => useGroupState(room, count, 0).state, { since: { tail: 1_000 } }, world);
  expect(reduced).toBe(1_000);
  expect(new Set(shown)).toEqual(new Set([0, 1_000]));
});

test('[B76] with `throttle: frame` a frame shows what came since the last', async () => {
  const frames: (() => void)[] = [];
  vi.stubGlobal('requestAnimationFrame', (frame: () => void) => frames.push(frame));
  const { world, page, last } = await show((room) =>
    useGroupState(room, (all: string, { data }) => all + data, '', { throttle: 'frame' }),
  );
  for (const data of ['a', 'b', 'c']) {
    await world.gateway.publish('g', data);
    await page.advance(0);
  }
  expect([last().state, frames.length]).toEqual(['', 1]);
  await page.do(() => frames.shift()?.());
  expect(last().state).toBe('abc');
});

test('a replay of the log is reduced in order, and so is what follows', async () => {
  const world = new World();
  for (const data of ['a', 'b', 'c']) await world.gateway.publish('g', data);
  const reduce = (all: string, { data }: { data: string }) => all + data;
  const { page, last } = await show((room) => useGroupState(room, reduce, '-'), { since: { tail: 2 } }, world);
  await page.do(() => world.gateway.publish('g', 'd'));
  expect(last()).toMatchObject({ state: '-bcd', status: { state: 'live' } });
  expect(complaints).not.toHaveBeenCalled();
});

test('what `load` brings takes the place of the state, at the join and after a reset', async () => {
  const load = vi.fn<Load>(async ({ reason }) => ({ state: `[${reason}]` }));
  const { world, page, last } = await show((room) => useGroupState(room, (all: string, { data }) => all + data, ''), { load });
  await page.do(() => world.gateway.publish('g', 'a'));
  expect(last()).toMatchObject({ state: '[join]a', status: { state: 'live' } });
  // Another process with another log.
  world.gateway = world.make();
  await page.do(() => world.socket.cut());
  await page.advance(5_000);
  expect(last()).toMatchObject({ state: '[reset]', status: { state: 'live', outcome: 'reset' } });
  await page.do(() => world.gateway.publish('g', 'b'));
  expect(last().state).toBe('[reset]b');
});

test('without `load`, the state goes on over a reset', async () => {
  const { world, page, last } = await show((room) => useGroupState(room, (all: string, { data }) => all + data, ''));
  await page.do(() => world.gateway.publish('g', 'a'));
  world.gateway = world.make();
  await page.do(() => world.socket.cut());
  expect(last().status.state).toBe('stale');
  await page.advance(5_000);
  await page.do(() => world.gateway.publish('g', 'b'));
  expect(last()).toMatchObject({ state: 'ab', status: { outcome: 'reset' } });
});

test('useUpdates and useMessages tell everything once and in order, to the newest listener', async () => {
  const told: string[] = [];
  let renders = 0;
  const { world, page } = await show((room) => {
    renders += 1;
    const name = renders;
    useUpdates(room, (update: Update<string>) => told.push(update.type === 'message' ? update.data : update.type));
    useMessages(room, ({ data }) => told.push(`${data}${name === renders ? '' : ' to an old one'}`));
  });
  await page.do(() => world.gateway.publish('g', 'a'));
  expect(told).toEqual(['sync', 'a', 'a']);
});

describe('useMembers', () => {
  test('gives a part of the roster, and renders again only when that changes', async () => {
    const { world, page, shown, last } = await show((room) =>
      useMembers(
        room,
        ({ list }) => [...list.values()].map(({ role }) => role),
        (before, after) => before.join() === after.join(),
      ),
    );
    expect(last()).toEqual(['app-client']);
    const other = await world.online({ clientType: 'dashboard' });
    const theirs = other.join<string, string>('g');
    await page.advance(1_000);
    expect(last()).toEqual(['app-client', 'dashboard']);
    const before = shown.length;
    theirs.setState('typing');
    await page.advance(1_000);
    expect(shown.length).toBe(before);
  });
});

describe('useMyState', () => {
  test('is told to the others, and taken back when the component is gone', async () => {
    const { world, client, page, last } = await show((room) => useMyState(room));
    const other = await world.online();
    const theirs = other.join<string, string>('g');
    await page.do(() => last()[1]('typing'));
    await page.advance(1_000);
    expect(last()[0]).toBe('typing');
    const stateOf = () => theirs.members.get().list.get(client.memberId ?? '')?.state;
    expect(stateOf()).toBe('typing');
    const release = client.hold();
    const stays = client.join('g');
    await page.unmount();
    await page.advance(1_000);
    expect(stateOf()).toBeUndefined();
    expect(theirs.members.get().list.has(client.memberId ?? '')).toBe(true);
    stays.leave();
    release();
  });

  test('what is too big is refused, and not shown as said', async () => {
    const { last } = await show((room) => useMyState(room));
    expect(() => last()[1]('x'.repeat(2_000_000))).toThrow('state');
    expect(last()[0]).toBeUndefined();
  });
});

test('usePublish counts what is under way', async () => {
  const { page, last } = await show((room) => usePublish(room));
  const acks: unknown[] = [];
  page.doNow(async () => acks.push(await last().publish('a')));
  expect(last().pending).toBe(1);
  await page.advance(0);
  expect(last().pending).toBe(0);
  expect(acks).toMatchObject([{ seq: 1 }]);
});

test('usePublish rejects before there is a group', async () => {
  const { last } = await show(() => usePublish(null));
  await expect(last().publish('a' as never)).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
});

test('useStatus with a selector that makes objects settles', async () => {
  const { page, shown, last } = await show(() => useStatus(({ state, lost }) => ({ state, lost })));
  const before = shown.length;
  await page.advance(100);
  expect(last()).toEqual({ state: 'online', lost: false });
  expect(shown.length).toBe(before);
  expect(complaints).not.toHaveBeenCalled();
});

test('a hook without a provider says what is missing', () => {
  complaints.mockImplementation(() => {});
  return expect(new Page(new World()).render(h(Lonely))).rejects.toThrow('<GatewayProvider>');
});
