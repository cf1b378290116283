import { FakeClock } from 'gateway-core/testing';
import { expect, test } from 'vitest';
import { Slices } from '../src/slices.js';
import { BusyClock } from './support/busy-clock.js';

/** A task of so many units, each of which takes `costMs`; it notes its steps. */
function taskOf(clock: BusyClock, name: string, units: number, costMs: number, steps: string[]) {
  let todo = units;
  return {
    step: (given: number) => {
      const done = Math.min(given, todo);
      todo -= done;
      clock.spend(done * costMs);
      steps.push(`${name}${done}`);
      return given - done;
    },
  };
}

test('tasks take turns, and a small one is never cut in two', async () => {
  const clock = new BusyClock();
  const slices = new Slices(clock, 0, () => {});
  const steps: string[] = [];
  for (const [name, units] of [
    ['a', 70],
    ['b', 3],
    ['c', 31],
    ['d', 40],
  ] as const)
    slices.add(taskOf(clock, name, units, 0, steps));
  await clock.settle();
  expect(steps).toEqual(['a32', 'b3', 'c31', 'd32', 'a32', 'd8', 'a6']);
});

test('what takes longer than sliceMs goes on in the next round of the event loop', async () => {
  const clock = new BusyClock();
  const slices = new Slices(clock, 4, () => {});
  slices.add(taskOf(clock, 'a', 1_000, 0.1, []));
  await clock.settle();
  expect(clock.longestMs).toBeLessThan(4 + 32 * 0.1 + 0.001);
  expect(clock.tasks).toBeGreaterThanOrEqual(1_000 / (4 / 0.1 + 32));
});

test('many small tasks are no exception, whether or not the clock is looked at after each', async () => {
  const clock = new BusyClock();
  const slices = new Slices(clock, 4, () => {});
  for (let n = 0; n < 300; n += 1) slices.add(taskOf(clock, 'a', 3, 0.1, []));
  await clock.settle();
  expect(clock.longestMs).toBeLessThan(4 + (16 + 3) * 0.1 + 0.001);
  expect(clock.tasks).toBeGreaterThanOrEqual(900 / (4 / 0.1 + 19));
});

test('what is added in the middle has its turn in the next round', async () => {
  const clock = new FakeClock();
  const slices = new Slices(clock, 4, () => {});
  const steps: string[] = [];
  const note = (name: string, also = () => {}) => ({
    step: (units: number) => {
      steps.push(name);
      also();
      return units - 1;
    },
  });
  slices.add(note('first', () => slices.add(note('added'))));
  slices.add(note('second'));
  await clock.settle();
  expect(steps).toEqual(['first', 'second', 'added']);
  slices.add(note('later'));
  await clock.settle();
  expect(steps).toEqual(['first', 'second', 'added', 'later']);
});

test('a task that throws is reported and goes on, and holds up no other', async () => {
  const clock = new FakeClock();
  const reported: unknown[] = [];
  const slices = new Slices(clock, 4, (error) => reported.push(error));
  const done: string[] = [];
  let throws = 2;
  slices.add({
    step: (units) => {
      throws -= 1;
      if (throws >= 0) throw new Error(`${throws} left`);
      done.push('throwing');
      return units;
    },
  });
  slices.add({
    step: (units) => {
      done.push('other');
      return units;
    },
  });
  await clock.settle();
  expect(reported).toEqual([new Error('1 left'), new Error('0 left')]);
  expect(done).toEqual(['other', 'throwing']);
});
