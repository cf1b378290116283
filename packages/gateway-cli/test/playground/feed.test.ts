import { type MemberInfo, MemoryPresenceStore } from 'gateway-core';
import { FakeClock } from 'gateway-core/testing';
import { describe, expect, test } from 'vitest';
import { Details } from '../../src/playground/details.js';
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

  test('what waited for the last one who has gone is not for the next, who is told of what comes then', async () => {
    const { clock, gateway, look, join } = watched();
    const first = await look();
    (await join('g')).close(4321);
    await clock.settle();
    const timers = clock.pendingTimers;
    first.emit('close');
    // That of the flush, and that of the next look.
    expect(clock.pendingTimers).toBe(timers - 2);
    const second = await look();
    expect(second.snapshots[0]?.codes).toEqual([]);
    await gateway.publish('g', 'now');
    await clock.advance(50);
    expect(second.events).toMatchObject([{ data: '"now"' }]);
    expect(first.events).toEqual([]);
  });

  test('a message that was shown cut is not kept', async () => {
    const { clock, feed, gateway, look } = watched();
    const viewer = await look();
    await gateway.publish('g', 'x'.repeat(10_000));
    await clock.advance(50);
    const [{ n } = { n: 0 }] = viewer.events;
    expect(feed.data(n)).toHaveLength(10_002);
    viewer.emit('close');
    expect(feed.data(n)).toBeUndefined();
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

  test('who looks at one group is not told the last messages of others', async () => {
    const { clock, gateway, look } = watched();
    await look();
    for (const groupId of ['g', 'h', 'g']) await gateway.publish(groupId, groupId);
    await clock.advance(100);
    expect((await look('g')).snapshots[0]?.events).toMatchObject([{ groupId: 'g' }, { groupId: 'g' }]);
    expect((await look()).snapshots[0]?.events).toHaveLength(3);
  });

  test('is told of a drain, of whose close it was and why, and of what failed, in so many characters', async () => {
    const { clock, gateway, look, join } = watched({}, { authorize: () => Promise.reject({ long: 'x'.repeat(10_000) }) });
    const viewer = await look();
    (await join('g')).close(4999, 'y'.repeat(100));
    (await join('h')).close(1000);
    await clock.advance(600);
    const texts = viewer.events.flatMap((event) =>
      event.type === 'disconnect' || event.type === 'error' ? [event.text ?? ''] : [],
    );
    expect(texts).toHaveLength(4);
    expect(texts).toContainEqual(`closed by the client, which may come back as who it was, by the client: ${'y'.repeat(100)}`);
    expect(texts.filter((text) => text.includes('identify: {') && text.includes('xxx'))).toHaveLength(2);
    for (const text of texts) expect(text.length).toBeLessThanOrEqual(257);
    expect(texts).toContainEqual(expect.stringMatching(/, by the client$/));
    expect(viewer.changes.at(-1)?.draining).toBe(false);
    const closing = gateway.close({ graceMs: 5_000 });
    await clock.advance(500);
    expect(viewer.changes.at(-1)?.draining).toBe(true);
    await clock.advance(10_000);
    await closing;
  });

  test('looks again and again at who is in its group; a store that is away leaves what was known', async () => {
    let isAway = false;
    class Store extends MemoryPresenceStore {
      override list(groupId: string) {
        if (isAway) throw new Error('away');
        return super.list(groupId);
      }
    }
    const shared = new FakeClock();
    const { clock, look, join } = watched({}, { presence: new Store({ clock: shared }) }, shared);
    await join('g');
    const viewer = await look('g');
    const members = () => viewer.changes.at(-1)?.detail?.members.length;
    await join('g');
    await clock.advance(1_000);
    expect(members()).toBe(2);
    isAway = true;
    await join('g');
    await clock.advance(1_000);
    expect(members()).toBe(2);
    isAway = false;
    await clock.advance(1_000);
    expect(members()).toBe(3);
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

  test('is not told metadata where they are hidden, nor what members say of themselves and their sessions', async () => {
    const hiding = async (hideMetadata: boolean) => {
      const { clock, look, join } = watched({ hideMetadata }, { authenticate: () => ({ principal: 'ada' }) });
      const viewer = await look('g');
      const client = await join('g', { metadata: { name: 'lovelace' } });
      client.send({ type: 'presence', payload: { groupId: 'g', state: { mood: 'byron' } } });
      client.send({ type: 'data_update', sessionId: 's', payload: { data: 1, meta: { label: 'engine' } } });
      await clock.advance(1_000);
      const { detail } = viewer.changes.at(-1) ?? {};
      expect([detail?.members.length, detail?.sessions.length]).toEqual([1, 1]);
      return ['lovelace', '"ada"', 'byron', 'engine'].filter((word) => viewer.text.includes(word));
    };
    expect(await hiding(false)).toHaveLength(4);
    expect(await hiding(true)).toEqual([]);
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

  test('of a group 100 members and 50 sessions are shown, each in so many characters, and that there are more', async () => {
    const limits = {
      connectionsPerAddressMax: 1_000,
      joinsPerSecondMax: 0,
      messagesPerSecondMax: 0,
      presenceStateBytesMax: 4_000,
    };
    const { clock, look, join } = watched({}, { limits });
    const viewer = await look('g');
    const [long, text] = ['x'.repeat(2_000), 'x'.repeat(200)];
    for (let n = 0; n < 100; n += 1) {
      const client = await join('g', { metadata: { long } });
      client.send({ type: 'presence', payload: { groupId: 'g', state: { long } } });
      if (n < 50)
        client.send({ type: 'data_update', sessionId: `s-${n}`, payload: { data: 1, meta: { label: text, createdBy: text } } });
    }
    await clock.advance(1_000);
    const detail = () => viewer.changes.at(-1)!.detail!;
    const shown = () => [detail().members.length, detail().membersCut, detail().sessions.length, detail().sessionsCut];
    expect(shown()).toEqual([100, false, 50, false]);
    for (const { metadata, presenceState } of detail().members) {
      expect([metadata?.length, presenceState?.length]).toEqual([257, 257]);
    }
    for (const { meta } of detail().sessions) expect(meta).toHaveLength(257);
    const more = await join('g');
    more.send({ type: 'data_update', sessionId: 'one-more', payload: { data: 1, meta: {} } });
    await clock.advance(1_000);
    expect(shown()).toEqual([100, true, 50, true]);
  });

  test('a group that nobody looks at any more is not asked for, and one that is slow to answer only once at a time', async () => {
    const asked: string[] = [];
    const answers: (() => void)[] = [];
    const members = (groupId: string) => {
      asked.push(groupId);
      return new Promise<MemberInfo[]>((resolve) => answers.push(() => resolve([])));
    };
    const details = new Details({ members, sessions: async () => [], ledger: () => [] }, false);
    const looks = [details.look(new Set(['g'])), details.look(new Set(['g', 'h'])), details.look(new Set(['g', 'h']))];
    expect(asked).toEqual(['g', 'h']);
    for (const answer of answers) answer();
    await Promise.all(looks);
    expect([details.get('g')?.members, details.get('h')?.groupId]).toEqual([[], 'h']);
    const again = details.look(new Set(['h']));
    expect(details.get('g')).toBeUndefined();
    answers.at(-1)?.();
    await again;
    expect(asked).toEqual(['g', 'h', 'h']);
  });

  test('where there is much to look at, looking takes a twentieth of the time', async () => {
    let looking = 0;
    class BusyClock extends FakeClock {
      override monotonicMs(): number {
        return super.monotonicMs() + looking;
      }
    }
    const { clock, gateway, look } = watched({}, {}, new BusyClock());
    const connections = gateway.connections.bind(gateway);
    gateway.connections = () => {
      looking += 100;
      return connections();
    };
    const viewer = await look();
    await clock.advance(10_000);
    expect(viewer.changes.length).toBeGreaterThanOrEqual(4);
    expect(viewer.changes.length).toBeLessThanOrEqual(5);
  });

  test('a second without events saves up nothing for the next, nor do events that wait to be sent', async () => {
    const { clock, gateway, look } = watched();
    const viewer = await look();
    await clock.advance(10_000);
    for (let n = 0; n < 5; n += 1) {
      for (let m = 0; m < 100; m += 1) await gateway.publish('g', m);
      await clock.advance(50);
    }
    // 200 that were saved up, and what has come back in 250 ms.
    expect(viewer.events.length).toBeGreaterThanOrEqual(200);
    expect(viewer.events.length).toBeLessThanOrEqual(250);
    expect(viewer.events.length + viewer.left).toBe(500);
  });

  test('a large snapshot is paid for before the next', async () => {
    const { clock, gateway, look, join } = watched({}, { limits: { connectionsPerAddressMax: 1_000, joinsPerSecondMax: 0 } });
    for (let n = 0; n < 200; n += 1) await join('g'.repeat(100), { metadata: { long: 'ü'.repeat(250) } });
    const viewer = await look();
    const before = viewer.text.length;
    for (let round = 0; round < 20; round += 1) {
      for (let n = 0; n < 20; n += 1) await gateway.publish(`g-${n}`, round);
      await clock.advance(500);
    }
    expect(viewer.changes.length).toBeGreaterThan(5);
    expect(Buffer.byteLength(viewer.text) - before).toBeLessThan(11 * 256 * 1024);
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
