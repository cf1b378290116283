import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type BrokerEntry, createGateway, MemoryBroker, MemoryMemberStore, MemoryPresenceStore } from 'gateway-core';
import { connectClient, FakeClock } from 'gateway-core/testing';
import type { LogPosition } from 'gateway-protocol';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ServedParts } from './parts.js';

const BACKLOG = 64 * 1024;
/** More than a socket between processes holds. */
const MANY = 2_000;
const TEXT = JSON.stringify('x'.repeat(1_000));

function recorder() {
  const entries: BrokerEntry[] = [];
  const resets: (LogPosition & { reason?: string | undefined })[] = [];
  return {
    entries,
    resets,
    seqs: () => entries.map(({ seq }) => seq),
    deliver: (entry: BrokerEntry) => void entries.push(entry),
    reset: (position: LogPosition, reason?: string) => void resets.push({ ...position, reason }),
  };
}

/** Counts what a socket asks the kernel to write. */
function countWrites(socket: Socket): () => number {
  const calls = [vi.spyOn(socket, '_write'), vi.spyOn(socket, '_writev' as never)];
  return () => calls.reduce((sum, { mock }) => sum + mock.calls.length, 0);
}

const counted = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** A worker that reads nothing while others publish, on one log of so many messages. */
async function behind(historyMessagesMax: number) {
  const broker = new MemoryBroker({ historyMessagesMax, historyLengthMax: Number.POSITIVE_INFINITY });
  const history = vi.spyOn(broker, 'history');
  const served = new ServedParts({ parts: { broker }, backlogBytesMax: BACKLOG });
  const [slow, fast] = [await served.connect(), await served.connect()];
  const [slowly, quickly] = [recorder(), recorder()];
  await slow.parts.broker.subscribe('g', slowly);
  await fast.parts.broker.subscribe('g', quickly);
  slow.socket.pause();
  const waiting: number[] = [];
  for (let n = 0; n < MANY; n += 1) {
    await fast.parts.broker.publish('g', { body: TEXT });
    waiting.push((served.sockets[0]?.writableLength ?? 0) as number);
  }
  return { served, slow, fast, slowly, quickly, history, waitingMax: Math.max(...waiting) };
}

describe('a worker whose socket is full', () => {
  test('is sent no more of the log, holds nobody up, and reads on from the history when it has room', async () => {
    const { slow, slowly, quickly, history, waitingMax } = await behind(MANY);
    expect(quickly.seqs()).toEqual(counted(1, MANY));
    expect(slowly.entries.length).toBeLessThan(MANY);
    // The one frame that took it over the mark, and what was put together in that turn.
    expect(waitingMax).toBeLessThan(2 * BACKLOG);
    expect(history).not.toHaveBeenCalled();
    slow.socket.resume();
    await vi.waitUntil(() => slowly.entries.length === MANY);
    expect(slowly.seqs()).toEqual(counted(1, MANY));
    expect(slowly.resets).toEqual([]);
    expect(history).toHaveBeenCalled();
  });

  test('is told of a reset where the log no longer reaches back to where it stood, and goes on after it', async () => {
    const { slow, fast, slowly } = await behind(10);
    slow.socket.resume();
    await vi.waitUntil(() => slowly.resets.length > 0);
    const { epoch, seq } = await fast.parts.broker.publish('g', { body: '"last"' });
    await vi.waitUntil(() => slowly.entries.at(-1)?.body === '"last"');
    expect(slowly.resets).toEqual([{ epoch, seq: MANY, reason: 'trimmed' }]);
    const before = slowly.entries.slice(0, -1);
    expect(before.map(({ seq: one }) => one)).toEqual(counted(1, before.length));
    expect(slowly.entries.at(-1)?.seq).toBe(seq);
  });

  test('is not heard either, so that its answers stay bounded', async () => {
    const served = new ServedParts({ backlogBytesMax: BACKLOG });
    const { parts, socket } = await served.connect();
    for (let n = 0; n < 100; n += 1) await parts.broker.publish('g', { body: TEXT });
    const { position } = await parts.broker.subscribe('g', recorder());
    socket.pause();
    const answers = Array.from({ length: 500 }, () => parts.broker.history('g', { ...position, seq: 0 }, 100));
    const last = parts.sessions.touch('g', 's', 1_000);
    await vi.waitUntil(() => served.sockets[0]?.isPaused());
    // One answer is some 100 KiB.
    expect(served.sockets[0]?.writableLength).toBeLessThan(4 * BACKLOG);
    socket.resume();
    const histories = await Promise.all(answers);
    expect(histories.every(({ entries }) => entries?.length === 100)).toBe(true);
    expect(await last).toBe(false);
  });

  test('is told once for each group of presence that changed meanwhile', async () => {
    const served = new ServedParts({ backlogBytesMax: 1_000 });
    const [slow, fast] = [await served.connect(), await served.connect()];
    const changes: string[] = [];
    slow.parts.presence.watch((groupId) => changes.push(groupId));
    await slow.parts.broker.subscribe('log', recorder());
    slow.socket.pause();
    for (let n = 0; n < MANY; n += 1) await fast.parts.broker.publish('log', { body: TEXT });
    for (let n = 0; n < 50; n += 1) {
      await fast.parts.presence.enter(n % 2 === 0 ? 'g' : 'h', {
        memberId: `m${n}`,
        nodeId: 'n',
        role: 'dashboard',
        state: 'connected',
      });
    }
    slow.socket.resume();
    await slow.parts.presence.info('g');
    await vi.waitUntil(() => changes.length > 0);
    expect(changes).toEqual(['g', 'h']);
  });
});

describe('calls of a worker', () => {
  test('of one turn are one write', async () => {
    const served = new ServedParts();
    const { parts, socket } = await served.connect();
    await parts.presence.info('g');
    const writes = countWrites(socket);
    const answers = countWrites(served.sockets[0] as Socket);
    await Promise.all(Array.from({ length: 300 }, () => parts.broker.publish('g', { body: TEXT })));
    expect(writes()).toBe(1);
    // As many as turns in which the primary has read some of them.
    expect(answers()).toBeLessThan(30);
  });

  test('fail beyond waitingBytesMax, and when the socket has closed', async () => {
    const served = new ServedParts();
    const told = vi.fn();
    const { parts, socket, close } = await served.connect({ waitingBytesMax: 10_000, closed: told });
    const publishes = Array.from({ length: 30 }, () => parts.broker.publish('g', { body: TEXT }));
    const outcomes = await Promise.allSettled(publishes);
    const failed = outcomes.filter(({ status }) => status === 'rejected');
    expect(failed.length).toBeGreaterThan(15);
    expect(failed.length).toBeLessThan(30);
    const last = parts.broker.publish('g', { body: TEXT });
    served.sockets[0]?.destroy();
    await expect(last).rejects.toThrow('gone');
    if (!socket.closed) await once(socket, 'close');
    expect(told).toHaveBeenCalledOnce();
    await expect(parts.members.end('m', 1)).rejects.toThrow('gone');
    close();
  });

  test('that nobody knows fail, and what is no frame ends the link alone', async () => {
    const served = new ServedParts();
    const [one, other] = [await served.connect(), await served.connect()];
    one.socket.write(Buffer.from([1, 0, 0, 0, 99]));
    await once(one.socket, 'close');
    expect(served.errors.map(String)).toEqual(['Error: a frame of kind 99']);
    expect(await other.parts.presence.list('g')).toEqual([]);
  });
});

describe('the members of a worker that has died', () => {
  /** Two workers' gateways on a clock of their own, with a client of the first. */
  async function world() {
    const clock = new FakeClock();
    const presence = new MemoryPresenceStore({ clock });
    const members = new MemoryMemberStore({ clock });
    const served = new ServedParts({ parts: { presence, members }, resumeTtlMs: 5_000 });
    const [one, other] = [await served.connect(), await served.connect()];
    return { clock, presence, members, served, one, other };
  }
  const member = { memberId: 'm', nodeId: 'n', role: 'dashboard', state: 'connected', generation: 1 } as const;
  const stored = { ...member, tokenHash: 'h'.repeat(44), user: 'u', groups: [], resumeTtlMs: 5_000 };

  test('have dropped at once, can be resumed on another, and are not seen to leave', async () => {
    const { presence, served, one, other } = await world();
    await one.parts.presence.touch('n', 60_000);
    await one.parts.members.touch('n', 60_000);
    await one.parts.presence.enter('g', member);
    await one.parts.members.put(stored);
    one.socket.destroy();
    await vi.waitUntil(() => served.errors.length === 1);
    expect(presence.list('g')).toMatchObject([{ memberId: 'm', state: 'dropped' }]);
    const found = await other.parts.members.find('m', stored.tokenHash, 1_000);
    expect(found).toMatchObject({ state: 'dropped', generation: 1 });
    const taken = await other.parts.members.takeOver('m', stored.tokenHash, {
      generation: 1,
      nodeId: 'n2',
      tokenHash: 'i'.repeat(44),
    });
    expect(taken).toMatchObject({ generation: 2, nodeId: 'n2', state: 'connected' });
    await other.parts.presence.enter('g', { ...member, nodeId: 'n2', generation: 2 });
    expect(presence.list('g')).toMatchObject([{ memberId: 'm', nodeId: 'n2', state: 'connected' }]);
  });

  test('have left after resumeTtlMs, and nobody becomes them any more', async () => {
    const { clock, presence, served, one, other } = await world();
    await one.parts.presence.enter('g', member);
    await one.parts.members.put(stored);
    await other.parts.presence.touch('n2', 60_000);
    one.socket.destroy();
    await vi.waitUntil(() => served.errors.length === 1);
    await clock.advance(4_999);
    await other.parts.presence.touch('n2', 60_000);
    expect(presence.list('g')).toHaveLength(1);
    await clock.advance(1);
    await other.parts.presence.touch('n2', 60_000);
    expect(presence.list('g')).toEqual([]);
    expect(await other.parts.members.find('m', stored.tokenHash, 1_000)).toBeUndefined();
  });

  test('its subscriptions end with it', async () => {
    const { served, one, other } = await world();
    await one.parts.broker.subscribe('g', recorder());
    await one.parts.broker.subscribe('g', recorder());
    const { unsubscribe } = await other.parts.broker.subscribe('g', recorder());
    expect(served.server.groups).toBe(1);
    one.socket.destroy();
    await vi.waitUntil(() => served.errors.length === 1);
    expect(served.server.groups).toBe(1);
    await unsubscribe();
    await other.parts.presence.info('g');
    expect(served.server.groups).toBe(0);
  });
});

test('clients of two workers are in one group', async () => {
  const served = new ServedParts();
  const gateways = await Promise.all([0, 1].map(async () => createGateway((await served.connect()).parts)));
  onTestFinished(async () => void (await Promise.all(gateways.map((gateway) => gateway.close()))));
  const clients = gateways.map((gateway) => connectClient(gateway));
  for (const client of clients) client.send({ type: 'identify', payload: { clientType: 'app-client', groupId: 'g' } });
  for (const client of clients) for (let readies = 0; readies < 2; ) if ((await client.next()).type === 'ready') readies += 1;
  clients[0]?.send({ type: 'data_update', payload: { data: 'hello' } });
  for (const client of clients) while (client.updates.length === 0) await client.next();
  expect(clients.map((client) => client.updates[0]?.payload.data)).toEqual(['hello', 'hello']);
  const { details } = await (gateways[1] as (typeof gateways)[0]).presence('g');
  expect(details?.members).toBe(2);
});
