import type { Update } from 'gateway-client';
import { describe, expect, test } from 'vitest';
import { createUpdates } from '../src/updates.js';
import { outcomeOf, World } from './support.js';

const seqs = (updates: Update[]) =>
  updates.map((update) =>
    update.type === 'message' ? update.seq : update.type === 'gap' ? [update.from, update.to] : update.type,
  );

describe('[B71] a slow reader', () => {
  test('is bounded, told of what did not fit as one gap, and goes on with the newest', async () => {
    const world = new World();
    const group = (await world.online()).join('g');
    const updates = group.updates({ bufferMax: 10 });
    await world.clock.advance(0);
    for (let count = 0; count < 100; count += 1) await world.gateway.publish('g', count);
    await world.clock.advance(0);
    const read: Update[] = [];
    for (let count = 0; count < 10; count += 1) read.push((await updates.next()).value);
    expect(seqs(read)).toEqual(['sync', [1, 92], 93, 94, 95, 96, 97, 98, 99, 100]);
    expect(read[1]).toMatchObject({ reason: 'consumer' });
    expect(outcomeOf(updates.next()).settled).toBe(false);
  });
});

describe('[B72] an iteration ends', () => {
  test('with `break`: nothing is kept for it any more, and the group stays joined', async () => {
    const world = new World();
    const group = (await world.online()).join('g');
    await world.clock.advance(0);
    const updates = group.updates();
    const reading = (async () => {
      for await (const update of updates) if (update.type === 'message') break;
    })();
    await world.gateway.publish('g', 1);
    await world.gateway.publish('g', 2);
    await world.clock.advance(0);
    await reading;
    expect(await updates.next()).toEqual({ value: undefined, done: true });
    expect(group.status.get().state).toBe('live');
  });

  test('when the handle leaves, or its signal is aborted; and throws when the client stops', async () => {
    const world = new World();
    const client = await world.online();
    const [one, two, three] = [client.join('g'), client.join('g'), client.join('g')];
    await world.clock.advance(0);
    const abort = new AbortController();
    const ends = [one.updates(), two.updates({ signal: abort.signal }), three.updates()].map((updates) =>
      outcomeOf(updates.next()),
    );
    one.leave();
    abort.abort();
    world.closes(4003);
    await world.clock.advance(0);
    expect(ends[0]?.value).toEqual({ value: undefined, done: true });
    expect(ends[1]?.value).toEqual({ value: undefined, done: true });
    expect(ends[2]?.code).toBe('STOPPED');
  });
});

test('[B72] what was there at the end is read first, then it is over; and its end is told once', async () => {
  let ends = 0;
  const updates = createUpdates(10, () => {
    ends += 1;
  });
  updates.push({ type: 'gap', groupId: 'g', from: 1, to: 2, reason: 'log' });
  updates.end();
  updates.stop();
  updates.end();
  expect(ends).toBe(1);
  const kept = createUpdates(10, () => {});
  kept.push({ type: 'gap', groupId: 'g', from: 1, to: 2, reason: 'log' });
  kept.end();
  expect(await kept.next()).toMatchObject({ value: { from: 1, to: 2 }, done: false });
  expect(await kept.next()).toEqual({ value: undefined, done: true });
});

test('[B71] what the log has lost and what the reader was too slow for stay two gaps', async () => {
  const updates = createUpdates(3, () => {});
  const message = (seq: number) => ({ type: 'message', groupId: 'g', seq }) as Update;
  updates.push({ type: 'gap', groupId: 'g', from: 1, to: 2, reason: 'log' });
  for (const seq of [3, 4, 5, 6]) updates.push(message(seq));
  const read = [];
  for (let count = 0; count < 3; count += 1) read.push((await updates.next()).value);
  expect(seqs(read)).toEqual([[1, 2], [3, 5], 6]);
  expect(read[0]).toMatchObject({ reason: 'log' });
});
