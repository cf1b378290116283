import { type Action, makePlan, type Plan, shrink } from 'gateway-sim';
import { expect, test } from 'vitest';

const plan: Plan = {
  ...makePlan('9', { users: 3, gateways: 2, groups: 2, actions: 60, actsMs: 30_000 }),
  gateways: 2,
  shared: true,
  principals: true,
  asyncHooks: true,
  credentialsMs: 4_000,
  limits: { logMessagesMax: 4 },
  timings: { partTimeoutMs: 1_000 },
  network: { leastMs: 1, mostMs: 400, bytesPerSecond: 20_000, bufferBytes: 4_096 },
  clocks: Array.from({ length: 5 }, () => ({ offsetMs: 100, rate: 1.01 })),
};
/** So many acts, to be told apart by their groups. */
const acts = (count: number) =>
  Array.from({ length: count }, (_, group): Action => ({ atMs: group, do: 'leave', user: 0, group }));
const has = ({ actions }: Plan, group: number) => actions.some((action) => action.do === 'leave' && action.group === group);

test('what always fails needs nothing', async () => {
  expect(await shrink(plan, async () => true)).toEqual({
    ...plan,
    gateways: 1,
    shared: false,
    principals: false,
    asyncHooks: false,
    credentialsMs: 0,
    limits: {},
    timings: {},
    network: { leastMs: 5, mostMs: 5, bytesPerSecond: 0, bufferBytes: 65_536 },
    clocks: Array.from({ length: 5 }, () => ({ offsetMs: 0, rate: 1 })),
    actions: [],
  });
});

test('nothing is tried about a gateway that is not there', async () => {
  const actions: Action[] = [
    { atMs: 1, do: 'kill', gateway: 1, how: 'reset', backMs: 1 },
    { atMs: 2, do: 'jump', of: 'gateway', index: 1, ms: 1 },
    { atMs: 3, do: 'jump', of: 'user', index: 1, ms: 1 },
    { atMs: 4, do: 'kill', gateway: 0, how: 'reset', backMs: 1 },
  ];
  const tried: Plan[] = [];
  await shrink({ ...plan, actions }, async (candidate) => {
    tried.push(candidate);
    // It fails as it is.
    return tried.length === 1;
  });
  const alone = tried.filter(({ gateways }) => gateways === 1);
  expect(alone).toHaveLength(4);
  for (const candidate of alone) expect(candidate.actions).toEqual(actions.slice(2));
});

test('what can be taken out only once another one is, is taken out', async () => {
  // Of two that go together the first is in the way until the second is gone.
  const fails = async (candidate: Plan) => has(candidate, 6) && (!has(candidate, 5) || has(candidate, 2));
  expect((await shrink({ ...plan, actions: acts(7) }, fails)).actions).toEqual(acts(7).slice(6));
});

test('what is simpler only once there are fewer actions is tried at the end', async () => {
  const fails = async ({ actions, limits }: Plan) => actions.length > 0 && (actions.length === 1 || limits.logMessagesMax === 4);
  expect(await shrink({ ...plan, actions: acts(7) }, fails)).toMatchObject({ actions: [{ do: 'leave' }], limits: {} });
});

test('no more is tried than may be', async () => {
  let tries = 0;
  const fails = async () => {
    tries += 1;
    return tries === 1;
  };
  await shrink({ ...plan, actions: acts(50) }, fails, 12);
  expect(tries).toBe(12);
});
