import type { Act, Asked, Plan } from '../plan.js';

/** Whether one of these is done in it. */
export function has({ actions }: Pick<Plan, 'actions'>, ...kinds: readonly Act['do'][]): boolean {
  return actions.some((action) => kinds.includes(action.do));
}

/** Whether this part may be slow, fail or not answer: alone, or with all that it is a part of. */
export function meets({ actions }: Plan, what: Asked): boolean {
  return actions.some((action) => (action.do === 'ask' && action.what === what) || action.do === 'backend');
}

/**
 * Known, and left to the brokers of several machines: a gateway that stood still for so long that it was taken for dead goes on with what its
 * clients had sent before. One of them that is another member by then has said it again, and without a principal nobody knows that it is the same.
 */
export function mayDouble(plan: Plan): boolean {
  return plan.shared && !plan.principals && has(plan, 'pause');
}

/**
 * Known: a broker that takes its time may have taken a message only after its client has come back as another member. `recovered` has said by then
 * that the log did not have it, so the client has sent it again, and without a principal nobody knows that the two are one.
 */
export function mayResendEarly(plan: Plan): boolean {
  return !plan.principals && meets(plan, 'broker');
}

/**
 * Known: a gateway that leaves for good while the member store fails cannot tell it who has left which group. Whoever resumes elsewhere is in that
 * group again, and has its `ack`.
 */
export function mayStay(plan: Plan): boolean {
  const asked = plan.actions.flatMap((action) => (action.do === 'ask' && action.what === 'members' ? [action.manner] : []));
  const fails = asked.some((manner) => manner !== 'slow');
  // Where calls overtake each other, the older one stands.
  const mayLeave = has(plan, 'deploy', 'kill') || asked.includes('overtaking');
  return plan.shared && (fails || has(plan, 'backend')) && has(plan, 'leave') && mayLeave;
}
