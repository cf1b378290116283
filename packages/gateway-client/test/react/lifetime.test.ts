// @vitest-environment happy-dom
import type { Client, Group, JoinOptions } from 'gateway-client';
import { GatewayProvider, useGroup, useGroupState, useMembers, useStatus } from 'gateway-client/react';
import { createElement as h, type ReactNode, StrictMode } from 'react';
import { hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { describe, expect, test, vi } from 'vitest';
import { World } from '../support.js';
import { complaints, Page, preparePage } from './page.js';

preparePage();

const seen = new Set<Group | null>();
function Room({ id = 'g', options }: { id?: string | null; options?: JoinOptions<string> }) {
  const room = useGroup<string>(id, options);
  seen.add(room as Group | null);
  const { state, status } = useGroupState(room, (all: string, { data }) => all + data, '');
  const count = useMembers(room, (roster) => roster.count);
  const online = useStatus(({ state }) => state);
  return h('p', null, `${online} ${status.state} ${count} "${state}"`);
}
const within = (client: Client, ...children: ReactNode[]) => h(GatewayProvider, { client }, ...children);

async function start() {
  seen.clear();
  const world = new World();
  return { world, client: world.client(), page: new Page(world) };
}

test('[B73] StrictMode mounts twice: one socket, one join, and the same handle', async () => {
  const { world, client, page } = await start();
  const join = vi.spyOn(client, 'join');
  await page.render(h(StrictMode, null, within(client, h(Room))));
  expect(page.text).toBe('online live 1 ""');
  await page.advance(10_000);
  expect(join).toHaveBeenCalledTimes(1);
  expect(world.sockets.sockets).toHaveLength(1);
  expect(world.sent('identify')).toHaveLength(1);
  expect(world.sent('join').length + world.sent('leave').length).toBe(0);
  seen.delete(null);
  expect(seen.size).toBe(1);
  expect([...seen][0]?.status.get().state).toBe('live');
  expect(page.text).toBe('online live 1 ""');
  expect(complaints).not.toHaveBeenCalled();
});

test('[B73] StrictMode, on a connection that is there: one join, none left', async () => {
  const { world, client, page } = await start();
  await page.do(() => client.connect());
  await page.render(h(StrictMode, null, within(client, h(Room))));
  await page.advance(10_000);
  expect(world.sent('join')).toHaveLength(1);
  expect(world.sent('leave')).toEqual([]);
  expect(page.text).toBe('online live 1 ""');
});

test('[B74] a server renders without a socket, and hydration finds what the server said', async () => {
  const { world, client, page } = await start();
  const tree = () => h(StrictMode, null, within(client, h(Room)));
  const html = renderToString(tree());
  expect(html).toContain('idle joining 0');
  expect(client.status.get().state).toBe('idle');
  expect(world.sockets.sockets).toEqual([]);
  page.container.innerHTML = html;
  const recovered = vi.fn();
  await page.take((container) => hydrateRoot(container, tree(), { onRecoverableError: recovered }));
  expect(page.text).toBe('online live 1 ""');
  expect(recovered).not.toHaveBeenCalled();
  expect(complaints).not.toHaveBeenCalled();
  expect(world.sockets.sockets).toHaveLength(1);
});

test('[B74] hydration finds what the server said also where the client is online already', async () => {
  const { client, page } = await start();
  page.container.innerHTML = renderToString(within(client, h(Room)));
  await page.do(() => client.connect());
  await page.take((container) => hydrateRoot(container, within(client, h(Room))));
  expect(page.text).toBe('online live 1 ""');
  expect(complaints).not.toHaveBeenCalled();
});

test('[B75] options that are written inline do not join again, and the newest of them are used', async () => {
  const { world, client, page } = await start();
  const inline = (suffix: string) => within(client, h(Room, { options: { parse: (data) => `${data}${suffix}` } }));
  await page.render(inline('1'));
  for (const suffix of ['2', '3']) await page.render(inline(suffix));
  await world.gateway.publish('g', 'a');
  await page.advance(0);
  expect(page.text).toContain('"a3"');
  expect(world.sent('identify').length + world.sent('join').length + world.sent('leave').length).toBe(1);
  seen.delete(null);
  expect(seen.size).toBe(1);
});

test('[B77] unmounted while joining: nobody joins', async () => {
  const { world, client, page } = await start();
  world.handshake = 'hang';
  const release = client.hold();
  await page.render(within(client, h(Room)));
  const room = [...seen].at(-1);
  expect(page.text).toBe('connecting joining 0 ""');
  await page.render(within(client));
  world.handshake = 'connect';
  await page.advance(20_000);
  expect(client.status.get().state).toBe('online');
  expect(world.gateway.connections()).toMatchObject([{ groups: [] }]);
  expect(client.groups.size).toBe(0);
  await expect(room?.ready).rejects.toMatchObject({ code: 'LEFT' });
  release();
});

describe('mounted again', () => {
  test('within lingerMs, the socket and the member stay', async () => {
    const { world, client, page } = await start();
    await page.render(within(client, h(Room)));
    const { memberId } = client;
    await page.unmount();
    await page.advance(999);
    await page.render(within(client, h(Room)));
    await page.advance(10_000);
    expect(page.text).toBe('online live 1 ""');
    expect(client.memberId).toBe(memberId);
    expect(world.sockets.sockets).toHaveLength(1);
    expect(world.sent('leave')).toEqual([]);
  });

  test('later, it is another connection, and the room is live again', async () => {
    const { world, client, page } = await start();
    await page.render(within(client, h(Room)));
    await page.unmount();
    await page.advance(1_001);
    expect(world.socket.closedWith).toBe(1000);
    expect(client.status.get().state).toBe('idle');
    await page.render(within(client, h(Room)));
    expect(page.text).toBe('online live 1 ""');
    expect(world.sockets.sockets).toHaveLength(2);
  });
});

test('one of two users goes: the other has its group still', async () => {
  const { world, client, page } = await start();
  await page.render(within(client, h(Room, { key: 1 }), h(Room, { key: 2 })));
  await page.render(within(client, h(Room, { key: 1 })));
  await page.advance(10_000);
  await world.gateway.publish('g', 'still');
  await page.advance(0);
  expect(page.text).toBe('online live 1 "still"');
});

test('another group id leaves the first group', async () => {
  const { world, client, page } = await start();
  await page.render(within(client, h(Room)));
  await page.render(within(client, h(Room, { id: 'h' })));
  await page.advance(2_000);
  expect(world.gateway.connections()).toMatchObject([{ groups: ['h'] }]);
  await page.render(within(client, h(Room, { id: null })));
  await page.advance(2_000);
  expect(world.gateway.connections()).toMatchObject([{ groups: [] }]);
  expect(page.text).toBe('online joining 0 ""');
});

test('a client that is closed and connects again brings its rooms back', async () => {
  const { world, client, page } = await start();
  await page.render(within(client, h(Room)));
  await page.do(() => client.close());
  expect(page.text).toContain('closed left');
  await page.do(() => client.connect());
  await world.gateway.publish('g', 'back');
  await page.advance(0);
  expect(page.text).toBe('online live 1 "back"');
});

test('a client that has stopped and is told to try again keeps its rooms', async () => {
  const { world, client, page } = await start();
  await page.render(within(client, h(Room)));
  await page.do(() => world.gateway.disconnect(world.gateway.connections()[0]!.connectionId, 4003));
  expect(page.text).toContain('stopped');
  await page.do(() => client.reconnect());
  await page.do(() => world.gateway.publish('g', 'back'));
  expect(page.text).toBe('online live 1 "back"');
  seen.delete(null);
  expect(seen.size).toBe(1);
});
