import { inflateRawSync } from 'node:zlib';
import type { BrokerEntry, Limits } from 'gateway-core';
import { describe, expect, test } from 'vitest';
import { GroupLog } from '../src/groups/group-log.js';
import { LogBudget } from '../src/groups/log-budget.js';
import { DEFAULT_LIMITS } from '../src/limits.js';
import { textsOf } from '../src/testing/texts-of.js';
import { payloadOf } from '../src/transport/frame.js';
import { long } from './support/messages.js';

type Rest = Pick<BrokerEntry, 'delivery' | 'key'>;
const entry = (seq: number, data: string | number = seq, rest: Rest = {}): BrokerEntry => ({
  seq,
  body: `"payload":{"data":${JSON.stringify(data)}}}`,
  ...rest,
});
const latest = (seq: number, data: string) => entry(seq, data, { delivery: 'latest', key: data[0] });
const entries = (first: number, last: number, text = '') =>
  Array.from({ length: last - first + 1 }, (_, n) => entry(first + n, `${first + n}${text}`));
const numbers = (first: number, last: number, text = '') => entries(first, last, text).map(({ seq }) => `${seq}${text}`);

function logAt(seq: number, limits: Partial<Limits> = {}) {
  const budget = new LogBudget(DEFAULT_LIMITS.logBytesTotalMax, () => {});
  const log = new GroupLog({ epoch: 'e', seq }, { ...DEFAULT_LIMITS, ...limits }, budget, { giveMemory: () => {} });
  const append = (added: BrokerEntry[], now = 0) => {
    for (const each of added) log.append(each, now);
  };
  /** What the budget knows of once it has been told all. */
  const held = () => {
    log.expire(0, 0);
    return budget.bytes;
  };
  return { log, held, append };
}

const dataOf = (bytes: Buffer | undefined) => [...textsOf(bytes ?? Buffer.alloc(0))].map((text) => JSON.parse(text).payload.data);

function readAll(log: GroupLog, cursor: number, behind = false): unknown[] {
  const all: unknown[] = [];
  for (let at = cursor; at < log.headSeq; ) {
    const { bytes, end } = log.read(at, { behind, deflate: false });
    all.push(...dataOf(bytes));
    at = end;
  }
  return all;
}

describe('older entries in front of a log', () => {
  test('are read from as if they had always been there, and what comes later follows', () => {
    const { log, append } = logAt(5);
    append(entries(6, 8));
    log.prepend(entries(3, 5), 0);
    expect([log.firstSeq, log.headSeq, log.messages]).toEqual([3, 8, 6]);
    expect([log.reaches(2), log.reaches(1)]).toEqual([true, false]);
    for (let cursor = 2; cursor <= 8; cursor += 1) expect(readAll(log, cursor)).toEqual(numbers(cursor + 1, 8));
    log.prepend(entries(1, 2), 0);
    append(entries(9, 9));
    expect(readAll(log, 0)).toEqual(numbers(1, 9));
    expect(log.holds(entry(2, '2'))).toBe(true);
    expect(log.holds(entry(2, 'other'))).toBe(false);
  });

  test('are all there is in a log that was empty', () => {
    const { log, append } = logAt(5);
    log.prepend(entries(1, 5), 0);
    expect(readAll(log, 0)).toEqual(numbers(1, 5));
    append(entries(6, 7));
    expect(readAll(log, 0)).toEqual(numbers(1, 7));
    expect(log.position).toEqual({ epoch: 'e', seq: 7 });
  });

  test('may be many and long: they take several slabs, which go one by one', () => {
    const { log, append, held } = logAt(200);
    append(entries(201, 203));
    const before = held();
    log.prepend(entries(1, 200, long(1_000)), 0);
    expect(readAll(log, 0)).toEqual([...numbers(1, 200, long(1_000)), ...numbers(201, 203)]);
    log.dropOldestSlab();
    expect(log.messages).toBeGreaterThan(100);
    while (log.firstSeq < 201) log.dropOldestSlab();
    expect(held()).toBe(before);
    expect(readAll(log, 200)).toEqual(numbers(201, 203));
  });

  test('must follow each other up to the first one: what does not, and what is there already, is left out', () => {
    const { log, append } = logAt(5);
    append(entries(6, 8));
    log.prepend(entries(1, 4), 0);
    log.prepend([], 0);
    expect(log.firstSeq).toBe(6);
    log.prepend([...entries(1, 2), ...entries(4, 7)], 0);
    expect(readAll(log, 3)).toEqual(numbers(4, 8));
    expect(log.messages).toBe(5);
  });

  test('take the places that trimmed messages have left in a slab', () => {
    const { log, append, held } = logAt(0, { logMessagesMax: 3 });
    append(entries(1, 6));
    log.trim(6);
    expect(log.firstSeq).toBe(4);
    log.expire(Number.POSITIVE_INFINITY, 4);
    // Another text, so that one can see which is read.
    log.prepend([entry(4, 'again')], 0);
    expect(readAll(log, 3)).toEqual(['again', '5', '6']);
    append(entries(7, 9));
    expect(readAll(log, 3)).toEqual(['again', ...numbers(5, 9)]);
    log.trim(9);
    expect(readAll(log, 6)).toEqual(numbers(7, 9));
    log.expire(Number.POSITIVE_INFINITY, 9);
    expect([log.bytes, log.messages, held()]).toEqual([0, 0, 0]);
  });
});

describe('older entries are taken within the limits, the newest of them first', () => {
  test('in messages', () => {
    const { log, append } = logAt(5, { logMessagesMax: 5 });
    append(entries(6, 8));
    log.prepend(entries(1, 5), 0);
    expect(readAll(log, 3)).toEqual(numbers(4, 8));
    log.prepend(entries(1, 3), 0);
    expect(log.firstSeq).toBe(4);
    log.trim(8);
    expect(log.firstSeq).toBe(4);
  });

  test('in bytes', () => {
    const { log, append } = logAt(5, { logBytesMax: 4_000 });
    append(entries(6, 6, long(1_000)));
    log.prepend(entries(1, 5, long(1_000)), 0);
    expect(log.firstSeq).toBe(4);
    expect(log.bytes).toBeLessThanOrEqual(4_000);
    log.trim(6);
    expect(readAll(log, 3)).toEqual(numbers(4, 6, long(1_000)));
  });
});

describe('older entries that were put in front', () => {
  test('are counted, and leave nothing behind when they go', () => {
    const { log, append, held } = logAt(5);
    append([entry(6)]);
    const before = held();
    log.prepend([entry(2, long(3_000)), entry(3, 'v', { delivery: 'volatile' }), latest(4, 'a1'), latest(5, 'a2')], 0);
    expect(held()).toBeGreaterThan(before + 3_000 + 4 * 64);
    log.read(1, { behind: false, deflate: true });
    log.expire(Number.POSITIVE_INFINITY, 5);
    expect([held(), log.messages]).toEqual([before, 1]);
    log.prepend(entries(1, 5), 0);
    log.reset({ epoch: 'f', seq: 0 });
    expect(held()).toBe(0);
  });

  test('are as old as they are there: what comes after them stays until they have expired', () => {
    const { log, append } = logAt(2, { logAgeMaxMs: 1_000 });
    append([entry(3)], 0);
    append([entry(4)], 900);
    log.prepend(entries(1, 2), 500);
    log.expire(1_499, 4);
    expect(log.firstSeq).toBe(1);
    log.expire(1_500, 4);
    expect(log.firstSeq).toBe(4);
    log.expire(1_900, 4);
    expect(log.messages).toBe(0);
  });

  test('are passed over for a newer one of their key, and are its newest where there is no newer one', () => {
    const { log, append } = logAt(5);
    append([latest(6, 'a3'), entry(7)]);
    log.prepend([latest(1, 'b1'), latest(2, 'a1'), latest(3, 'b2'), entry(4, 'v', { delivery: 'volatile' }), latest(5, 'a2')], 0);
    expect(readAll(log, 0, true)).toEqual(['b2', 'a3', 7]);
    expect(readAll(log, 0)).toEqual(['b1', 'a1', 'b2', 'v', 'a2', 'a3', 7]);
    append([latest(8, 'b3')]);
    expect(readAll(log, 0, true)).toEqual(['a3', 7, 'b3']);
    log.expire(Number.POSITIVE_INFINITY, 3);
    expect(readAll(log, 3, true)).toEqual(['a3', 7, 'b3']);
  });

  test('are compressed for who takes that, as any other', () => {
    const { log, append } = logAt(2);
    append([entry(3, 'c'.repeat(2_000))]);
    log.read(2, { behind: false, deflate: true });
    log.prepend([entry(1, 'a'.repeat(2_000)), entry(2, 'b'.repeat(2_000))], 0);
    for (let cursor = 0; cursor < 3; cursor += 1) {
      const frame = log.read(cursor, { behind: false, deflate: true }).bytes as Buffer;
      const first = payloadOf(frame).subarray(0, frame[1] as number);
      const text = inflateRawSync(Buffer.concat([first, Buffer.from([0, 0, 0xff, 0xff])]), { finishFlush: 2 }).toString();
      expect(JSON.parse(text)).toMatchObject({ seq: cursor + 1, payload: { data: 'abc'[cursor]?.repeat(2_000) } });
    }
  });
});
