import { createClient } from 'gateway-client';
import type { Gateway, GatewayOptions } from 'gateway-core';
import { createGateway } from 'gateway-core';
import { connectClient, FakeClock, type MemoryClient, memoryWebSocket } from 'gateway-core/testing';
import type { OutgoingToClient2 } from 'gateway-protocol';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { blocksOf } from './markdown.js';
import { makeFolder, removeFolder, run } from './snippets.js';

const blocks = blocksOf('docs/recipes.md').filter(({ language }) => language === 'ts');
/** What the recipe under a heading exports: its first block, or that for the page. */
async function recipe<Exports>(heading: string, part = 0): Promise<Exports> {
  const block = blocks.filter((one) => one.heading === heading)[part];
  if (block === undefined) throw new Error(`docs/recipes.md has no recipe called ${heading}`);
  return (await run(block)).exports as Exports;
}

beforeAll(makeFolder);
afterAll(removeFolder);

/** Ada of `acme` with two tabs, and Bob of `widgets`, in `room`. */
async function office(options: GatewayOptions = {}) {
  const clock = new FakeClock();
  const gateway = createGateway({
    clock,
    authenticate: ({ token }) => {
      const [id = '', tenant = ''] = (token ?? '').split('@');
      return { principal: id, claims: { tenant }, metadata: { name: id } };
    },
    ...options,
  });
  const connect = async (token: string): Promise<MemoryClient> => {
    const client = connectClient(gateway);
    client.send({ type: 'identify', payload: { clientType: 'app-client', groupId: 'room', token } });
    await clock.settle();
    return client;
  };
  const clients = [await connect('ada@acme'), await connect('ada@acme'), await connect('bob@widgets')] as const;
  onTestFinished(async () => void (await Promise.all([gateway.close(), clock.advance(1_000)])));
  return { clock, gateway, clients, connect };
}

test('there are thirteen', () => {
  expect(new Set(blocks.map(({ heading }) => heading)).size).toBe(14);
});

test('the gateway of the recipes: who a user is, is the server’s word', async () => {
  const { gatewayFor } = await recipe<{ gatewayFor(verify: (token?: string) => Promise<unknown>): Gateway }>(
    'Recipes for the embedding server',
  );
  const gateway = gatewayFor(async (token) => (token === 'good' ? { id: '42', name: 'Ada', tenant: 'acme' } : undefined));
  const [good, bad] = [connectClient(gateway), connectClient(gateway)];
  const identify = (token: string) => ({
    type: 'identify',
    payload: { clientType: 'app-client', groupId: 'room', token, metadata: { name: 'root' } },
  });
  good.send(identify('good'));
  bad.send(identify('bad'));
  await expect.poll(() => bad.closed?.code).toBe(4001);
  await expect.poll(() => good.received.map(({ type }) => type)).toContain('presence_update');
  expect(gateway.connections()).toMatchObject([{ principal: '42', claims: { tenant: 'acme' }, metadata: { name: 'Ada' } }]);
  expect(good.texts.join()).not.toMatch(/"42"|acme|root/);
  await gateway.close();
});

test('kick a user everywhere', async () => {
  const { gateway, clients, clock } = await office();
  const { kickUser } = await recipe<{ kickUser(...args: unknown[]): number }>('Kick a user everywhere');
  expect(kickUser(gateway, 'ada', 'spam')).toBe(2);
  await clock.settle();
  expect(clients.map(({ closed }) => closed)).toEqual([
    { code: 4003, reason: 'spam' },
    { code: 4003, reason: 'spam' },
    undefined,
  ]);
  expect((await gateway.presence('room')).details?.members).toBe(1);
});

test('list who is in a group', async () => {
  const { gateway } = await office();
  const { usersIn } = await recipe<{ usersIn(...args: unknown[]): Promise<string[]> }>('List who is in a group');
  expect(await usersIn(gateway, 'room')).toEqual(['ada', 'bob']);
  expect(await usersIn(gateway, 'nowhere')).toEqual([]);
  expect(await gateway.members('room')).toMatchObject([
    { principal: 'ada', role: 'app-client', metadata: { name: 'ada' }, state: 'connected' },
    { principal: 'ada' },
    { principal: 'bob' },
  ]);
});

test('send to one user', async () => {
  const { gateway, clients, clock, connect } = await office();
  const { giveUsersTheirOwnGroup, sendToUser } = await recipe<{
    giveUsersTheirOwnGroup(...args: unknown[]): () => void;
    sendToUser(...args: unknown[]): Promise<unknown>;
  }>('Send to one user');
  const failures: unknown[] = [];
  giveUsersTheirOwnGroup(gateway, (error: unknown) => failures.push(error));
  const later = await connect('ada@acme');
  await sendToUser(gateway, 'ada', 'just for you');
  await clock.settle();
  expect(later.updates).toMatchObject([{ groupId: 'user:ada', seq: 1, payload: { data: 'just for you' } }]);
  expect(clients.flatMap(({ data }) => data)).toEqual([]);
  // A message without a group is still for the room, and a move by the client leaves the user's group alone.
  later.send({ type: 'data_update', payload: { data: 'to the room' } });
  later.send({ type: 'identify', payload: { clientType: 'app-client', groupId: 'hall', token: 'ada@acme' } });
  await clock.settle();
  expect(clients[0].data).toEqual(['to the room']);
  expect(gateway.connections().at(-1)?.groups).toEqual(['user:ada', 'hall']);
  await sendToUser(gateway, 'ada', 'again');
  await clock.settle();
  expect(later.data.at(-1)).toBe('again');
  expect(failures).toEqual([]);
});

test('move a user', async () => {
  const { gateway, clients, clock } = await office();
  const { moveUser } = await recipe<{ moveUser(...args: unknown[]): Promise<void> }>('Move a user');
  await moveUser(gateway, 'ada', 'room', 'hall');
  await Promise.all([gateway.publish('room', 'in the room'), gateway.publish('hall', 'in the hall')]);
  await clock.settle();
  expect(clients.map(({ data }) => data)).toEqual([['in the hall'], ['in the hall'], ['in the room']]);
});

test('count per group', async () => {
  const { gateway, clients } = await office();
  const { counts } = await recipe<{ counts(...args: unknown[]): Promise<unknown> }>('Count per group');
  clients[2].cut();
  expect(await counts(gateway)).toEqual({ room: { connections: 2, members: 3 } });
});

test('mirror presence to a database', async () => {
  const { gateway, clients, clock, connect } = await office();
  const { mirrorPresence } = await recipe<{ mirrorPresence(...args: unknown[]): () => void }>('Mirror presence to a database');
  const rows = new Set<string>();
  const principals: unknown[] = [];
  const off = mirrorPresence(gateway, {
    insert: ({ memberId, groupId, principal }: { memberId: string; groupId: string; principal: string }) => {
      rows.add(`${memberId} ${groupId}`);
      principals.push(principal);
    },
    remove: (memberId: string, groupId: string) => rows.delete(`${memberId} ${groupId}`),
  });
  const eve = await connect('eve@acme');
  const fay = await connect('fay@acme');
  fay.send({ type: 'identify', payload: { clientType: 'app-client', groupId: 'hall', token: 'fay@acme' } });
  await clock.settle();
  eve.close();
  const members = await Promise.all(['room', 'hall'].map((group) => gateway.members(group)));
  expect([...rows]).toEqual(members[1]!.map(({ memberId }) => `${memberId} hall`));
  expect(principals).toEqual(['eve', 'fay', 'fay']);
  off();
  clients[0].close();
  expect(rows.size).toBe(1);
});

test('deny a group at run time', async () => {
  const { authorize, denyGroup } = await recipe<{
    authorize: NonNullable<GatewayOptions['authorize']>;
    denyGroup(...args: unknown[]): void;
  }>('Deny a group at run time');
  const { gateway, clients, clock, connect } = await office({ authorize });
  denyGroup(gateway, 'room');
  const late = await connect('bob@widgets');
  clients[0].send({ type: 'data_update', groupId: 'room', payload: { data: 'anybody?' } });
  await clock.settle();
  const codes = (client: MemoryClient) =>
    client.received.flatMap((message) => (message.type === 'error' ? [message.payload.code] : []));
  expect(codes(late)).toEqual(['FORBIDDEN']);
  expect(codes(clients[0])).toEqual(['NOT_A_MEMBER']);
  expect(gateway.connections().flatMap(({ groups }) => groups)).toEqual([]);
});

test('replace metadata', async () => {
  const { gateway, clients, clock } = await office();
  const { rename } = await recipe<{ rename(...args: unknown[]): Promise<void> }>('Replace metadata');
  await rename(gateway, 'bob', 'Robert');
  await clock.advance(1_000);
  expect(gateway.connections().map(({ metadata }) => metadata?.name)).toEqual(['ada', 'ada', 'Robert']);
  expect(clients[0].received.at(-1)).toMatchObject({
    type: 'presence_update',
    payload: { info: { details: { metadata: { name: 'Robert' }, members: 3 } } },
  });
});

test('see why somebody was closed', async () => {
  const { gateway, clients, clock } = await office();
  const { reportEnds } = await recipe<{ reportEnds(...args: unknown[]): () => void }>('See why somebody was closed');
  const lines: string[] = [];
  reportEnds(gateway, (line: string) => lines.push(line));
  clients[0].cut();
  gateway.disconnect(gateway.connections()[0]!.connectionId, 4321, 'enough');
  await clock.advance(25_000);
  expect(lines).toEqual([
    'ada: 1006 by client',
    'ada: 4321 by host, enough',
    'bob: 4200 by gateway, nothing was heard for `heartbeatTimeoutMs`',
  ]);
});

test('drain one tenant', async () => {
  const { gateway, clients, clock } = await office();
  const { drainTenant } = await recipe<{ drainTenant(...args: unknown[]): number }>('Drain one tenant');
  expect(drainTenant(gateway, 'acme')).toBe(2);
  await clock.settle();
  expect(clients.map(({ closed }) => closed?.code)).toEqual([4202, 4202, undefined]);
});

test('load a snapshot, then its stream', async () => {
  const { gateway, clock, connect } = await office();
  const { snapshotOf } = await recipe<{
    snapshotOf(...args: unknown[]): Promise<{ state: number[]; since: { epoch: string; seq: number } }>;
  }>('Load a snapshot, then its stream');
  const state: number[] = [];
  gateway.on('data', ({ data }) => state.push(data as number));
  const ada = await connect('ada@acme');
  const say = (data: number) => ada.send({ type: 'data_update', payload: { data } });
  for (let n = 0; n < 5; n += 1) say(n);
  const { followGroup } = await recipe<{ followGroup(...args: unknown[]): unknown }>('Load a snapshot, then its stream', 1);
  const client = createClient({
    url: 'ws://gateway/rt',
    WebSocket: memoryWebSocket(() => gateway),
    clock,
    token: 'bob@widgets',
  });
  const [shown, applied]: [number[][], number[]] = [[], []];
  const fetchSnapshot = () =>
    snapshotOf(gateway, 'room', async () => {
      // Between the position and the state.
      for (let n = 5; n < 8; n += 1) say(n);
      return [...state];
    });
  followGroup(client, 'room', fetchSnapshot, {
    show: (loaded: number[]) => shown.push(loaded),
    apply: (data: number) => applied.push(data),
  });
  await clock.advance(0);
  for (let n = 8; n < 10; n += 1) say(n);
  await clock.advance(0);
  // What came between the two is in both.
  expect(shown).toEqual([[0, 1, 2, 3, 4, 5, 6, 7]]);
  expect(applied).toEqual([5, 6, 7, 8, 9]);
  void client.close();
  await clock.advance(0);
});

test('take back credentials', async () => {
  const { gateway, clients, clock } = await office();
  const { signOutEverywhere } = await recipe<{ signOutEverywhere(...args: unknown[]): number }>('Take back credentials');
  expect(signOutEverywhere(gateway, 'ada')).toBe(2);
  await clock.settle();
  expect(clients.map(({ closed }) => closed?.code)).toEqual([4003, 4003, undefined]);
});

test('Replace a gateway', async () => {
  type Replaceable = {
    current: Gateway;
    replace(options: GatewayOptions, graceMs?: number): Promise<void>;
  };
  const { ReplaceableGateway } = await recipe<{
    ReplaceableGateway: new (server: object, options: GatewayOptions) => Replaceable;
  }>('Replace a gateway');
  const clock = new FakeClock();
  const routes: string[] = [];
  const replaceable = new ReplaceableGateway({ on: (name: string) => routes.push(name) }, { clock });
  const first = replaceable.current;
  const identify = async (resume: object) => {
    const client = connectClient(replaceable.current, { answersPings: true });
    client.send({ type: 'identify', version: '2', payload: { clientType: 'app-client', resume } });
    await clock.settle();
    return client;
  };
  const client = await identify({ groups: { room: {} } });
  const readyOf = ({ received }: MemoryClient) =>
    (received as unknown as OutgoingToClient2[]).flatMap((each) => (each.type === 'ready' ? [each.payload] : [])).at(-1);
  const { memberId, resume } = readyOf(client) ?? {};
  const replacing = replaceable.replace({ clock }, 10_000);
  await clock.settle();
  expect(client.received.map(({ type }) => type as string)).toContain('reconnect');
  expect(replaceable.current).not.toBe(first);
  const next = await identify({ token: resume?.token });
  expect(readyOf(next)).toMatchObject({ memberId, resumed: true, groups: ['room'] });
  expect(client.closed?.code).toBe(4202);
  await Promise.all([replacing, clock.advance(20_000)]);
  expect(await replaceable.current.members('room')).toMatchObject([{ memberId, state: 'connected' }]);
  expect(routes).toEqual(['upgrade']);
  await Promise.all([replaceable.current.close(), clock.advance(20_000)]);
});
