import { randomBytes } from 'node:crypto';
import type { Client, ClientContext } from './generator/client.js';
import type { Fault } from './generator/fault.js';
import { enter, Fleet, forAll } from './generator/fleet.js';
import { gatewayDialect } from './generator/gateway-dialect.js';
import { keepAlive } from './generator/keep-alive.js';
import { Meter } from './generator/meter.js';
import { Paced } from './generator/paced.js';
import type { BenchOptions } from './options.js';
import { type Outcome, outcomeOf } from './outcome.js';
import { publishersPerGroup } from './spread.js';
import { Tally } from './tally.js';

/** A connection that is not in its group after this long is refused. */
const ENTER_TIMEOUT_MS = 10_000;
/** A publisher has at most this many seconds of its messages in flight. */
const IN_FLIGHT_S = 10;
/** Nothing came for this long: what is missing then is lost. */
const PATIENCE_MS = 2_000;
/** After the last delivery, a message that comes twice still shows. */
const AFTERMATH_MS = 50;
/** Who has not answered the goodbye after this long is dropped. */
const GOODBYE_MS = 1_000;
const POLL_MS = 10;

/** Clients of a running gateway that publish at a fixed rate, and check what they get. */
export class Load {
  readonly meter = new Meter();
  readonly fleet: Fleet;
  phase: 'connecting' | 'publishing' | 'settling' = 'connecting';
  /** Connections that are in their group. */
  opened = 0;
  /** When it began to publish, in milliseconds of `performance.now()`. */
  startedAt = 0;
  /** Codes of the errors that the gateway answered with. */
  readonly errors = new Tally();
  private readonly options: BenchOptions;
  private readonly patienceMs: number;
  private readonly dialect;
  private readonly refusals = new Tally();
  private readonly drops = new Tally();
  /** Ends the publishing. */
  private readonly stop = new AbortController();
  private stopHeartbeats = () => {};

  constructor(options: BenchOptions, { patienceMs = PATIENCE_MS } = {}) {
    this.options = options;
    this.patienceMs = patienceMs;
    const { target, token, groups, connections, rate, size } = options;
    this.dialect = gatewayDialect({ token });
    const context: ClientContext = {
      target,
      dialect: this.dialect,
      meter: this.meter,
      onFault: (fault, client) => this.note(fault, client),
      onReady: (text) => {
        // One is enough: they all say the same.
        context.onReady = undefined;
        this.keepAlive(text);
      },
    };
    const publishing = publishersPerGroup(options);
    this.fleet = new Fleet(context, {
      groups,
      connections,
      publishersPerGroup: publishing,
      dataBytes: size,
      inFlightMax: Math.max(64, Math.ceil((rate / (publishing * groups)) * IN_FLIGHT_S)),
      // Groups of its own: what others publish would be mangled data.
      groupPrefix: `bench-${randomBytes(6).toString('hex')}-`,
    });
  }

  /** Connects, publishes, waits for what is under way, and leaves. `signal` ends it early. */
  async run(signal: AbortSignal): Promise<Outcome> {
    const interrupt = () => {
      // Handshakes under way then end at once.
      if (this.phase === 'connecting') this.fleet.drop();
      this.stop.abort();
    };
    signal.addEventListener('abort', interrupt);
    try {
      await this.open(signal);
      return await this.publish(signal);
    } finally {
      signal.removeEventListener('abort', interrupt);
      this.stopHeartbeats();
      await this.leave();
    }
  }

  /** The first alone: where nobody answers, ten thousand attempts say no more than one. */
  private async open(signal: AbortSignal): Promise<void> {
    const [first, ...others] = this.fleet.clients as [Client, ...Client[]];
    await this.enter(first, signal);
    if (this.opened > 0) await forAll(others, (client) => this.enter(client, signal));
  }

  private async enter(client: Client, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${ENTER_TIMEOUT_MS} ms`)), ENTER_TIMEOUT_MS);
    });
    try {
      await Promise.race([enter(client), timeout]);
      this.opened++;
    } catch (error) {
      client.leave();
      if (!signal.aborted) this.refusals.add(reasonOf(error as Error));
    } finally {
      clearTimeout(timer);
    }
  }

  private async publish(signal: AbortSignal): Promise<Outcome> {
    const publishers = this.fleet.publishers();
    const paced = new Paced(publishers, this.options.rate);
    this.startedAt = performance.now();
    if (publishers.length > 0) {
      this.phase = 'publishing';
      await paced.run(this.options.durationMs, this.stop.signal);
    }
    const publishedMs = performance.now() - this.startedAt;
    this.phase = 'settling';
    await this.settle();
    return outcomeOf({
      options: this.options,
      fleet: this.fleet,
      latency: this.meter.latency(),
      interrupted: signal.aborted,
      opened: this.opened,
      publishers: publishers.length,
      skipped: paced.skipped,
      elapsedMs: Math.max(publishedMs, this.meter.now - this.startedAt),
      errors: this.errors,
      refusals: this.refusals,
      drops: this.drops,
    });
  }

  /** Waits until everything has arrived, or nothing does any more. */
  private async settle(): Promise<void> {
    let before = -1;
    let lastChange = performance.now();
    const arrived = () => {
      const now = this.fleet.received;
      if (now !== before) lastChange = performance.now();
      before = now;
      return performance.now() - lastChange >= this.patienceMs || this.fleet.ledgers.every(({ inFlight }) => inFlight === 0);
    };
    await until(arrived);
    await pause(AFTERMATH_MS);
  }

  /** Says goodbye: a member that is dropped would stay for a while. */
  private async leave(): Promise<void> {
    const { clients } = this.fleet;
    for (const client of clients) client.leave(1000);
    const deadline = performance.now() + GOODBYE_MS;
    await until(() => performance.now() > deadline || !clients.some(({ isConnected }) => isConnected));
    this.fleet.drop();
  }

  private note(fault: Fault, client: Client): void {
    // The other kinds are in the receipts.
    if (fault.kind === 'refused') this.errors.add(reasonOf(fault));
    if (fault.kind !== 'ended') return;
    this.drops.add(client.closeCode === undefined ? fault.message : `close ${client.closeCode}`);
    // Nobody is left.
    if (this.phase === 'publishing' && this.drops.total === this.opened) this.stop.abort();
  }

  /** `ready` says how often a client has to be heard. */
  private keepAlive(ready: string): void {
    const intervalMs = JSON.parse(ready).payload?.heartbeat?.intervalMs;
    const text = this.dialect.heartbeat();
    if (text !== undefined && intervalMs > 0) this.stopHeartbeats = keepAlive(this.fleet.clients, text, intervalMs);
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(POLL_MS);
}

/** An `error` of the gateway by its code; whatever else by what it says. */
function reasonOf({ message }: Error): string {
  return /^the server said .*"code":"(\w+)"/.exec(message)?.[1] ?? message;
}
