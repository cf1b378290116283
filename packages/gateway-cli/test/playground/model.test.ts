import { expect, test } from 'vitest';
import { age, bytes, clockOf, rate, short } from '../../src/playground/format.js';
import { Model } from '../../src/playground/model.js';
import { EventParser } from '../../src/playground/sse.js';
import type { Change } from '../../src/playground/wire.js';

const change = (at: number, messagesInTotal: number, more: Partial<Change> = {}): Change => ({
  at,
  stats: { connections: 1, messagesInTotal },
  draining: false,
  connections: { set: [], gone: [] },
  groups: { set: [], gone: [] },
  codes: [],
  ...more,
});
const group = (id: string, seq: number) => ({ id, epoch: 'e', seq, connections: 1, logMessages: 1, logBytes: 1 });
const take = (model: Model, name: string, data: object) => model.take({ name, data: JSON.stringify(data) });

test('rates are what counters grew by per second, and never negative where the gateway began anew', () => {
  const model = new Model();
  take(model, 'snapshot', change(1_000, 100));
  take(model, 'change', change(1_500, 110));
  expect(model.rate('messagesInTotal')).toBe(20);
  take(model, 'change', change(3_500, 110));
  expect(model.rate('messagesInTotal')).toBe(0);
  take(model, 'snapshot', change(4_000, 3));
  expect(model.rate('messagesInTotal')).toBe(0);
});

test('of two looks in one millisecond there is no rate', () => {
  const model = new Model();
  take(model, 'snapshot', change(1_000, 100));
  take(model, 'change', change(2_000, 110));
  take(model, 'change', change(2_000, 110));
  take(model, 'change', change(2_000, 500));
  expect(model.rates.messagesInTotal).toEqual([10]);
});

test('who was known before a snapshot, and is not in it, is not known any more', () => {
  const model = new Model();
  const connections = (...ids: string[]) =>
    ({ connections: { set: ids.map((id) => ({ id })), gone: [] } }) as unknown as Partial<Change>;
  take(model, 'snapshot', change(1, 0, connections('a', 'b')));
  take(model, 'snapshot', change(2, 0, connections('b', 'c')));
  expect([...model.connections.keys()]).toEqual(['b', 'c']);
});

test('history is bounded', () => {
  const model = new Model();
  for (let n = 0; n < 1_000; n += 1) take(model, 'change', change(n * 500, n));
  expect(model.connectionCounts).toHaveLength(120);
  expect(model.rates.messagesInTotal).toHaveLength(120);
});

test('changes are laid over what was known; a snapshot replaces it', () => {
  const model = new Model();
  take(model, 'snapshot', { ...change(1, 0, { groups: { set: [group('a', 1), group('b', 1)], gone: [] } }), events: [{ n: 1 }] });
  take(model, 'change', change(2, 0, { groups: { set: [group('b', 2)], gone: ['a'] } }));
  expect([...model.groups.values()]).toEqual([group('b', 2)]);
  take(model, 'snapshot', change(3, 0, { groups: { set: [group('c', 1)], gone: [] } }));
  expect([...model.groups.keys()]).toEqual(['c']);
  expect(take(model, 'events', { events: [{ n: 2 }], left: 3 })).toEqual({ events: [{ n: 2 }], left: 3 });
});

test('events are cut out of a stream wherever its pieces end', () => {
  const text = 'event: snapshot\ndata: {"a":1}\n\nevent: change\ndata: {"b":2}\n\n';
  for (let at = 0; at <= text.length; at += 1) {
    const parser = new EventParser();
    expect([...parser.push(text.slice(0, at)), ...parser.push(text.slice(at))]).toEqual([
      { name: 'snapshot', data: '{"a":1}' },
      { name: 'change', data: '{"b":2}' },
    ]);
  }
});

test('an event without end is refused', () => {
  const parser = new EventParser();
  expect(() => {
    for (let n = 0; n < 100; n += 1) parser.push('x'.repeat(100_000));
  }).toThrow('too long');
});

test('numbers are said as people read them', () => {
  expect([0, 1_023, 1_024, 15_000, 1_048_576, 5e9].map(bytes)).toEqual([
    '0 B',
    '1023 B',
    '1.0 KiB',
    '15 KiB',
    '1.0 MiB',
    '4.7 GiB',
  ]);
  expect([-5, 0, 9_940, 42_000, 180_000, 7_200_000, 200_000_000].map(age)).toEqual([
    '0.0s',
    '0.0s',
    '9.9s',
    '42s',
    '3m',
    '2h',
    '2d',
  ]);
  expect([0, 3_723_000].map(clockOf)).toEqual(['00:00:00', '01:02:03']);
  expect([0, 0.5, 9.94, 10, 1234.5].map(rate)).toEqual(['0', '0.5', '9.9', '10', '1,235']);
  expect(['12345678', '123456789', '1234567890'].map((id) => short(id))).toEqual(['12345678', '123456789', '12345678…']);
});
