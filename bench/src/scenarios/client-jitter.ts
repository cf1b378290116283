import type { Bench } from '../bench.js';
import type { JitterParams, Metrics } from '../job.js';
import { Network } from '../peers/network.js';
import type { OWN_CLIENTS, OwnClient } from '../peers/own-clients.js';
import { cpuUs } from '../proc.js';

/** Broadcasts before the first client is cut: who has got nothing has no place in the log to come back to. */
const FIRST_MESSAGES = 2;
/** What has not come for this long, to somebody who is back, is missing. */
const PATIENCE_MS = 2_000;

type Make = (typeof OWN_CLIENTS)[keyof typeof OWN_CLIENTS];

/** One client on its network, and what it has heard. */
class Subject {
  readonly client: OwnClient;
  readonly heard = new Set<number>();
  doubled = 0;
  late = 0;
  recovered = 0;
  isIn = false;
  #last = -1;
  #changed: () => void = () => {};

  constructor(
    make: Make,
    readonly network: Network,
  ) {
    this.client = make(network.port, {
      heard: (data) => this.#take(Number.parseInt(data, 10)),
      entered: (recovered) => {
        this.isIn = true;
        if (recovered) this.recovered++;
        this.#changed();
      },
    });
  }

  /** Resolves to whether it is in the group and has `count` messages; to `false` when it has been in it for long enough and has not. */
  until(count: number): Promise<boolean> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      this.#changed = () => {
        if (!this.isIn) return;
        if (this.heard.size >= count) {
          clearTimeout(timer);
          resolve(true);
        } else timer ??= setTimeout(() => resolve(false), PATIENCE_MS);
      };
      this.#changed();
    });
  }

  close(): void {
    this.client.close();
    this.network.close();
  }

  #take(number: number): void {
    if (this.heard.has(number)) this.doubled++;
    else if (number < this.#last) this.late++;
    this.heard.add(number);
    this.#last = Math.max(this.#last, number);
    this.#changed();
  }
}

/**
 * Jitter with the products' own clients, with their defaults and their own waits before they come back. The delay of a return counts from when the
 * network is there again, to the last message that was published before; who never gets it has no delay, but messages that are missing.
 */
export async function clientJitter(bench: Bench, make: Make, params: JitterParams): Promise<Metrics> {
  const { server } = bench;
  const { members, everyMs, awayMs, perSecond, dataBytes, durationMs } = params;
  const subject = async () => new Subject(make, await Network.to(server.port));
  const host = await subject();
  const subjects = await Promise.all(Array.from({ length: members }, subject));
  await bench.guard(Promise.all([host, ...subjects].map((one) => one.until(0))));

  const cpuBefore = cpuUs(server.pid);
  const start = performance.now();
  const leadMs = (FIRST_MESSAGES * 1000) / perSecond;
  let sent = 0;
  const publisher = setInterval(() => host.client.publish(`${sent++}`.padEnd(dataBytes)), 1000 / perSecond);
  const delays: number[] = [];
  let returns = 0;
  const live = async (one: Subject, offsetMs: number) => {
    for (let cutAt = offsetMs; cutAt + awayMs < durationMs; cutAt += everyMs) {
      await bench.pause(Math.max(0, start + cutAt - performance.now()));
      one.isIn = false;
      one.network.goDown();
      await bench.pause(awayMs);
      one.network.comeUp();
      const upAt = performance.now();
      returns++;
      if (await bench.guard(one.until(sent))) delays.push(performance.now() - upAt);
    }
  };
  const lives = subjects.map((one, at) => live(one, leadMs + (everyMs * at) / members));
  await bench.pause(durationMs);
  clearInterval(publisher);
  await Promise.all(lives);
  await bench.guard(Promise.all([host, ...subjects].map((one) => one.until(sent))));
  const elapsedMs = performance.now() - start;
  const serverBusy = (cpuUs(server.pid) - cpuBefore) / 1000 / elapsedMs;
  for (const one of [host, ...subjects]) one.close();

  delays.sort((a, b) => a - b);
  const sum = (of: (one: Subject) => number) => subjects.reduce((all, one) => all + of(one), 0);
  const missing = sum(({ heard }) => sent - heard.size);
  return {
    backP50Ms: delays[Math.floor(delays.length * 0.5)] ?? 0,
    backP99Ms: delays[Math.floor(delays.length * 0.99)] ?? 0,
    returns,
    resumed: sum(({ recovered }) => recovered),
    delivered: 1 - missing / (members * sent),
    missing,
    doubled: sum(({ doubled }) => doubled),
    late: sum(({ late }) => late),
    serverBusy,
  };
}
