import { type Actor, simulate } from 'gateway-sim';
import { describe, expect, test } from 'vitest';

const BASE = { seed: 1, faults: [] };
const play = (ada: Actor, seed = 1) => simulate({ ...BASE, seed, actors: { ada } });
const texts = async (ada: Actor) => (await play(ada)).violations.map(({ text }) => text);

describe('a program', () => {
  test('that goes on for ever has left nothing behind, and is named', async () => {
    const { violations, unfinished } = await play(async ({ client, sleep }) => {
      for (const room = client.join('room'); ; await sleep(700)) await room.publish(1);
    });
    expect(violations).toEqual([]);
    expect(unfinished).toEqual(['ada']);
  });

  test('that has come to its end is not', async () => {
    const { violations, unfinished } = await play(async ({ sleep }) => sleep(1_000));
    expect([violations, unfinished]).toEqual([[], []]);
  });

  test('that waits for a timer of the real world is named, for it never goes on', async () => {
    const { unfinished } = await play(() => new Promise<void>((resolve) => void setTimeout(resolve, 3_000).unref()));
    expect(unfinished).toEqual(['ada']);
  });

  test('that was reloaded is its newest start', async () => {
    const { plan } = await play(() => {});
    const actions = [...plan.actions, { atMs: 5_000, do: 'reload', user: 0, how: 'killed', backMs: 100 } as const];
    let starts = 0;
    const ada: Actor = ({ sleep }) => {
      starts += 1;
      return starts === 1 ? sleep(60_000) : undefined;
    };
    const { unfinished } = await simulate({ ...BASE, actors: { ada }, plan: { ...plan, actions } });
    expect([starts, unfinished]).toEqual([2, []]);
  });

  test('that never waits for longer than nothing fails once, after so many steps', async () => {
    const { violations } = await play(async ({ sleep }) => {
      for (;;) await sleep(0);
    });
    expect(violations.filter(({ text }) => text.includes('and no end'))).toHaveLength(1);
  });

  test.each([Number.NaN, -1, '5', undefined])('that sleeps for %s fails', async (ms) => {
    expect(await texts(({ sleep }) => sleep(ms as number))).toEqual([
      expect.stringMatching(/sleep: must be a number of milliseconds from 0/),
    ]);
  });

  test('that sleeps for ever does so', async () => {
    expect(await texts(({ sleep }) => sleep(Number.POSITIVE_INFINITY))).toEqual([]);
  });

  test('that checks something after the end is told that nobody hears it', async () => {
    let late = (_holds: boolean) => {};
    await play(({ check }) => {
      late = (holds) => check(holds, 'too late');
    });
    expect(() => late(false)).toThrow('ada, after the end of the run: too late');
    expect(() => late(true)).not.toThrow();
  });
});

const EVIL = {
  toString() {
    throw new Error('evil');
  },
};
const NO_STACK = {
  get stack() {
    throw new Error('evil');
  },
};

describe('whatever is thrown is found, and throws nowhere else:', () => {
  test.each([
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a symbol', Symbol('odd'), 'Symbol(odd)'],
    ['what has no text', EVIL, 'an error that cannot be shown'],
    ['what has no stack', NO_STACK, '[object Object]'],
  ])('%s', async (_what, thrown, shown) => {
    expect(await texts(() => Promise.reject(thrown))).toEqual([`actor: ada: ${shown}`]);
    const floating = await texts(() => void Promise.reject(thrown));
    expect(floating).toHaveLength(1);
    expect(floating[0]).toMatch(/^crash: /);
  });
});

test('a hash does not have the lines of a stack, which are of one machine', async () => {
  const floating: Actor = () => void Promise.reject(new Error('floating'));
  const deeper: Actor = (life) => (() => floating(life))();
  expect((await play(floating)).hash).toBe((await play(deeper)).hash);
  expect((await texts(floating))[0]).toMatch(/Error: floating\n +at /);
});

test('runs that are asked for at once follow one another, and answer for themselves alone', async () => {
  const before = process.listenerCount('unhandledRejection');
  const runs = [
    play(() => void Promise.reject(new Error('of the first'))),
    play(() => {}, 2),
    simulate({ seed: 3, gateway: () => ({ nonsense: 1 }) as object }).then(
      () => 'ran',
      ({ message }: Error) => message,
    ),
    play(() => {}, 2),
  ] as const;
  const [first, second, third, fourth] = await Promise.all(runs);
  expect(first.violations).toMatchObject([{ text: expect.stringContaining('of the first') }]);
  expect(second.violations).toEqual([]);
  expect(third).toMatch(/nonsense/);
  expect(fourth.hash).toBe(second.hash);
  expect(process.listenerCount('unhandledRejection')).toBe(before);
});

test('a hash is of its seed, whatever ran before', async () => {
  const alone = (await simulate({ seed: 12 })).hash;
  await simulate({ seed: 13, timeline: true });
  await play(() => Promise.reject(new Error('mine')));
  expect((await simulate({ seed: '12', timeline: true })).hash).toBe(alone);
});
