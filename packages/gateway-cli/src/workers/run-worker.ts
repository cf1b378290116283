import cluster from 'node:cluster';
import { Socket } from 'node:net';
import { systemClock } from 'gateway-core';
import { asUsageError } from '../config.js';
import { CountedLogger } from '../counted-logger.js';
import { gatewayOptions } from '../gateway-config.js';
import { logClients } from '../log-lives.js';
import { createLogger } from '../logger.js';
import type { NodeSamples } from '../metrics/exposition.js';
import { type Samples, samplesOf } from '../metrics/samples.js';
import { type RunningServer, serve } from '../serve.js';
import { authenticationOf, tokensProblem } from '../token-settings.js';
import { UsageError } from '../usage-error.js';
import { PARTS_FD } from './cluster-process.js';
import { connectParts } from './connect-parts.js';
import type { ToPrimary, ToWorker } from './control-messages.js';
import { WIRE_VERSION } from './messages.js';

/** What clients are given to go elsewhere, when the primary is gone and this process with it. */
const FAREWELL_MS = 1_000;
/** These go to the primary as well, which says what is to be done. */
const OF_THE_PRIMARY = ['SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR2'] as const;

type Start = Extract<ToWorker, { type: 'start' }>;

/** Serves clients for the primary that has started this process, for as long as that one is there. */
export function runWorker(): void {
  // Else Node ends the process the moment that the primary is gone, and nobody is told.
  if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
  for (const signal of OF_THE_PRIMARY) process.on(signal, () => {});
  process.once('message', (message: Start) => void new ServingWorker(message).run());
  void say({ type: 'hello', version: WIRE_VERSION });
}

class ServingWorker {
  readonly #logger;
  /** For what clients cause: they are many, or one that errs without end. */
  readonly #counted;
  readonly #link;
  #running: RunningServer | undefined;
  #isEnding = false;
  #node: NodeSamples | undefined;

  constructor(private readonly start: Start) {
    const { config, worker, color } = start;
    const { debug, info, warn, error } = createLogger({
      level: config.logLevel,
      pretty: config.pretty,
      color,
      output: process.stdout,
    });
    const named = (log: typeof info) => (text: string, meta?: Record<string, unknown>) => log(text, { worker, ...meta });
    this.#logger = { debug: named(debug), info: named(info), warn: named(warn), error: named(error) };
    this.#counted = new CountedLogger(this.#logger, { clock: systemClock });
    const socket = new Socket({ fd: PARTS_FD, readable: true, writable: true });
    this.#link = connectParts(socket, { closed: () => void this.#lost() });
  }

  async run(): Promise<void> {
    const { config } = this.start;
    const logger = this.#logger;
    process.on('message', (message: ToWorker) => this.#hear(message));
    process.on('disconnect', () => void this.#lost());
    process.on('SIGTERM', () => void this.#drain('hand over'));
    try {
      const { host, port, probes } = config;
      const authentication = await authenticationOf(config, logger);
      const degraded = () => tokensProblem(authentication);
      const options = { ...gatewayOptions(config), ...authentication?.hooks, ...this.#link.parts };
      const running = await serve({ ...options, logger: this.#counted, host, port, probes, degraded });
      if (config.tokens?.jwksUrl !== undefined) void authentication?.reload();
      if (config.metricsPort !== undefined) {
        const { NodeSamples } = await import('../metrics/exposition.js');
        this.#node = new NodeSamples({ worker: String(this.start.worker) });
      }
      this.#running = running;
      logClients(running.gateway, config.logLevel, logger, this.#counted, systemClock);
      const { url, healthUrl, address } = running;
      void say({ type: 'serving', url, healthUrl, address, port: running.port });
    } catch (error) {
      const told = asUsageError(error, config);
      const usage = told instanceof UsageError;
      void say({ type: 'failed', message: usage ? told.message : String(error), usage });
      this.#end(1);
    }
  }

  #hear(message: ToWorker): void {
    if (message.type === 'drain') void this.#drain(message.how);
    else if (message.type === 'metrics') void this.#sayMetrics(message.id);
    else if (message.type === 'stats' && this.#running !== undefined) {
      void say({ type: 'stats', id: message.id, stats: this.#running.gateway.stats() });
    }
  }

  async #sayMetrics(id: number): Promise<void> {
    if (this.#node === undefined || this.#running === undefined) return;
    const node = await this.#node.samples();
    const gateway = samplesOf(this.#running.gateway.metrics());
    await say({ type: 'metrics', id, samples: { gateway, node: withoutGaps(node) } });
  }

  async #drain(how: 'hand over' | 'all'): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    await this.#running?.close({ stopsListening: how === 'hand over' });
    this.#counted.flush();
    await this.#sayMetrics(0);
    this.#end(0);
  }

  /** Logs, members and sessions were the primary's. Clients are told, and find the next one; this process serves nobody any more. */
  async #lost(): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#logger.error('the primary process is gone: clients are sent elsewhere, and this one ends');
    systemClock.setTimeout(() => process.exit(1), 2 * FAREWELL_MS);
    await this.#running?.gateway.close({ graceMs: FAREWELL_MS });
    process.exit(1);
  }

  /** What is written is written first; then nothing is left that would keep the process. */
  #end(code: number): void {
    this.#isEnding = true;
    process.exitCode = code;
    this.#link.close();
    if (process.connected) process.disconnect();
  }
}

/** What JSON has no number for, like the mean of nothing, is left out. */
function withoutGaps(all: readonly Samples[]): Samples[] {
  return all.map((samples) => ({ ...samples, values: samples.values.filter(({ value }) => Number.isFinite(value)) }));
}

/** Resolves when it is written, or cannot be: to a primary that is gone its socket says so. */
function say(message: ToPrimary): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) resolve();
    else process.send(message, undefined, undefined, () => resolve());
  });
}
