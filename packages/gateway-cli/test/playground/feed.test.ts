import { describe, expect, test } from 'vitest';
import type { MessageEvent } from '../../src/playground/wire.js';
import { watched } from './watching.js';

describe('without a viewer', () => {
  test('nothing is listened to, no timer runs, and nothing of before is kept', async () => {
    const { clock, gateway, listeners, look } = watched();
    await clock.settle();
    const timers = clock.pendingTimers;
    expect(listeners()).toBe(0);
    const viewer = await look();
    expect(listeners()).toBeGreaterThan(10);
    expect(clock.pendingTimers).toBeGreaterThan(timers);
    await gateway.publish('g', 1);
    await clock.advance(100);
    expect(viewer.events).toHaveLength(1);
    viewer.emit('close');
    expect(listeners()).toBe(0);
    expect(clock.pendingTimers).toBe(timers);
    expect((await look()).snapshots[0]?.events).toEqual([]);
  });

  test('who leaves before another comes back stops nothing of that one', async () => {
    const { clock, look, listeners } = watched();
    const [first, second] = [await look(), await look()];
    first.emit('close');
    first.emit('error', new Error('reset'));
    await clock.advance(500);
    expect(second.changes).toHaveLength(1);
    expect(listeners()).toBeGreaterThan(10);
  });
});

describe('a viewer', () => {
  test('is told everything first, and then every 500 ms what is different', async () => {
    const { clock, gateway, look, join } = watched({ readOnly: true });
    await join('g', { metadata: { name: 'ada' } });
    const viewer = await look();
    expect(viewer.snapshots).toMatchObject([
      {
        path: '/rt',
        readOnly: true,
        draining: false,
        connections: { set: [{ metadata: '{"name":"ada"}', lag: 0, dialect: '2' }] },
      },
    ]);
    await clock.advance(500);
    expect(viewer.changes).toMatchObject([{ connections: { set: [], gone: [] }, groups: { set: [], gone: [] } }]);
    const { id } = viewer.snapshots[0]!.connections.set[0]!;
    await gateway.publish('g', 1);
    gateway.disconnect(id, 4321);
    await clock.advance(500);
    expect(viewer.changes[1]).toMatchObject({
      connections: { gone: [id] },
      groups: { set: [{ id: 'g', seq: 1 }] },
      codes: [{ kind: 'close', code: '4321', times: 1, words: 'a code of the application', action: 'reconnect' }],
    });
  });

  test('sees messages of whoever published them, and what else happens, soon after', async () => {
    const { clock, gateway, look, join } = watched();
    const viewer = await look();
    const client = await join('g');
    client.send({ type: 'data_update', id: 'm', delivery: 'latest', key: 'k', payload: { data: { n: 1 } } });
    client.send({ type: 'data_update', groupId: 'elsewhere', payload: { data: 1 } });
    await clock.settle();
    await gateway.publish('g', 'from the server');
    await clock.advance(50);
    const { memberId } = gateway.connections()[0]!;
    expect(viewer.events.map(({ type }) => type)).toEqual(['connection', 'identify', 'join', 'message', 'refused', 'message']);
    expect(viewer.events.filter(({ type }) => type === 'message')).toMatchObject([
      { groupId: 'g', seq: 1, from: memberId, id: 'm', delivery: 'latest', key: 'k', data: '{"n":1}', cut: false },
      { groupId: 'g', seq: 2, data: '"from the server"' },
    ]);
    await clock.advance(500);
    expect(viewer.changes.at(-1)?.codes).toEqual([
      { kind: 'error', code: 'NOT_A_MEMBER', times: 1, words: 'the named group is not one that the connection is in' },
    ]);
  });

  test('of one group sees no messages of others, and who is in it with their books', async () => {
    const { clock, gateway, look, join } = watched();
    const client = await join('g');
    const viewer = await look('g');
    await gateway.publish('g', 1);
    await gateway.publish('h', 2);
    client.send({ type: 'data_update', sessionId: 's', payload: { data: 1, meta: { label: 'call' } } });
    await clock.advance(1_000);
    expect(viewer.events.filter(({ type }) => type === 'message')).toMatchObject([
      { groupId: 'g' },
      { groupId: 'g', sessionId: 's', data: '1' },
    ]);
    const { detail } = viewer.changes.at(-1)!;
    expect(detail).toMatchObject({
      groupId: 'g',
      members: [{ state: 'connected', ledger: { published: 2, written: 2, latest: 0, volatile: 0, lost: 0, pending: 0 } }],
      sessions: [{ id: 's', meta: '{"label":"call"}' }],
    });
  });

  test('who comes later is told the last events', async () => {
    const { clock, gateway, look } = watched();
    await look();
    for (let n = 0; n < 150; n += 1) await gateway.publish('g', n);
    await clock.advance(100);
    const events = (await look('g')).snapshots[0]!.events as MessageEvent[];
    expect(events).toHaveLength(100);
    expect(events.at(-1)).toMatchObject({ data: '149' });
  });

  test('is never told a token, a resume token or claims', async () => {
    const claims = { secret: 'claim-of-ada' };
    const { clock, gateway, look, join } = watched({}, { authenticate: () => ({ principal: 'ada', claims }) });
    const viewer = await look('g');
    const client = await join('g', { token: 'token-of-ada' });
    const resume = JSON.stringify(client.received).match(/"resumeToken":"([^"]+)"|"token":"([^"]+)"/);
    await gateway.publish('g', 1);
    await clock.advance(2_000);
    expect(viewer.text).toContain('"principal":"ada"');
    const token = resume?.[1] ?? resume?.[2];
    expect(token).toEqual(expect.any(String));
    for (const secret of ['token-of-ada', 'claim-of-ada', token!]) expect(viewer.text).not.toContain(secret);
  });

  test('is not told metadata where they are hidden', async () => {
    const { clock, look, join } = watched({ hideMetadata: true }, { authenticate: () => ({ principal: 'ada' }) });
    const viewer = await look('g');
    await join('g', { metadata: { name: 'lovelace' } });
    await clock.advance(1_000);
    expect(viewer.changes.at(-1)?.detail?.members).toHaveLength(1);
    expect(viewer.text).not.toMatch(/lovelace|"ada"/);
  });
});

describe('is bounded', () => {
  test('a viewer gets 200 events a second, and is told how many it did not get', async () => {
    const { clock, gateway, look } = watched();
    const viewer = await look();
    for (let n = 0; n < 1_000; n += 1) await gateway.publish('g', n);
    await clock.advance(50);
    expect(viewer.events).toHaveLength(200);
    expect(viewer.left).toBe(800);
    await clock.advance(1_000);
    for (let n = 0; n < 1_000; n += 1) await gateway.publish('g', n);
    await clock.advance(50);
    expect(viewer.events).toHaveLength(400);
  });

  test('payloads are cut at 4 KiB, and a viewer gets 256 KiB a second and one event', async () => {
    const { clock, gateway, look } = watched();
    const viewer = await look();
    const before = viewer.text.length;
    for (let n = 0; n < 190; n += 1) await gateway.publish('g', 'x'.repeat(100_000));
    await clock.advance(50);
    const [first] = viewer.events as MessageEvent[];
    expect(first).toMatchObject({ cut: true });
    expect(first?.data.length).toBeLessThanOrEqual(4 * 1024 + 1);
    expect(first?.size).toBeGreaterThan(100_000);
    expect(viewer.text.length - before).toBeLessThan(256 * 1024 + 5_000);
    expect(viewer.text.length - before).toBeGreaterThan(200 * 1024);
    expect(viewer.left).toBeGreaterThan(100);
  });

  test('there are at most 8 viewers', async () => {
    const { feed, look } = watched();
    const viewers = [];
    for (let n = 0; n < 8; n += 1) viewers.push(await look());
    expect(feed.isFull).toBe(true);
    viewers[3]?.emit('close');
    expect(feed.isFull).toBe(false);
  });

  test('a viewer whose socket takes nothing is written nothing more, and after it drains is told everything anew', async () => {
    const { clock, gateway, look } = watched();
    const viewer = await look();
    viewer.takes = false;
    await clock.advance(500);
    const { length } = viewer.text;
    for (let n = 0; n < 500; n += 1) await gateway.publish('g', n);
    await clock.advance(5_000);
    expect(viewer.text.length).toBe(length);
    viewer.takes = true;
    viewer.emit('drain');
    await clock.advance(500);
    expect(viewer.snapshots).toHaveLength(2);
    await gateway.publish('g', 'again');
    await clock.advance(50);
    expect(viewer.events).toMatchObject([{ data: '"again"' }]);
    expect(viewer.left).toBe(500);
  });

  test('a viewer whose socket takes nothing for 10 s is ended', async () => {
    const { clock, listeners, look } = watched();
    const viewer = await look();
    viewer.takes = false;
    await clock.advance(10_400);
    expect(viewer.destroyed).toBe(false);
    await clock.advance(1_000);
    expect(viewer.destroyed).toBe(true);
    expect(listeners()).toBe(0);
  });

  test('of 300 connections 200 are shown, and all are counted', async () => {
    const { look, join } = watched({}, { limits: { connectionsPerAddressMax: 1_000, joinsPerSecondMax: 0 } });
    for (let n = 0; n < 300; n += 1) await join('g');
    const [snapshot] = (await look()).snapshots;
    expect(snapshot?.connections.set).toHaveLength(200);
    expect(snapshot?.stats.connections).toBe(300);
  });

  test('codes that clients make up are counted together beyond 64', async () => {
    const { clock, look, join } = watched({}, { limits: { connectionsPerAddressMax: 1_000 } });
    const viewer = await look();
    for (let n = 0; n < 100; n += 1) (await join('g')).close(3_000 + n);
    await clock.advance(1_000);
    const { codes } = viewer.changes.at(-1)!;
    expect(codes).toHaveLength(65);
    expect(codes.at(-1)).toEqual({ kind: 'close', code: 'others', times: 36, words: 'other codes' });
  });
});
