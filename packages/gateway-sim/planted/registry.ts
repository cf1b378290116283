import { clientBugs } from './bugs/client.js';
import { connectionBugs } from './bugs/connections.js';
import { groupBugs } from './bugs/groups.js';
import { handlerBugs } from './bugs/handlers.js';
import { limitBugs } from './bugs/limits.js';
import { memberBugs } from './bugs/members.js';
import { presenceBugs } from './bugs/presence.js';
import { redisLogBugs } from './bugs/redis-logs.js';
import { redisStoreBugs } from './bugs/redis-stores.js';
import { rightBugs } from './bugs/rights.js';
import { teardownBugs } from './bugs/teardown.js';
import type { PlantedBug } from './planted-bug.js';

/** Every planted bug that the simulator has to notice. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  ...groupBugs,
  ...memberBugs,
  ...presenceBugs,
  ...handlerBugs,
  ...connectionBugs,
  ...limitBugs,
  ...rightBugs,
  ...teardownBugs,
  ...clientBugs,
];

/** Those of `gateway-redis`, which the simulator over a model of Redis has to. */
export const REDIS_BUGS: readonly PlantedBug[] = [...redisLogBugs, ...redisStoreBugs];
