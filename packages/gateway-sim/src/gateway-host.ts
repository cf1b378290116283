import { type Authenticate, type Authorize, createGateway, type Gateway, type GatewayOptions } from 'gateway-core';
import type { MemoryLink } from 'gateway-core/testing';
import { atOnce, errorText } from './input.js';
import type { Backend } from './parts/backend.js';
import type { Asked, Plan } from './plan.js';
import { SimProcess } from './process.js';
import type { Random } from './random.js';
import type { Surroundings } from './surroundings.js';

/** Options of `createGateway` that the simulation sets itself. */
export type SimulatedOptions = (typeof SIMULATED)[number];
const SIMULATED = ['server', 'clock', 'generateId', 'broker', 'presence', 'members', 'sessions'] as const;

/** A machine on which a gateway runs, one after the other. */
export class GatewayHost {
  readonly name: string;
  #process: SimProcess;
  #gateway: Gateway | undefined;
  #closeParts = () => {};
  #starts = 0;
  #isDraining = false;
  /** Of the gateway that was started last: those of the plan, and of who simulates. */
  limits: Plan['limits'] = {};
  /** Of all gateways that have run here: the most members that were dropped at one time. */
  droppedMembersMost = 0;
  readonly #random: Random;
  readonly #links = new Set<MemoryLink>();

  constructor(
    private readonly world: Surroundings,
    readonly index: number,
    private readonly shared: Pick<Backend, 'reach'> | undefined,
    private readonly optionsOf: (name: string) => Omit<GatewayOptions, SimulatedOptions>,
    /** What it reaches has timers in its process, until that lets go of it. */
    private readonly reachesByTimers = false,
  ) {
    this.name = `gateway-${index + 1}`;
    this.#random = world.random.fork(this.name);
    this.#process = new SimProcess(this.name, world.schedule);
  }

  get process(): SimProcess {
    return this.#process;
  }

  /** Takes clients: a load balancer sends some here. */
  get isUp(): boolean {
    return this.#gateway !== undefined && !this.#isDraining;
  }

  get gateway(): Gateway | undefined {
    return this.#gateway;
  }

  start(): void {
    const { world, index } = this;
    if (this.#gateway !== undefined) return;
    this.#starts += 1;
    const random = this.#random.fork(`start ${this.#starts}`);
    const process = new SimProcess(this.name, world.schedule, world.plan.clocks[world.plan.users + index]);
    this.#process = process;
    const reached = this.shared?.reach({
      schedule: world.schedule,
      process,
      random: random.fork('parts'),
      manner: (asked) => world.weather.of(asked, index),
    });
    this.#closeParts = () => reached?.close();
    const given = this.optionsOf(this.name);
    checkGateway(given);
    const { authenticate, authorize, timings, limits, ...rest } = given;
    const { plan } = world;
    const gateway = createGateway({
      ...rest,
      ...reached?.parts,
      timings: { ...plan.timings, ...timings },
      limits: { ...plan.limits, ...limits },
      clock: process,
      generateId: () => random.id(),
      authenticate: authenticate && this.#asked('authenticate', authenticate, process, random.fork('authenticate')),
      authorize: authorize && this.#asked('authorize', authorize, process, random.fork('authorize')),
    });
    gateway.on('error', ({ error, where }) => {
      if (!process.isDead) world.note({ kind: 'failed', where: `${this.name}: ${where}`, error: errorText(error) });
    });
    this.#gateway = gateway;
    this.limits = { ...plan.limits, ...limits } as Plan['limits'];
    this.#isDraining = false;
    world.say(this.name, 'starts');
  }

  /** Looks how much it holds now. */
  look(): void {
    const { droppedMembers = 0 } = this.#gateway?.stats() ?? {};
    this.droppedMembersMost = Math.max(this.droppedMembersMost, droppedMembers);
  }

  /** A client's handshake has arrived. @param greeted once the process is at it. */
  greet(link: MemoryLink, greeted: () => void): void {
    this.#links.add(link);
    if (this.#process.isPaused) link.holdGateway();
    this.#process.run(greeted);
  }

  /** Whether a link leads to the process that runs now. */
  serves(link: MemoryLink): boolean {
    return this.#links.has(link);
  }

  pause(): void {
    this.#process.pause();
    for (const link of this.#links) link.holdGateway();
  }

  resume(): void {
    for (const link of this.#links) link.releaseGateway();
    this.#process.resume();
  }

  /** The process, or its machine, is gone: clients get a reset, or learn nothing. */
  kill(how: 'reset' | 'silent'): void {
    this.#process.kill();
    this.#gateway = undefined;
    this.#closeParts();
    for (const link of this.#links) {
      if (how === 'reset') link.reset();
      else link.stall();
    }
    this.#links.clear();
  }

  /** Drains, then is down. */
  async deploy(graceMs: number): Promise<void> {
    const gateway = this.#gateway;
    if (gateway === undefined || this.#isDraining) return;
    this.#isDraining = true;
    await this.close(graceMs);
    if (this.#gateway !== gateway) return;
    this.#gateway = undefined;
    this.#closeParts();
    this.world.note({ kind: 'act', act: { do: 'deploy', gateway: this.index, graceMs, backMs: -1 } });
  }

  /** Closes the gateway, where there is one. */
  async close(graceMs: number): Promise<void> {
    const { world, name } = this;
    const process = this.#process;
    const found = (check: string, text: string) => {
      if (!process.isDead) world.note({ kind: 'found', check, text: `${name}: ${text}` });
    };
    try {
      await this.#gateway?.close({ graceMs });
    } catch (error) {
      found('close', `close() rejected: ${errorText(error)}`);
    }
    if (process.pendingTimers > 0 && !this.reachesByTimers) found('close', `${process.pendingTimers} timers left by close()`);
  }

  /** A gateway that has closed lets go of what it shared. */
  letGo(): void {
    this.#closeParts();
  }

  /** Timers of a gateway that has closed. */
  get leftovers(): number {
    return this.#process.pendingTimers;
  }

  /** A hook that is asked beyond a network, and answers as the weather is. */
  #asked<Hook extends Authenticate | Authorize>(asked: Asked, hook: Hook, process: SimProcess, random: Random): Hook {
    const { weather, schedule, plan } = this.world;
    const ask = (context: never): unknown => {
      const manner = weather.of(asked, this.index);
      if (manner === undefined && !plan.asyncHooks) return hook(context);
      if (manner === 'refuse') return false;
      return new Promise((resolve, reject) => {
        if (manner === 'lost') return;
        const ms = answerMs(manner, random);
        schedule.after(ms, () =>
          process.run(() => {
            if (manner === 'fail') reject(new Error(`${asked} is down`));
            else resolve(hook(context));
          }),
        );
      });
    };
    return ask as Hook;
  }
}

/** @throws TypeError where these are no options, or the simulation's: hooks that are silently not there would let everything hold. */
function checkGateway(options: unknown): void {
  const given = atOnce(options, "the gateway's options");
  const own = SIMULATED.find((name) => given[name] !== undefined);
  if (own !== undefined) throw new TypeError(`the gateway's ${own}: is the simulation's`);
}

function answerMs(manner: string | undefined, random: Random): number {
  if (manner === 'slow') return random.integer(50, 3_000);
  if (manner === 'late') return random.integer(5_000, 20_000);
  return random.integer(1, 30);
}
