import { beforeAll, describe, expect, test } from 'vitest';
import type { HistoryEntry } from '../../packages/gateway-sim/src/history.js';
import { type ChaosResult, chaos } from './chaos.js';
import { judge } from './judge.js';
import { makeSchedule } from './schedule.js';

/** `pnpm chaos` is the long one. */
const SIZE = { users: 4, groups: 2, actsMs: 5_000, workMs: 40, faultMs: 250, gatewayMs: 1_800, lasting: [20, 200, 700] };
// Every run is another one; `pnpm chaos -- --seed` repeats its schedule.
const SEED = String(Math.floor(Math.random() * 1e9));

describe('a gateway that is killed, stopped and drained, behind networks that fail', () => {
  let result: ChaosResult;
  beforeAll(async () => {
    result = await chaos({ ...SIZE, seed: SEED, convergenceMs: 40_000 });
  }, 120_000);

  test('keeps what it promises to real clients, and has nothing left of them', () => {
    const { report } = result;
    expect(report.violations, `seed ${SEED}`).toEqual([]);
    expect(report.gateways).toBeGreaterThan(1);
    expect(report.covered['publish accepted']).toBeGreaterThan(20);
    expect(report.covered['received data_update']).toBeGreaterThan(20);
  });

  type Received = HistoryEntry & { kind: 'received' };
  /** A live message that another one follows on its connection, so that it would be missed there. */
  const missed = (entries: readonly HistoryEntry[]): [at: number, entry: Received] => {
    const isOne = (entry: HistoryEntry): entry is Received =>
      entry.kind === 'received' && entry.message.type === 'data_update' && entry.message.delivery !== 'latest';
    const at = entries.findLastIndex((entry, index) => {
      if (!isOne(entry) || entry.message.id === undefined) return false;
      const { connection, message } = entry;
      const rest = entries.slice(index + 1).filter((one): one is Received => one.kind === 'received');
      const own = rest.filter((one) => one.connection === connection && one.message.groupId === message.groupId);
      return own[0]?.message.type === 'data_update';
    });
    return [at, entries[at] as Received];
  };

  test.each<[what: string, change: (entries: HistoryEntry[], at: number, entry: Received) => void, check: string]>([
    // One of a replay is missed in what its `sync` says, and else where it was.
    ['did not come', (entries, at) => entries.splice(at, 1), 'holes or order'],
    ['came twice', (entries, at, entry) => entries.splice(at, 0, entry), 'order'],
    [
      'came with other data',
      (entries, at, entry) => {
        entries[at] = { ...entry, message: { ...entry.message, payload: { data: 'other' } } };
      },
      'accepted',
    ],
    [
      'came to a group that nobody asked for',
      (entries, at, entry) => {
        entries[at] = { ...entry, message: { ...entry.message, groupId: 'elsewhere' } };
      },
      'strangers',
    ],
  ])('a message of this run that %s would have been noticed', (_what, change, check) => {
    const entries = [...result.entries];
    const [at, entry] = missed(entries);
    expect(at).toBeGreaterThan(0);
    change(entries, at, entry);
    const noticed = judge(entries, result.users).map((violation) => violation.check);
    expect(noticed.filter((one) => check.split(' or ').includes(one))).not.toEqual([]);
  });
});

test('a schedule is the same for the same seed, another for another, and has every kind of fault', () => {
  const size = { ...SIZE, actsMs: 60_000 };
  const [one, again, other] = ['7', '7', '8'].map((seed) => makeSchedule(seed, size));
  expect(again).toEqual(one);
  expect(other).not.toEqual(one);
  const kinds = new Set(one?.map((step) => ('how' in step ? `${step.do} ${step.how}` : step.do)));
  expect([...kinds].sort()).toEqual(
    [
      ...['publish', 'send', 'join', 'leave', 'state', 'reconnect', 'behind'],
      ...['cut', 'vanish', 'lose', 'forget'].map((how) => `connection ${how}`),
      ...['slow', 'throttled', 'held'].map((how) => `network ${how}`),
      ...['reset', 'hang'].map((how) => `refuse ${how}`),
      ...['left', 'closed', 'killed'].map((how) => `client ${how}`),
      ...['kill', 'stop', 'drain', 'kill while stopped'].map((how) => `gateway ${how}`),
    ].sort(),
  );
});
