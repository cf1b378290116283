import type { Client, ClientOptions, Some } from 'gateway-client';
import type { GatewayOptions } from 'gateway-core';
import { checkOptions } from './check-options.js';
import type { SimulatedOptions } from './gateway-host.js';
import { errorText, refuse } from './input.js';
import { DEFAULT_SIZE, makePlan, type PlanSize } from './make-plan.js';
import { type Act, FAULTS, type Fault, type Plan } from './plan.js';
import type { SimProcess } from './process.js';
import { type RunResult, run } from './run.js';
import type { World, WorldOptions } from './world.js';

/** What a program of a client's is given, at each start of the client. */
export interface Life {
  readonly name: string;
  /** The real client. It connects by itself. */
  readonly client: Client;
  /**
   * Waits in the client's own time, which stands still while its process does; where that has died, for ever.
   * @throws TypeError where that is no number from 0.
   */
  sleep(ms: number): Promise<void>;
  /** From 0 up to 1, from the seed. */
  random(): number;
  /** A promise of your own: where `holds` is `false`, the run has failed, and says `text`. */
  check(holds: boolean, text: string): void;
}

/**
 * A program of a client's. Where it throws or rejects, the run has failed. Time and chance are to be `sleep`'s and `random`'s: with others a seed is
 * not the same run each time. Nothing stops a loop that waits for nothing.
 */
export type Actor = (life: Life) => void | Promise<void>;

/** What {@link simulate} is given. */
export interface SimulateOptions {
  /** What everything is drawn from. The same seed gives the same run. */
  seed: number | string;
  /** Instead of the one that the seed stands for: one that was kept, or made smaller. */
  plan?: Plan | undefined;
  /** Kinds of faults to draw from. Default: all. An empty list: none. */
  faults?: readonly Fault[] | undefined;
  /** How large the run is. Default: `DEFAULT_SIZE`. */
  size?: Some<PlanSize> | undefined;
  /**
   * Programs of clients, by their names: your code, which the faults then meet. Each is started when its client is, and again after each
   * reload. Default: clients that join, publish, leave and so on, as the seed says.
   */
  actors?: Readonly<Record<string, Actor>> | undefined;
  /**
   * Options of the gateways, asked for at each start of one: your hooks, limits and timings. Clock, ids, broker and stores are the simulation's,
   * and its timings and limits are laid under yours. Default: everybody is taken.
   */
  gateway?: ((name: string) => Omit<GatewayOptions, SimulatedOptions>) | undefined;
  /** Options of the clients, by their names. URL, clock, `WebSocket` and ids are the simulation's. Default: none. */
  client?: ((name: string) => Some<ClientOptions>) | undefined;
  /** Keeps what happened, for `formatTimeline`. Default `false`: it costs time. */
  timeline?: boolean | undefined;
}

/** How a run went, and which programs did not come to their end. */
export interface SimulateResult extends RunResult {
  /**
   * Names of actors whose program was under way when the run was over: what they waited for never came. A timer, a file or a socket of the real
   * world never comes either: virtual minutes are over in milliseconds.
   */
  unfinished: readonly string[];
}

/**
 * Runs several clients and gateways with their faults in one process, in virtual time, from one seed, and checks what was promised to them.
 * Runs that are asked for at once follow one another: what is thrown outside of any call is taken for that of the one that is under way.
 * @throws TypeError where an option or a field of the plan is not known, or not what it must be. RangeError where there are actors, and none of
 * them. Rejects with what `gateway` or `client` throw at the first start.
 * @example
 * const { violations } = await simulate({ seed: 42 });
 * @example
 * const { violations } = await simulate({
 *   seed: 7,
 *   actors: {
 *     ada: async ({ client }) => void (await client.join('room').publish('hello')),
 *     bob: ({ client, check }) => client.join('room').on('message', ({ data }) => check(data === 'hello', `heard ${data}`)),
 *   },
 * });
 */
export function simulate(options: SimulateOptions): Promise<SimulateResult> {
  checkOptions(options);
  const { seed, plan, faults, size, actors, gateway, client, timeline = false } = options;
  const names = actors && Object.keys(actors);
  const drawn = plan ?? planOf(seed, { ...DEFAULT_SIZE, ...size }, faults, names);
  const made = gateway === undefined || plan !== undefined ? drawn : forOthers(drawn);
  const programs: Program[] = [];
  const world: WorldOptions = {
    keepsTrace: timeline,
    gatewayOptions: gateway ?? takingEverybody,
    takesEverybody: gateway === undefined,
    clientOptions: client ?? (() => ({})),
    names,
    play:
      actors && ((world, name, started, process) => programs.push(play(world, actors[name] as Actor, name, started, process))),
  };
  return run(made, world).then((result) => {
    const unfinished = programs.filter(({ hasEnded, process }) => !hasEnded && !process.isDead).map(({ name }) => name);
    for (const program of programs) program.isLate = true;
    return { ...result, unfinished };
  });
}

/** What the built-in clients do besides meeting faults. Actors do their own work. */
const WORK: ReadonlySet<Act['do']> = new Set([
  'join',
  'leave',
  'publish',
  'send',
  'state',
  'close',
  'reconnect',
  'refresh',
  'host publish',
]);

function planOf(
  seed: number | string,
  size: PlanSize,
  faults: readonly Fault[] | undefined,
  names: readonly string[] | undefined,
): Plan {
  const plan = makePlan(seed, size, faults ?? (Object.keys(FAULTS) as Fault[]), names?.length);
  return names === undefined ? plan : { ...plan, actions: plan.actions.filter((action) => !WORK.has(action.do)) };
}

/** Options that somebody brings may be of leases that are shorter than the sweeps of a plan, and of hooks that know no names. */
function forOthers(plan: Plan): Plan {
  const { sweepIntervalMs: _, ...timings } = plan.timings;
  return { ...plan, timings, actions: plan.actions.filter((action) => action.do !== 'impostor') };
}

/** An actor's program, from a start of its client on. */
interface Program {
  readonly name: string;
  readonly process: SimProcess;
  hasEnded: boolean;
  /** The run is over, and judged: nobody would hear of anything more. */
  isLate: boolean;
}

function play(world: World, actor: Actor, name: string, client: Client, process: SimProcess): Program {
  const random = world.random.fork(`actor ${name} ${world.schedule.nowMs}`);
  const program: Program = { name, process, hasEnded: false, isLate: false };
  const found = (text: string) => {
    if (program.isLate) throw new Error(`${name}, after the end of the run: ${text}`);
    if (!process.isDead) world.note({ kind: 'found', check: 'actor', text: `${name}: ${text}` });
  };
  const life: Life = {
    name,
    client,
    sleep(ms) {
      if (!(typeof ms === 'number' && ms >= 0)) refuse('sleep', 'a number of milliseconds from 0', ms);
      return process.sleep(ms);
    },
    random: () => random.next(),
    check: (holds, text) => {
      if (!holds) found(errorText(text));
    },
  };
  // Its start is over first, and it is connecting.
  queueMicrotask(async () => {
    try {
      await actor(life);
    } catch (error) {
      // Nobody else would hear of it.
      if (program.isLate) throw error;
      // What it wanted of a client that is being closed it did not get.
      if (!world.isEnding) found(errorText(error));
    } finally {
      program.hasEnded = true;
    }
  });
  return program;
}

/** How long credentials last that are issued once every fault is over: what is renewed then is what was renewed before, at a cost. */
const LATER_CREDENTIALS_MS = 30_000;

/** The host of the built-in clients: it takes everybody, under the name before the colon of their token. */
export function takingEverybody(name: string, { plan, gateways, schedule }: World): Omit<GatewayOptions, SimulatedOptions> {
  const { principals, credentialsMs, actsMs } = plan;
  /** By the clock of its own machine. */
  const now = () => gateways.find((gateway) => gateway.name === name)?.process.now() ?? 0;
  const lastingMs = () => (schedule.nowMs < actsMs ? credentialsMs : LATER_CREDENTIALS_MS);
  return {
    authenticate: ({ token = '' }) => ({
      claims: {},
      ...(principals && { principal: token.split(':')[0] }),
      ...(credentialsMs > 0 && { expiresAt: now() + lastingMs() }),
    }),
    authorize: () => true,
  };
}
