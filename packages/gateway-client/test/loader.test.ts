import { FakeClock } from 'gateway-core/testing';
import type { LogPosition } from 'gateway-protocol';
import { describe, expect, test } from 'vitest';
import { createContext } from '../src/context.js';
import type { LoadReason } from '../src/group.js';
import { createLoader } from '../src/loader.js';
import type { Arrived, SharedGroup } from '../src/shared-group.js';

const MIB = 1_048_576;

/** A loader whose group, and whose answers, the test gives. */
function loading(seq = 10) {
  const clock = new FakeClock();
  const context = createContext({ url: '', clock });
  const errors: string[] = [];
  context.events.on('error', ({ message }) => errors.push(message));
  const calls: { reason: LoadReason; signal: AbortSignal; answer(seq?: number, epoch?: string): void; fail(): void }[] = [];
  const asked: LogPosition[] = [];
  const group = { id: 'g', position: { epoch: 'e', seq }, ask: (position: LogPosition) => asked.push(position) };
  const told: (number | string)[] = [];
  const loader = createLoader(
    context,
    group as unknown as SharedGroup,
    ({ reason, signal }) =>
      new Promise((resolve, reject) => {
        const answer = (at?: number, epoch = 'e') =>
          resolve({ state: 's', position: at === undefined ? undefined : { epoch, seq: at } });
        calls.push({ reason, signal, answer, fail: () => reject(new Error('away')) });
      }),
    {
      loaded: ({ reason }, after) => told.push(`${reason} after ${after?.seq}`),
      deliver: ({ signal }) => told.push(signal.seq),
      moved: () => {},
    },
  );
  const comes = (at: number, data: unknown = at) => {
    const signal = { type: 'data_update', groupId: 'g', seq: at, payload: { data } };
    return loader.holds({ signal, epoch: 'e', replayed: false, own: false } as unknown as Arrived);
  };
  return { clock, loader, group, calls, asked, told, errors, comes };
}

describe('what comes while it loads', () => {
  test('is kept up to 1,024 messages; with one more it is loaded again, and what was kept is not told', async () => {
    const { clock, loader, calls, told, errors, comes } = loading();
    loader.synced('live');
    await clock.settle();
    for (let seq = 11; seq < 11 + 1_024; seq += 1) expect(comes(seq)).toBe(true);
    expect(errors).toEqual([]);
    calls[0]!.answer();
    await clock.settle();
    expect([told.length, told[0], told.at(-1)]).toEqual([1_025, 'join after 10', 1_034]);
    expect(comes(2_000)).toBe(false);

    loader.synced('reset');
    await clock.settle();
    for (let seq = 11; seq <= 11 + 1_024; seq += 1) comes(seq);
    expect(errors).toEqual(['load: too much came meanwhile']);
    expect(calls[1]!.signal.aborted).toBe(true);
    await clock.advance(1_000);
    expect(calls[2]!.reason).toBe('gap');
    comes(3_000);
    // One that was given up says nothing any more.
    calls[1]!.answer();
    await clock.settle();
    expect(told).toHaveLength(1_025);
    calls[2]!.answer();
    await clock.settle();
    expect(told.slice(1_025)).toEqual(['gap after 10', 3_000]);
  });

  test('is kept up to 4 Mi characters of JSON', async () => {
    const { clock, loader, calls, errors, comes } = loading();
    loader.synced('live');
    await clock.settle();
    for (let seq = 0; seq < 4; seq += 1) comes(seq, 'x'.repeat(MIB - 2));
    expect(errors).toEqual([]);
    comes(6, 1);
    expect(errors).toHaveLength(1);
    // Counted anew.
    await clock.advance(1_000);
    for (let seq = 0; seq < 4; seq += 1) comes(seq, 'x'.repeat(MIB - 2));
    calls[1]!.answer();
    await clock.settle();
    expect(errors).toHaveLength(1);
    loader.synced('reset');
    await clock.settle();
    for (let seq = 0; seq < 4; seq += 1) comes(seq, 'x'.repeat(MIB - 2));
    expect(errors).toHaveLength(1);
  });

  test('follows the state in the order of the log, also where older messages were brought back after newer ones had come', async () => {
    const { clock, loader, calls, asked, told, comes } = loading(10);
    loader.synced('live');
    await clock.settle();
    comes(11);
    calls[0]!.answer(8);
    await clock.settle();
    expect([asked, told]).toEqual([[{ epoch: 'e', seq: 8 }], []]);
    for (const seq of [9, 10, 11]) comes(seq);
    loader.synced('recovered');
    expect(told).toEqual(['join after 8', 9, 10, 11]);
  });
});

test('a state that is as new as the join needs nothing brought back; one of another log is followed by everything', async () => {
  for (const [seq, epoch, after] of [
    [10, 'e', 10],
    [12, 'e', 12],
    [3, 'another', 10],
    [99, 'another', 10],
  ] as const) {
    const { clock, loader, calls, asked, told, comes } = loading(10);
    loader.synced('live');
    await clock.settle();
    comes(11);
    calls[0]!.answer(seq, epoch);
    await clock.settle();
    expect([asked, told]).toEqual([[], [`join after ${after}`, 11]]);
  }
});

test('it loads at the first `sync` and after each that lost something, and not after `recovered`', async () => {
  const { clock, loader, calls } = loading();
  for (const outcome of ['live', 'recovered', 'live', 'reset']) {
    loader.synced(outcome);
    await clock.settle();
  }
  expect(calls.map(({ reason }) => reason)).toEqual(['join', 'reset', 'reset']);
  expect(calls.map(({ signal }) => signal.aborted)).toEqual([true, true, false]);
});

test('one that fails is tried again after longer and longer pauses, and after a success after the first again', async () => {
  const { clock, loader, calls, errors } = loading();
  loader.synced('live');
  for (const pause of [1_000, 2_000, 4_000]) {
    await clock.settle();
    const { length } = calls;
    calls.at(-1)!.fail();
    await clock.settle();
    await clock.advance(pause - 1);
    expect(calls).toHaveLength(length);
    await clock.advance(1);
    expect(calls).toHaveLength(length + 1);
    expect(calls.at(-1)!.reason).toBe('join');
  }
  expect(errors).toHaveLength(3);
  calls.at(-1)!.answer();
  await clock.settle();
  expect(loader.isLoaded()).toBe(true);
  loader.synced('reset');
  await clock.settle();
  calls.at(-1)!.fail();
  await clock.settle();
  const { length } = calls;
  await clock.advance(1_000);
  expect(calls).toHaveLength(length + 1);
});

test('a newer reason takes the place of a pause, and of a state that waits for older messages', async () => {
  const { clock, loader, calls, told } = loading(10);
  loader.synced('live');
  await clock.settle();
  calls[0]!.fail();
  await clock.settle();
  loader.synced('reset');
  await clock.advance(60_000);
  expect(calls).toHaveLength(2);
  calls[1]!.answer(8);
  await clock.settle();
  loader.start('gap');
  await clock.settle();
  loader.synced('recovered');
  expect(told).toEqual([]);
  calls[2]!.answer(10);
  await clock.settle();
  expect(told).toEqual(['gap after 10']);
});

test('stopped, it keeps nothing, asks for nothing, and tells nothing', async () => {
  const { clock, loader, calls, told } = loading();
  loader.synced('live');
  await clock.settle();
  loader.stop();
  expect(calls[0]!.signal.aborted).toBe(true);
  calls[0]!.answer();
  await clock.settle();
  expect(told).toEqual([]);
  expect(clock.pendingTimers).toBe(0);
});
