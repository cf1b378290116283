import { describe, expect, test } from 'vitest';
import { isSooner, type Timer, TimerQueue } from '../src/testing/timer-queue.js';

/** A queue that counts its comparisons. */
function counting() {
  const count = { comparisons: 0 };
  const queue = new TimerQueue((one, other) => {
    count.comparisons += 1;
    return isSooner(one, other);
  });
  return { queue, count };
}

const timer = (at: number, order: number): Timer => ({ at, order, task: () => {}, place: -1 });

/** Numbers below `below` that look random and are the same in each run (the generator is that of Park and Miller). */
function numbers(count: number, below: number): number[] {
  let state = 1;
  return Array.from({ length: count }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  });
}

function takeAll(queue: TimerQueue): Timer[] {
  const taken: Timer[] = [];
  for (let next = queue.next; next !== undefined; next = queue.next) {
    queue.remove(next);
    taken.push(next);
  }
  return taken;
}

const inOrder = (timers: Timer[]) => timers.toSorted((a, b) => a.at - b.at || a.order - b.order);

describe('a queue of timers', () => {
  test.each([1, 2, 3, 10, 1_000])('gives %i of them in the order of their moments, those of one moment as they came', (count) => {
    const timers = numbers(count, count / 3 + 1).map(timer);
    const { queue } = counting();
    for (const each of timers) queue.add(each);
    expect(queue.size).toBe(count);
    expect(takeAll(queue)).toEqual(inOrder(timers));
    expect(queue.size).toBe(0);
  });

  test('keeps the order of the others whichever are cancelled, one by one', () => {
    const timers = numbers(200, 50).map(timer);
    for (const [index] of timers.entries()) {
      const { queue } = counting();
      for (const each of timers) queue.add(each);
      queue.remove(timers[index] as Timer);
      expect(takeAll(queue)).toEqual(inOrder(timers.filter((_, other) => other !== index)));
    }
  });

  test('keeps it while timers come and are cancelled in between', () => {
    const { queue } = counting();
    const waiting = new Set<Timer>();
    for (const [order, number] of numbers(5_000, 1_000).entries()) {
      const [any] = waiting;
      if (number % 3 > 0 || any === undefined) {
        const added = timer(number, order);
        queue.add(added);
        waiting.add(added);
      } else if (number % 2 === 0) {
        queue.remove(any);
        waiting.delete(any);
      } else {
        const [soonest] = inOrder([...waiting]);
        expect(queue.next).toBe(soonest);
        queue.remove(soonest as Timer);
        waiting.delete(soonest as Timer);
      }
      expect(queue.size).toBe(waiting.size);
    }
    expect(takeAll(queue)).toEqual(inOrder([...waiting]));
  });

  test('leaves one alone that was taken already, or never was in it', () => {
    const { queue } = counting();
    const [first, second, stranger] = [timer(1, 1), timer(2, 2), timer(3, 3)];
    const other = new TimerQueue();
    other.add(stranger);
    queue.add(first);
    queue.add(second);
    for (const each of [first, first, stranger, timer(4, 4)]) queue.remove(each);
    expect(takeAll(queue)).toEqual([second]);
    expect(other.next).toBe(stranger);
  });

  // Each scan of all of them would be 16,384 comparisons.
  test.each([
    ['soonest first', (n: number) => n],
    ['soonest last', (n: number) => -n],
    ['all of one moment', () => 0],
    ['mixed', (n: number) => (n * 48_271) % 16_384],
  ])('compares about log2(n) for each that is added, taken or cancelled: %s', (_name, at) => {
    const timers = Array.from({ length: 16_384 }, (_, n) => timer(at(n), n));
    const { queue, count } = counting();
    for (const each of timers) queue.add(each);
    expect(count.comparisons).toBeLessThanOrEqual(16_384 * 14);
    let most = 0;
    const remove = (each: Timer) => {
      count.comparisons = 0;
      queue.remove(each);
      most = Math.max(most, count.comparisons);
    };
    for (const each of timers.slice(0, 8_192)) remove(each);
    for (let next = queue.next; next !== undefined; next = queue.next) remove(next);
    expect(most).toBeLessThanOrEqual(2 * 14);
  });
});
