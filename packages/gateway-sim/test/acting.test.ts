import { type Act, type Plan, type RunResult, simulate } from 'gateway-sim';
import { describe, expect, test } from 'vitest';
import { PLAN } from './support/histories.js';

/** When the act comes; by then both are in the group. */
const ACT_MS = 2_000;
const AFTER_MS = 12_000;

/** Ada and bob are in a group on one of so many gateways, when something is done. */
async function whatComesOf(acts: (Act & { afterMs?: number })[], more: Partial<Plan> = {}) {
  const both = [0, 1].flatMap((user) => [
    { atMs: user, do: 'start', user } as const,
    { atMs: 10 + user, do: 'join', user, group: 0 } as const,
  ]);
  const later = acts.map(({ afterMs = 0, ...act }) => ({ atMs: ACT_MS + afterMs, ...act }));
  const { clocks, ...bases } = { ...PLAN, users: 2, groups: 1, gateways: 1, asyncHooks: false, credentialsMs: 0, ...more };
  const plan: Plan = {
    ...bases,
    clocks: Array.from({ length: 2 + bases.gateways }, (_, index) => more.clocks?.[index] ?? { offsetMs: 0, rate: 1 }),
    actsMs: ACT_MS + AFTER_MS + 10_000,
    actions: [...both, ...later].sort((one, other) => one.atMs - other.atMs),
  };
  const result = await simulate({ seed: 'acts', plan, timeline: true });
  expect(result.violations).toEqual([]);
  return result;
}

/** Moments, since the act, of what somebody did or saw. */
function moments({ timeline }: RunResult, who: string, what: RegExp): number[] {
  return timeline
    .filter((entry) => (entry.who === who || entry.who.startsWith(`${who}#`)) && what.test(entry.what) && entry.atMs >= ACT_MS)
    .map(({ atMs }) => atMs - ACT_MS);
}
const first = (result: RunResult, who: string, what: RegExp) => moments(result, who, what)[0] ?? Number.POSITIVE_INFINITY;

const says = (user: number, afterMs: number, more: object = {}) =>
  ({ afterMs, do: 'publish', user, group: 0, count: 1, bytes: 0, resend: false, session: false, ...more }) as const;
/** Ada cannot come back for a while. */
const AWAY = { do: 'refuse', user: 0, how: 'refuse', forMs: 8_000 } as const;
const DROPPED = /^← \{"type":"presence_update".*"connected":false/;
const HEARS = /^← \{"type":"data_update"/;
const ACKED = /^← \{"type":"ack"/;

describe('connections', () => {
  test('that are cut end at both ends', async () => {
    const result = await whatComesOf([{ do: 'cut', user: 0 }, AWAY]);
    expect(first(result, 'ada', /^closed 1006/)).toBe(0);
    expect(first(result, 'bob', DROPPED)).toBeLessThan(2_000);
    expect(first(result, 'ada', /^opens/)).toBeGreaterThan(8_000);
    expect(first(result, 'ada', /^← .*"resumed":true/)).toBeLessThan(AFTER_MS + 5_000);
  });

  test('that are lost end at the client alone', async () => {
    const result = await whatComesOf([{ do: 'lose', user: 0 }, AWAY]);
    expect(first(result, 'ada', /^closed 1006/)).toBe(0);
    expect(first(result, 'bob', DROPPED)).toBeGreaterThan(5_000);
  });

  test('that vanish end at neither, until it is noticed', async () => {
    const result = await whatComesOf([{ do: 'vanish', user: 0 }, says(1, 1_000)]);
    expect(first(result, 'ada', /^closed/)).toBeGreaterThan(5_000);
    const since = first(result, 'ada', /^opens/);
    expect(moments(result, 'ada', HEARS).filter((atMs) => atMs < since)).toEqual([]);
    expect(first(result, 'bob', HEARS)).toBeLessThan(1_100);
  });

  test('that stand still bring everything afterwards', async () => {
    const result = await whatComesOf([{ do: 'stall', user: 0, forMs: 3_000 }, says(1, 1_000), says(0, 1_000)]);
    expect(first(result, 'ada', HEARS)).toBeGreaterThanOrEqual(3_000);
    expect(first(result, 'bob', /^← \{"type":"data_update".*"by":"ada"/)).toBeGreaterThanOrEqual(3_000);
    expect(moments(result, 'ada', /^closed 1006/)).toEqual([]);
  });

  test('that nobody reads from bring everything afterwards, and take what is said', async () => {
    const result = await whatComesOf([{ do: 'slow', user: 0, forMs: 3_000 }, says(1, 1_000), says(0, 1_000)]);
    expect(first(result, 'ada', HEARS)).toBeGreaterThanOrEqual(3_000);
    expect(first(result, 'bob', /^← \{"type":"data_update".*"by":"ada"/)).toBeLessThan(1_100);
  });

  test('are as slow as the plan says', async () => {
    const network = { ...PLAN.network, leastMs: 20, mostMs: 80 };
    const result = await whatComesOf([says(0, 0)], { network });
    expect(first(result, 'ada', ACKED)).toBeGreaterThan(40);
    const narrow = await whatComesOf([says(0, 0, { bytes: 2_000 })], { network: { ...PLAN.network, bytesPerSecond: 1_000 } });
    expect(first(narrow, 'ada', ACKED)).toBeGreaterThan(2_000);
    const opened = result.timeline.filter(({ who, what }) => who.startsWith('ada#') && what.startsWith('opens'));
    expect(opened[0]?.atMs).toBeGreaterThan(80);
  });

  test('that hang are given up', async () => {
    const result = await whatComesOf([
      { do: 'cut', user: 0 },
      { ...AWAY, how: 'hang' },
    ]);
    expect(first(result, 'ada', /^opens/)).toBeGreaterThan(8_000);
  });
});

describe('a client', () => {
  test('that stands still does nothing, and then what it was to do', async () => {
    const result = await whatComesOf([{ do: 'freeze', user: 0, forMs: 4_000 }, says(0, 1_000), says(1, 1_000)]);
    expect(first(result, 'ada', /^[→←]/)).toBeGreaterThanOrEqual(4_000);
    expect(first(result, 'ada', /^→ .*"type":"data_update"/)).toBeLessThan(4_100);
    expect(first(result, 'ada', HEARS)).toBeLessThan(4_100);
  });

  test.each([
    ['closed', 1_000],
    ['killed', 1_000],
    ['gone', 20_000],
  ] as const)('that is %s begins anew with nothing, and joins what it was in', async (how, seenMs) => {
    const result = await whatComesOf([{ do: 'reload', user: 0, how, backMs: 5_000 }]);
    expect(first(result, 'ada', /^opens/)).toBeGreaterThan(5_000);
    expect(first(result, 'ada', /^← .*"resumed":false/)).toBeLessThan(5_200);
    expect(first(result, 'ada', /^← \{"type":"sync"/)).toBeLessThan(5_300);
    const seen = first(result, 'bob', /^← \{"type":"presence_update".*("connected":false|"leaves":\["[0-9a-f])/);
    if (how === 'gone') expect(seen).toBeGreaterThan(5_000);
    else expect(seen).toBeLessThan(seenMs);
  });
});

describe('a gateway', () => {
  test('that stands still answers nothing, and then everything', async () => {
    const result = await whatComesOf([{ do: 'pause', gateway: 0, forMs: 3_000 }, says(0, 1_000)]);
    expect(first(result, 'ada', /^←/)).toBeGreaterThanOrEqual(3_000);
    expect(first(result, 'ada', ACKED)).toBeLessThan(3_100);
  });

  test.each(['reset', 'silent'] as const)('that dies (%s) is started again with nothing', async (how) => {
    const result = await whatComesOf([{ do: 'kill', gateway: 0, how, backMs: 3_000 }]);
    expect(first(result, 'gateway-1', /^starts/)).toBe(3_000);
    const learns = moments(result, 'ada', /^closed 1006/).filter((atMs) => atMs < 3_000);
    expect(learns[0]).toBe(how === 'reset' ? 0 : undefined);
    const [identified] = moments(result, 'ada', /^← .*"resumed":false/);
    expect(identified).toBeGreaterThan(how === 'reset' ? 3_000 : 5_000);
    expect(identified).toBeLessThan(how === 'reset' ? 12_000 : 60_000);
  });

  test('that is deployed sends its clients to the other one, and is started again', async () => {
    const result = await whatComesOf(
      [
        { do: 'deploy', gateway: 0, graceMs: 500, backMs: 4_000 },
        { afterMs: 100, do: 'deploy', gateway: 0, graceMs: 500, backMs: 4_000 },
      ],
      { shared: true, gateways: 2 },
    );
    expect(moments(result, 'gateway-1', /^starts/)).toHaveLength(1);
    expect(first(result, 'gateway-1', /^starts/)).toBeGreaterThan(4_000);
    for (const who of ['ada', 'bob']) {
      expect(moments(result, who, /^opens to gateway-1/).filter((atMs) => atMs < 4_000)).toEqual([]);
      expect(moments(result, who, /^← .*"resumed":false/)).toEqual([]);
    }
  });

  test('has a clock that jumps, and one of its own', async () => {
    const ahead = await whatComesOf([{ do: 'jump', of: 'gateway', index: 0, ms: 86_400_000 }, says(1, 100)]);
    expect(JSON.stringify(ahead.timeline)).toContain(`\\"ts\\":${Date.UTC(2026, 0, 2)}`.slice(0, 14));
    const offset = await whatComesOf([says(1, 100)], {
      clocks: [
        { offsetMs: 0, rate: 1 },
        { offsetMs: 0, rate: 1 },
        { offsetMs: 86_400_000, rate: 1 },
      ],
    });
    expect(first(offset, 'ada', new RegExp(`"ts":${Date.UTC(2026, 0, 2)}`.slice(0, 12)))).toBeLessThan(200);
  });
});

describe('what is asked', () => {
  const ask = (manner: 'refuse' | 'fail' | 'slow' | 'late' | 'lost', what: 'authorize' | 'broker' = 'authorize') =>
    ({ do: 'ask', what, manner, forMs: 3_000, gateway: 0 }) as const;

  test.each([
    ['refuse', /FORBIDDEN/, 100, 200],
    ['fail', /INTERNAL/, 100, 200],
    ['lost', /INTERNAL/, 9_000, 12_000],
  ] as const)('may answer so: %s, for a time', async (manner, code, fromMs, toMs) => {
    const result = await whatComesOf([ask(manner), says(0, 100), says(1, 3_500)]);
    const at = first(result, 'ada', new RegExp(`^← \\{"type":"error".*${code.source}`));
    expect(at).toBeGreaterThanOrEqual(fromMs);
    expect(at).toBeLessThan(toMs);
    expect(first(result, 'bob', ACKED)).toBeLessThan(3_600);
  });

  test.each([
    ['slow', 150, 3_200],
    ['late', 5_000, 10_200],
  ] as const)('may answer so: %s', async (manner, fromMs, toMs) => {
    const result = await whatComesOf([ask(manner), says(0, 100)]);
    const at = Math.min(first(result, 'ada', ACKED), first(result, 'ada', /INTERNAL/));
    expect(at).toBeGreaterThan(fromMs);
    expect(at).toBeLessThan(toMs);
  });

  test('of the broker is answered by it', async () => {
    const result = await whatComesOf([ask('fail', 'broker'), says(0, 100), says(1, 3_500)], { shared: true });
    expect(first(result, 'ada', /^← \{"type":"error".*INTERNAL/)).toBeLessThan(200);
    expect(first(result, 'bob', ACKED)).toBeLessThan(3_600);
  });
});

describe('somebody else', () => {
  test.each([false, true])('becomes who is connected; of two that try it at once (%s) one does', async (twice) => {
    const result = await whatComesOf([{ do: 'steal', user: 0, twice }]);
    expect(moments(result, 'mallory', /^→ \{"type":"identify"/)).toHaveLength(twice ? 2 : 1);
    expect(moments(result, 'mallory', /^← .*"resumed":true/).length).toBeGreaterThan(0);
    expect(first(result, 'ada', /^closed 4004/)).toBeLessThan(200);
  });

  test('says more than may be said, and goes', async () => {
    const result = await whatComesOf([{ do: 'flood', count: 100 }], {
      limits: { messagesBurst: 40, messagesPerSecondMax: 20, errorsBurst: 30 },
    });
    expect(moments(result, 'mallory', /^→ \{"type":"data_update"/)).toHaveLength(100);
    expect(first(result, 'mallory', /^closed 4100/)).toBeLessThan(1_000);
  });

  test('says what no client says, and goes', async () => {
    const result = await whatComesOf([{ do: 'hostile', text: '{"type":"join","payload":{"groupId":"g0"}}' }]);
    expect(moments(result, 'mallory', /^→ \{"type":"join"/)).toHaveLength(1);
    expect(moments(result, 'mallory', /^← \{"type":"error"/)).toHaveLength(1);
    expect(first(result, 'mallory', /^closed 1000/)).toBeLessThan(2_500);
  });
});

describe('the host and the broker', () => {
  test('revoke a member', async () => {
    const result = await whatComesOf([{ do: 'revoke', user: 0 }]);
    expect(first(result, 'host', /^revokes/)).toBe(0);
    expect(first(result, 'ada', /^closed 4\d\d\d/)).toBeLessThan(100);
    expect(moments(result, 'ada', /^opens/)).toEqual([]);
  });

  test.each([0, 1])('lose logs, but for all except the last %i', async (keeps) => {
    const result = await whatComesOf([says(0, 0), says(0, 100), { afterMs: 1_000, do: 'lose logs', keeps }, says(1, 2_000)], {
      shared: true,
    });
    expect(first(result, 'ada', /^← \{"type":"sync".*"outcome":"reset"/)).toBeLessThan(1_100);
    const seq = keeps === 0 ? 1 : 2;
    expect(
      first(result, 'ada', new RegExp(`^← \\{"type":"data_update".*"seq":${seq}[,}].*"by":"bob"|"by":"bob".*"seq":${seq}[,}]`)),
    ).toBeLessThan(2_100);
  });

  test('say more than a reader and its log can take', async () => {
    const result = await whatComesOf([{ do: 'overrun', user: 0, count: 60, bytes: 4_000, forMs: 2_000 }], {
      limits: { logMessagesMax: 4, socketHighWaterMarkBytes: 2_048 },
      network: { ...PLAN.network, bufferBytes: 4_096 },
    });
    expect(first(result, 'ada', /^← \{"type":"gap"/)).toBeGreaterThanOrEqual(2_000);
    expect(moments(result, 'bob', HEARS).length).toBeGreaterThan(0);
  });
});

test('what is published names its session, its delivery and its key', async () => {
  const result = await whatComesOf([says(0, 0, { session: true, key: 1 })]);
  const [sent] = result.timeline.filter(({ what }) => /^→ .*"type":"data_update"/.test(what));
  expect(sent?.what).toMatch(/"delivery":"latest"/);
  expect(sent?.what).toMatch(/"key":"k1"/);
  expect(sent?.what).toMatch(/"sessionId":"call"/);
});
