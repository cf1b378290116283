import { clientBugs } from './bugs/client.js';
import { connectionBugs } from './bugs/connections.js';
import { groupBugs } from './bugs/groups.js';
import { handlerBugs } from './bugs/handlers.js';
import { memberBugs } from './bugs/members.js';
import { presenceBugs } from './bugs/presence.js';
import type { PlantedBug } from './planted-bug.js';

/** Every planted bug. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  ...groupBugs,
  ...memberBugs,
  ...presenceBugs,
  ...handlerBugs,
  ...connectionBugs,
  ...clientBugs,
];
