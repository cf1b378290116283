import { checkFaults, checkPlan, MOST } from './check-plan.js';
import { fieldsOf, isBoolean, isFunction, objectOf, optional, recordOf, refuse } from './input.js';
import { checkSeed } from './make-plan.js';

/** Names of actors: they stand in names of connections, and before the colon of tokens. */
const NAME = /^[\p{L}\p{N}_-]{1,64}$/u;
/** Who is in every run. */
const TAKEN = 'mallory';

const OPTIONS = {
  seed: checkSeed,
  plan: optional(checkPlan),
  faults: optional(checkFaults),
  // Its fields are looked at where a plan is made of it.
  size: optional((size, name) => void objectOf(size, name)),
  actors: optional(recordOf(isFunction)),
  gateway: optional(isFunction),
  client: optional(isFunction),
  timeline: optional(isBoolean),
};

/**
 * What `simulate` is given may be of JavaScript, or of a file.
 * @throws TypeError at the first option that is not known, or not what it must be; RangeError where there are actors, and none of them.
 */
export function checkOptions(options: unknown): void {
  fieldsOf(OPTIONS)(options, '');
  const { plan, actors } = options as { plan?: { users: number }; actors?: object };
  if (actors === undefined) return;
  const names = Object.keys(actors);
  if (names.length === 0) throw new RangeError('actors: none is there');
  if (names.length > MOST.users) throw new RangeError(`actors: must be at most ${MOST.users}, not ${names.length}`);
  for (const name of names)
    if (!NAME.test(name) || name === TAKEN) refuse('actors', `named by letters, digits, - and _, and not ${TAKEN}`, name);
  if (plan !== undefined && plan.users !== names.length)
    throw new RangeError(`plan: is of ${plan.users} clients, and there are ${names.length} actors`);
}
