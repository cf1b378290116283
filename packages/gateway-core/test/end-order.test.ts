import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Ending, EndOrder } from '../src/sessions/end-order.js';

class Item extends Ending {
  constructor(readonly name: number) {
    super();
  }
}

test('to find that nothing is due, nothing is looked at but the first of each ttlMs', () => {
  const order = new EndOrder<Item>();
  let looks = 0;
  for (let n = 0; n < 1_000; n += 1) {
    const item = new Item(n);
    order.put(item, 1_000 + (n % 2), n);
    const { endsAt } = item;
    Object.defineProperty(item, 'endsAt', {
      get: () => {
        looks += 1;
        return endsAt;
      },
    });
  }
  expect([...order.due(999)]).toEqual([]);
  expect(looks).toBe(2);
  expect([...order.due(1_099)].map(({ name }) => name).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 99 }, (_, n) => n),
  );
  expect(looks).toBe(2 + 99 + 2);
});

test('each ends once, at the time that was said last, whatever times to live there are', () => {
  const step = fc.record({ name: fc.nat(5), ttlMs: fc.constantFrom(1, 2, 5, 20), waitMs: fc.nat(4), max: fc.nat(3) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const order = new EndOrder<Item>();
      const items = Array.from({ length: 6 }, (_, name) => new Item(name));
      const ends = new Map<number, number>();
      let now = 0;
      for (const { name, ttlMs, waitMs, max } of steps) {
        order.put(items[name] as Item, ttlMs, now);
        ends.set(name, now + ttlMs);
        // No more rings than items, or times to live that are never the same would pile up.
        expect(order.ringCount).toBeLessThanOrEqual(ends.size);
        now += waitMs;
        const isOver = (end: number) => end <= now;
        let taken = 0;
        for (const item of order.due(now)) {
          expect(isOver(ends.get(item.name) as number)).toBe(true);
          ends.delete(item.name);
          taken += 1;
          if (taken > max) break;
        }
        if (taken <= max) expect([...ends.values()].filter(isOver)).toEqual([]);
      }
      expect([...order.due(now + 20)]).toHaveLength(ends.size);
      expect(order.ringCount).toBe(0);
    }),
  );
});
