import type { Happening } from './history.js';
import type { Plan } from './plan.js';
import type { SimProcess } from './process.js';
import type { Random } from './random.js';
import type { Schedule } from './schedule.js';
import type { Weather } from './weather.js';

/** What everything in a simulation knows of it. */
export interface Surroundings {
  readonly plan: Plan;
  readonly random: Random;
  readonly schedule: Schedule;
  readonly weather: Weather;
  /**
   * Something was done or seen from outside: the checks, and the timeline, are told.
   * @param wireText of a message that went over a wire: as it was there.
   */
  note(happening: Happening, wireText?: string): void;
  /** A line for the timeline alone. */
  say(who: string, what: string): void;
  /** What the token function of a client answers. */
  tokenFor(name: string, process: SimProcess): string | Promise<string>;
}
