import type { Update } from 'gateway-client';
import { describe, expect, test } from 'vitest';
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
