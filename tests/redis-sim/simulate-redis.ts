import type { Plan } from '../../packages/gateway-sim/src/plan.js';
import { type RunResult, run } from '../../packages/gateway-sim/src/run.js';
import { takingEverybody } from '../../packages/gateway-sim/src/simulate.js';
import { RedisSimBackend } from './redis-backend.js';
import { redisPlan } from './redis-plan.js';

/** Runs two or three gateways with their clients over one model of Redis, and all that can go wrong with any of them, from one seed. */
export function simulateRedis(options: {
  seed: number | string;
  /** Instead of the one that the seed stands for. */
  plan?: Plan | undefined;
  timeline?: boolean | undefined;
}): Promise<RunResult> {
  const { seed, plan = redisPlan(String(seed)), timeline = false } = options;
  return run(plan, {
    keepsTrace: timeline,
    gatewayOptions: takingEverybody,
    takesEverybody: true,
    clientOptions: () => ({}),
    backend: (world) => new RedisSimBackend(world),
  });
}
