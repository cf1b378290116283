import { wholeFrom } from './input.js';
import type { Action, Plan } from './plan.js';

/** What is tried on a plan as a whole, the most telling first. */
const SIMPLER: readonly ((plan: Plan) => Plan)[] = [
  onOneGateway,
  (plan) => ({ ...onOneGateway(plan), shared: false }),
  (plan) => ({ ...plan, limits: {} }),
  (plan) => ({ ...plan, timings: {} }),
  (plan) => ({ ...plan, network: { leastMs: 5, mostMs: 5, bytesPerSecond: 0, bufferBytes: 65_536 } }),
  (plan) => ({ ...plan, clocks: plan.clocks.map(() => ({ offsetMs: 0, rate: 1 })) }),
  (plan) => ({ ...plan, asyncHooks: false }),
  (plan) => ({ ...plan, principals: false }),
  (plan) => ({ ...plan, credentialsMs: 0 }),
];

/** Without what is about the others, which are not there. */
function onOneGateway(plan: Plan): Plan {
  return { ...plan, gateways: 1, actions: plan.actions.filter((action) => gatewayOf(action) === 0) };
}

/** Which gateway it is about; 0, where it is about none. */
function gatewayOf(action: Action): number {
  if (action.do === 'jump') return action.of === 'gateway' ? action.index : 0;
  return 'gateway' in action ? action.gateway : 0;
}

/**
 * Makes a plan that fails as small as it can be made: it has no action left that can be taken out, and nothing that could be simpler (delta
 * debugging, Zeller and Hildebrandt, IEEE TSE 28(2), 2002).
 * @example
 * const fails = async (plan: Plan) => (await simulate({ seed, plan })).violations.length > 0;
 * const smallest = await shrink((await simulate({ seed })).plan, fails);
 * @param fails whether a plan still fails, in the way that is looked for. Where it throws, so does this.
 * @param triesMax plans that are tried at most. Default 500.
 * @returns the plan as it is, where that does not fail.
 */
export async function shrink(plan: Plan, fails: (plan: Plan) => Promise<boolean>, triesMax = 500): Promise<Plan> {
  wholeFrom(1, Number.MAX_SAFE_INTEGER)(triesMax, 'triesMax');
  let smallest = plan;
  let tries = 0;
  const take = async (candidate: Plan) => {
    if (tries >= triesMax) return false;
    tries += 1;
    const isFailing = await fails(candidate);
    if (isFailing) smallest = candidate;
    return isFailing;
  };
  if (!(await take(plan))) return plan;
  for (const simpler of SIMPLER) await take(simpler(smallest));
  let size = Math.ceil(smallest.actions.length / 2);
  while (size >= 1 && tries < triesMax) {
    let isSmaller = false;
    for (let at = 0; at < smallest.actions.length; ) {
      const { actions } = smallest;
      const without = { ...smallest, actions: [...actions.slice(0, at), ...actions.slice(at + size)] };
      if (await take(without)) isSmaller = true;
      else at += size;
    }
    if (size > 1) size = Math.ceil(size / 2);
    else if (!isSmaller) break;
  }
  for (const simpler of SIMPLER) await take(simpler(smallest));
  return smallest;
}
