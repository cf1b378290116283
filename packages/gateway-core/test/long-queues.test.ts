import { MemoryBroker } from 'gateway-core';
import { FakeClock } from 'gateway-core/testing';
import { expect, test } from 'vitest';
import { Cursor, NOBODY } from '../src/groups/cursor.js';
import { ReplayPace } from '../src/groups/replay-pace.js';
import { Slices } from '../src/slices.js';

// What costs more for each one the more there are does not come to an end within the time of a test.

test('who waits for a turn to replay does not make turns dearer for the others, however many wait', async () => {
  const [waiting, rounds] = [50_000, 12];
  const clock = new FakeClock();
  const failures: unknown[] = [];
  const slices = new Slices(clock, 0, (error) => failures.push(error));
  const pace = new ReplayPace(clock, slices, 1e12);
  const turns = new Map<Cursor, number>();
  let ahead = 0;
  const replayer = {
    replayOn: (member: Cursor): number => {
      if (!pace.admits(member, replayer)) return 1;
      const turn = (turns.get(member) ?? 0) + 1;
      turns.set(member, turn);
      ahead = Math.max(ahead, turn);
      // Whoever has had one more than another waits behind it.
      if (turn < ahead) failures.push(new Error(`turn ${turn} after turn ${ahead}`));
      pace.wrote(0);
      if (turn < rounds) pace.admits(member, replayer);
      return 1;
    },
  };
  const members = Array.from({ length: waiting }, () => new Cursor(NOBODY, 0, 0));
  // The rate is used up, so all have to wait.
  pace.spend(1e12);
  expect(members.filter((member) => pace.admits(member, replayer))).toEqual([]);
  // Some go, and some of them come again: behind all others.
  for (const member of members.slice(0, 1_000)) pace.leave(member);
  for (const member of members.slice(0, 500)) pace.admits(member, replayer);
  await clock.advance(60_000);
  expect(failures).toEqual([]);
  expect(turns.size).toBe(waiting - 500);
  expect(new Set(turns.values())).toEqual(new Set([rounds]));
  expect([...turns.keys()].slice(-500)).toEqual(members.slice(0, 500));
  expect(clock.pendingTimers).toBe(0);
});

test('a log forgets its oldest idempotency keys at the same cost, however many it knows', async () => {
  const keys = 150_000;
  const clock = new FakeClock();
  const broker = new MemoryBroker({
    clock,
    historyMessagesMax: 0,
    idempotencyKeysMax: keys,
    historyBytesTotalMax: 2 ** 40,
    historyAgeMaxMs: 10_000,
  });
  const say = (n: number) => broker.publish('g', { body: '{}', idempotencyKey: `key ${n}` } as never);
  // Twice as many as it knows: each one that comes makes the oldest go.
  let wrong = 0;
  for (let n = 1; n <= 2 * keys; n += 1) if (say(n).seq !== n) wrong += 1;
  expect(wrong).toBe(0);
  expect(say(keys + 1)).toMatchObject({ seq: keys + 1, duplicate: true });
  expect(say(2 * keys)).toMatchObject({ seq: 2 * keys, duplicate: true });
  expect(say(keys).duplicate).toBeUndefined();
  // All at once.
  await clock.advance(10_000);
  for (const n of [keys + 2, 2 * keys, keys]) expect(say(n).duplicate).toBeUndefined();
});
