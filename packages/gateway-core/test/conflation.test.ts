import { describe, expect, test } from 'vitest';
import { identify, long, say } from './support/messages.js';
import { setUp } from './support/set-up.js';

/** A healthy member and one that reads nothing and is behind. */
async function withOneBehind() {
  const set = setUp({ limits: { socketHighWaterMarkBytes: 2_000 } });
  const [healthy, behind] = [await set.join('g'), await set.join('g')];
  await set.clock.advance(1_000);
  behind.stopReading();
  for (const data of ['fill 1', 'fill 2']) healthy.send(say(data + long(1_000)));
  await set.clock.settle();
  return {
    ...set,
    healthy,
    behind,
    says: async (data: unknown, envelope: object) => {
      healthy.send(say(data, envelope));
      await set.clock.settle();
    },
    /** What the one behind got when it read again, the filling apart. */
    read: async () => {
      behind.startReading();
      await set.clock.settle();
      return behind.data.slice(2);
    },
  };
}

const latest = (key: string) => ({ delivery: 'latest', key });

test('a member that has just come is not behind: it gets every message, also before it was written anything else', async () => {
  const { clock, connect, gateway, join } = setUp();
  const sender = await join('g');
  const late = connect();
  late.send(identify('g'));
  while (gateway.groups()[0]?.connections !== 2) await Promise.resolve();
  for (const data of ['a1', 'a2']) sender.send(say(data, latest('a')));
  sender.send(say('v', { delivery: 'volatile' }));
  await clock.settle();
  expect(late.data).toEqual(['a1', 'a2', 'v']);
});

describe('a member that is behind', () => {
  test('gets only the newest of each key of delivery "latest", in order [R124]', async () => {
    const { says, read, healthy } = await withOneBehind();
    const sent: [string, string][] = [
      ['a1', 'a'],
      ['b1', 'b'],
      ['a2', 'a'],
      ['a3', 'a'],
      ['c1', 'c'],
      ['b2', 'b'],
    ];
    for (const [data, key] of sent) await says(data, latest(key));
    expect(await read()).toEqual(['a3', 'c1', 'b2']);
    expect(healthy.data.slice(2)).toEqual(sent.map(([data]) => data));
  });

  test('misses what is of delivery "volatile" [R126]', async () => {
    const { says, read, healthy } = await withOneBehind();
    await says('v1', { delivery: 'volatile' });
    await says('r1', {});
    await says('v2', { delivery: 'volatile', key: 'k' });
    expect(await read()).toEqual(['r1']);
    expect(healthy.data.slice(2)).toEqual(['v1', 'r1', 'v2']);
  });

  test('gets everything else, a key or not [R123]', async () => {
    const { says, read } = await withOneBehind();
    await says('r1', { key: 'k' });
    await says('r2', { key: 'k', delivery: 'reliable' });
    await says('l1', latest('k'));
    await says('r3', { key: 'k' });
    expect(await read()).toEqual(['r1', 'r2', 'l1', 'r3']);
  });

  test('is told the seq of each, so that what was passed over shows', async () => {
    const { says, read, behind } = await withOneBehind();
    for (const data of ['a1', 'a2', 'a3']) await says(data, latest('a'));
    await read();
    expect(behind.updates.map(({ seq }) => seq)).toEqual([1, 2, 5]);
  });

  test('gets nothing where all of it was passed over, and goes on with the next', async () => {
    const { says, read, behind } = await withOneBehind();
    await says('v1', { delivery: 'volatile' });
    expect(await read()).toEqual([]);
    await says('next', {});
    expect(behind.data.at(-1)).toBe('next');
  });

  test('gets everything again once it has caught up', async () => {
    const { clock, healthy, says, read, behind } = await withOneBehind();
    await says('a1', latest('a'));
    await says('a2', latest('a'));
    await read();
    healthy.send(say('a3', latest('a')));
    healthy.send(say('a4', latest('a')));
    healthy.send(say('v', { delivery: 'volatile' }));
    await clock.settle();
    expect(behind.data.slice(2)).toEqual(['a2', 'a3', 'a4', 'v']);
  });
});

test('a member that keeps up gets everything, also where one turn brings two of a key [R127]', async () => {
  const { clock, join } = setUp();
  const client = await join('g');
  for (const data of ['a1', 'a2']) client.send(say(data, latest('a')));
  client.send(say('v', { delivery: 'volatile' }));
  await clock.settle();
  expect(client.data).toEqual(['a1', 'a2', 'v']);
});
