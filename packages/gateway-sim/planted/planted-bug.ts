import type { Act, Asked, Manner, Plan } from '../src/plan.js';

/** A small mutation of our own source that breaks a promise: what a check has to notice. */
export interface PlantedBug {
  /** For the report and `--only`; in kebab case. */
  name: string;
  /** The source file, under `packages`. */
  file: string;
  /** Text that is in the file exactly once. */
  find: string;
  /** What stands there instead. */
  replace: string;
  /** What users are promised, and are not given any more. */
  promise: string;
  /** Whether a plan comes near to what is mutated: seeds of others are passed over. Default: every plan does. */
  needs?: (plan: Plan) => boolean;
  /** Where no seed finds it, as far as it is known: why. */
  missing?: string;
}

/** Whether a plan has an act of one of these kinds. */
export function has({ actions }: Plan, ...kinds: Act['do'][]): boolean {
  return actions.some((action) => kinds.includes(action.do));
}

/** Whether a hook or a part answers so, in a plan; where none is named, in whichever way. */
export function asks({ actions }: Plan, asked: Asked, ...manners: Manner[]): boolean {
  return actions.some((action) => {
    if (action.do !== 'ask' || action.what !== asked) return false;
    return manners.length === 0 || manners.includes(action.manner);
  });
}

/** Whether sockets are full soon, and a client does not read while another one says much. */
export function hasSlowReaders({ actions, limits, network }: Plan): boolean {
  if (limits.socketHighWaterMarkBytes === undefined || network.bufferBytes > MUCH_BYTES) return false;
  return actions.some((slow) => {
    if (slow.do !== 'slow' && slow.do !== 'stall' && slow.do !== 'freeze') return false;
    const { atMs, forMs, user } = slow;
    return actions.some((said) => {
      if (said.do !== 'publish' || said.user === user || said.count * said.bytes < MUCH_BYTES) return false;
      return said.atMs >= atMs && said.atMs < atMs + forMs;
    });
  });
}

/** Whether sockets are full soon, and somebody does not read for a while. */
export function isSoonFull(plan: Plan): boolean {
  return plan.limits.socketHighWaterMarkBytes !== undefined && has(plan, 'slow', 'stall', 'freeze');
}

/** What is more than the smallest buffers of a plan hold, in bytes. */
const MUCH_BYTES = 9_000;

/** Whether logs are short as well. */
export function hasGaps(plan: Plan): boolean {
  return plan.limits.logMessagesMax !== undefined && hasSlowReaders(plan);
}

/** Whether members may be on one gateway and then on another. */
export function hasMoves({ shared, gateways }: Plan): boolean {
  return shared && gateways > 1;
}
