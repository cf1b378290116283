import { readdirSync, readFileSync } from 'node:fs';
import { makePlan, type Plan, type SimulateOptions, shrink, simulate } from 'gateway-sim';
import { describe, expect, test } from 'vitest';
import { checkPlan } from '../src/check-plan.js';

/** What JavaScript, a file or a hand may give. */
const given = (options: unknown) => () => simulate(options as SimulateOptions);
const size = (fields: unknown) => given({ seed: 1, size: fields });
const PLAN = makePlan('7');
const changed = (fields: object) => given({ seed: 7, plan: { ...PLAN, ...fields } });
const withAction = (action: unknown) => changed({ actions: [action] });
const { actsMs: _, ...WITHOUT_END } = PLAN;

describe('is said at once, by its name, and nothing is run:', () => {
  test.each([
    ['no options', given(undefined), /^options: must be an object, not undefined/],
    ['null', given(null), /^options: must be an object, not null/],
    ['an unknown option', given({ seed: 1, fault: [] }), /^fault: is not known here; what is: seed, plan, faults/],
    ['no seed', given({}), /^seed: must be a finite number or a text.*, not undefined/],
    ['a seed that is no number', given({ seed: Number.NaN }), /^seed: .* not NaN/],
    ['an object as a seed', given({ seed: {} }), /^seed: .* not an object/],
    ['a bigint as a seed', given({ seed: 1n }), /^seed: .* not 1n/],
    ['an endless seed', given({ seed: 'x'.repeat(2_000) }), /^seed: /],
    ['an unknown fault', given({ seed: 1, faults: ['nope'] }), /^faults\[0\]: must be one of cut, .*, not "nope"/],
    ['a fault of the prototype', given({ seed: 1, faults: ['toString'] }), /^faults\[0\]/],
    ['faults that are no list', given({ seed: 1, faults: 'cut' }), /^faults: must be a list, not "cut"/],
    ['a size of nothing', size(null), /^size: must be an object, not null/],
    ['an unknown size', size({ user: 3 }), /^size\.user: is not known here/],
    ['no users', size({ users: 0 }), /^size\.users: must be a whole number from 2 to 1000, not 0/],
    ['half a user', size({ users: 2.5 }), /^size\.users/],
    ['too many users', size({ users: 1e9 }), /^size\.users/],
    ['gateways that are less than none', size({ gateways: -1 }), /^size\.gateways/],
    ['groups that are no number', size({ groups: Number.NaN }), /^size\.groups/],
    ['actions as a text', size({ actions: '9' }), /^size\.actions: .* not "9"/],
    ['no end', size({ actsMs: Number.POSITIVE_INFINITY }), /^size\.actsMs: .* not Infinity/],
    ['actors in a list', given({ seed: 1, actors: [() => {}] }), /^actors: must be an object, not a list/],
    ['an actor that is no function', given({ seed: 1, actors: { ada: 5 } }), /^actors\.ada: must be a function, not 5/],
    ['an actor without a name', given({ seed: 1, actors: { '': () => {} } }), /^actors: must be named/],
    ['an actor of another name', given({ seed: 1, actors: { mallory: () => {} } }), /^actors: must be named/],
    ['hooks that are no function', given({ seed: 1, gateway: {} }), /^gateway: must be a function, not an object/],
    ['a timeline that is no boolean', given({ seed: 1, timeline: 1 }), /^timeline: must be true or false, not 1/],
    ['a plan of nothing', given({ seed: 1, plan: null }), /^plan: must be an object, not null/],
    ['a plan without a field', given({ seed: 1, plan: WITHOUT_END }), /^plan\.actsMs: must be a number .* not undefined/],
    ['a plan with another field', changed({ version: 1 }), /^plan\.version: is not known here/],
    ['actions that are no list', changed({ actions: {} }), /^plan\.actions: must be a list/],
    ['an action that is none', withAction(null), /^plan\.actions\[0\]: must be an object, not null/],
    ['an unknown action', withAction({ do: 'dance', atMs: 1 }), /^plan\.actions\[0\]\.do: must be one of .*, not "dance"/],
    ['an action of the prototype', withAction({ do: 'constructor', atMs: 1 }), /^plan\.actions\[0\]\.do/],
    ['an action of a backend', withAction({ do: 'backend', atMs: 1 }), /^plan\.actions\[0\]\.do/],
    ['a user who is not there', withAction({ do: 'cut', atMs: 1, user: 9 }), /^plan\.actions\[0\]\.user: .* not 9/],
    ['a gateway that is not there', withAction({ do: 'kill', atMs: 1, how: 'reset', backMs: 1, gateway: -1 }), /\.gateway: /],
    ['a clock that is not there', withAction({ do: 'jump', atMs: 1, of: 'gateway', index: 5, ms: 1 }), /\.index: .* not 5/],
    ['a moment after the end', withAction({ do: 'cut', user: 0, atMs: 1e7 }), /\.atMs: must be a number from 0 to/],
    ['a moment before the start', withAction({ do: 'cut', user: 0, atMs: -1 }), /\.atMs: .* not -1/],
    ['a misspelt field', withAction({ do: 'slow', user: 0, atMs: 1, forMS: 5 }), /\.forMS: is not known here/],
    ['a clock that stands', changed({ clocks: [{ offsetMs: 0, rate: 0 }] }), /^plan\.clocks\[0\]\.rate/],
    [
      'a way that is longer than its longest',
      changed({ network: { ...PLAN.network, leastMs: 9_000 } }),
      /^plan\.network\.mostMs/,
    ],
    ['a limit that is no number', changed({ limits: { logMessagesMax: '4' } }), /^plan\.limits\.logMessagesMax/],
  ])('%s', (_what, run, message) => {
    expect(run).toThrow(TypeError);
    expect(run).toThrow(message);
  });

  test('a plan of so many clients, and another number of actors', () => {
    expect(given({ seed: 1, plan: { ...PLAN, users: 2, actions: [] }, actors: { ada: () => {} } })).toThrow(
      'plan: is of 2 clients, and there are 1 actors',
    );
  });

  test('a size or a kind of fault that makes no plan', () => {
    expect(() => makePlan('1', { users: 3 } as never)).toThrow(/^size\.gateways: /);
    expect(() => makePlan('1', undefined, ['nope'] as never)).toThrow(/^faults\[0\]/);
    expect(makePlan(1)).toEqual(makePlan('1'));
  });
});

test('every plan that is drawn or kept is one', () => {
  const folder = new URL('../regressions/', import.meta.url);
  const kept = readdirSync(folder).filter((name) => name.endsWith('.json'));
  const plans = kept.map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Plan);
  const drawn = Array.from({ length: 500 }, (_, seed) => makePlan(seed));
  for (const plan of [...plans, ...drawn]) expect(() => checkPlan(plan)).not.toThrow();
});

test.each([
  ['a promise', async () => ({}), 'must be an object, and no promise of one, not a promise'],
  ['nothing', () => undefined, 'must be an object, not undefined'],
])('options of a gateway or a client that are %s fail the run', async (_what, options, text) => {
  await expect(given({ seed: 1, gateway: options })()).rejects.toThrow(`the gateway's options: ${text}`);
  await expect(given({ seed: 1, client: options })()).rejects.toThrow(`the client's options: ${text}`);
});

test.each(['broker', 'clock', 'server', 'members'])('a %s of the user is not taken without a word', async (name) => {
  await expect(given({ seed: 1, gateway: () => ({ [name]: {} }) })()).rejects.toThrow(
    `the gateway's ${name}: is the simulation's`,
  );
});

describe('a plan is made smaller', () => {
  test('not at all, and with one try, where it does not fail', async () => {
    let tries = 0;
    const same = await shrink(PLAN, async () => {
      tries += 1;
      return false;
    });
    expect(same).toBe(PLAN);
    expect(tries).toBe(1);
  });

  test('with so many tries at most, also where it fails now and then', async () => {
    let tries = 0;
    const flaky = async () => {
      tries += 1;
      return tries % 3 === 1;
    };
    await shrink(PLAN, flaky, 40);
    expect(tries).toBeLessThanOrEqual(40);
    await expect(shrink(PLAN, flaky, Number.NaN)).rejects.toThrow(/^triesMax/);
  });

  test('to nothing that is no plan', async () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      let tries = 0;
      const isAny = async (plan: Plan) => {
        checkPlan(plan);
        tries += 1;
        // Each of them is refused, and taken, at some time.
        return tries === 1 || (tries + seed) % 3 === 0;
      };
      await shrink(makePlan(seed, { users: 5, gateways: 3, groups: 3, actions: 80, actsMs: 90_000 }), isAny, 60);
    }
  });

  test('until what asks throws', async () => {
    await expect(shrink(PLAN, () => Promise.reject(new Error('mine')))).rejects.toThrow('mine');
  });
});
