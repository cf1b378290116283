import type { Client, ClientOptions, Some } from 'gateway-client';
import type { GatewayOptions } from 'gateway-core';
import { GatewayHost, type SimulatedOptions } from './gateway-host.js';
import type { Happening, HistoryEntry } from './history.js';
import { atOnce, errorText } from './input.js';
import { Intruder } from './intruder.js';
import { Network } from './network.js';
import type { Backend } from './parts/backend.js';
import { SharedParts } from './parts/shared-parts.js';
import type { Plan } from './plan.js';
import { SimProcess } from './process.js';
import { Random } from './random.js';
import { Schedule } from './schedule.js';
import type { Surroundings } from './surroundings.js';
import { traceText } from './timeline.js';
import { Trace } from './trace.js';
import { SimUser } from './user.js';
import { Weather } from './weather.js';

/** Names of users, in the order in which a plan counts them. */
const NAMES = ['ada', 'bob', 'cyd', 'dee', 'eve', 'fay', 'gil', 'hal'];

/** What a world is made with beside its plan. */
export interface WorldOptions {
  /** Options of a gateway, asked for at each start of one. */
  gatewayOptions(name: string, world: World): Omit<GatewayOptions, SimulatedOptions>;
  /** These are the built-in ones. Default: others. */
  takesEverybody?: boolean | undefined;
  /** Options of the users' clients. */
  clientOptions(name: string): Some<ClientOptions>;
  /** Names of the users, in the order in which the plan counts them. Default: some. */
  names?: readonly string[] | undefined;
  /** Plays a user, at each start of its client. Default: the plan's actions do. */
  play?: ((world: World, name: string, client: Client, process: SimProcess) => void) | undefined;
  /** What the gateways of a plan with `shared` share. Default: parts in memory. */
  backend?: ((world: Surroundings) => Backend) | undefined;
  keepsTrace: boolean;
}

/** Everything that a simulation consists of, and what is known of it. */
export class World implements Surroundings {
  readonly random: Random;
  readonly schedule: Schedule;
  readonly weather = new Weather();
  readonly trace: Trace;
  readonly gateways: readonly GatewayHost[];
  readonly users: readonly SimUser[];
  readonly intruder: Intruder;
  readonly network: Network;
  readonly shared: SharedParts | undefined;
  readonly backend: Backend | undefined;
  readonly entries: HistoryEntry[] = [];
  /** All has been seen that there is to see, and everything is being closed. */
  isEnding = false;
  #tokens = 0;

  constructor(
    readonly plan: Plan,
    options: WorldOptions,
  ) {
    this.random = new Random(plan.seed);
    this.schedule = new Schedule((error) => this.crashed(error));
    this.trace = new Trace(options.keepsTrace);
    const ids = this.random.fork('ids of the parts');
    this.backend = plan.shared ? options.backend?.(this) : undefined;
    const shared =
      plan.shared && this.backend === undefined
        ? new SharedParts({
            clock: new SimProcess('parts', this.schedule),
            generateId: () => ids.id(),
            historyMessagesMax: plan.limits.logMessagesMax ?? 1_024,
          })
        : undefined;
    this.shared = shared;
    this.gateways = Array.from(
      { length: plan.gateways },
      (_, index) =>
        new GatewayHost(
          this,
          index,
          this.backend ?? shared,
          (name) => options.gatewayOptions(name, this),
          this.backend !== undefined,
        ),
    );
    this.network = new Network(this.schedule, this.random.fork('network'), plan.network, this.gateways);
    this.users = Array.from({ length: plan.users }, (_, index) => {
      const name = (options.names ?? NAMES)[index] ?? `user-${index + 1}`;
      const { play } = options;
      const played = play && ((client: Client, process: SimProcess) => play(this, name, client, process));
      const given = options.clientOptions(name);
      atOnce(given, "the client's options");
      return new SimUser(this, this.network, name, index, given, played);
    });
    this.intruder = new Intruder(this, this.network);
  }

  /** Something was done or seen from outside. */
  note(happening: Happening, wireText?: string): void {
    const entry: HistoryEntry = { atMs: this.schedule.nowMs, ...happening };
    this.entries.push(entry);
    const [who, what] = traceText(entry, wireText);
    this.trace.add(entry.atMs, who, what);
  }

  /** A line for the timeline, which no check looks at. */
  say(who: string, what: string): void {
    this.trace.add(this.schedule.nowMs, who, what);
  }

  /** Something threw that nobody caught: no input may do that. */
  crashed(error: unknown): void {
    this.note({ kind: 'found', check: 'crash', text: errorText(error, true) });
  }

  /** What a client's token function answers. */
  tokenFor(name: string, process: SimProcess): string | Promise<string> {
    this.#tokens += 1;
    const token = `${name}:${this.#tokens}`;
    const manner = this.weather.of('token', 0);
    if (manner === undefined) return token;
    const { schedule } = this;
    return new Promise((resolve, reject) => {
      if (manner === 'lost') return;
      schedule.after(manner === 'late' ? 12_000 : 700, () =>
        process.run(() => (manner === 'fail' ? reject(new Error('no token now')) : resolve(token))),
      );
    });
  }
}
