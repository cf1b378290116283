import type { Clock, GatewayStats, Logger } from 'gateway-core';
import { UsageError } from '../usage-error.js';
import type { ServingAddress, ToPrimary, ToWorker } from './control-messages.js';
import { WIRE_VERSION } from './messages.js';
import { Questions } from './questions.js';
import { sumOf } from './sum-of.js';
import type { WorkersMetrics } from './workers-metrics.js';

/** A process that serves clients, as the pool sees it. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  send(message: ToWorker): void;
  /** SIGKILL. */
  kill(): void;
  onMessage(listener: (message: ToPrimary) => void): void;
  onExit(listener: (code: number | null, signal: string | null) => void): void;
}

export interface WorkerPoolOptions {
  count: number;
  /** Starts a process. */
  fork(): WorkerProcess;
  /** What a worker is told first. */
  start(worker: number): ToWorker;
  clock: Clock;
  logger: Logger;
  /** How long a worker that drains may take before it is killed, in milliseconds. */
  drainMs: number;
  /** Is given what workers say of their metrics. Default: they are not asked. */
  metrics?: WorkersMetrics | undefined;
}

/** The pause before a worker that died is replaced: the first, doubled with each that dies soon, and the longest. */
const PAUSE_MS = 100;
const PAUSE_MAX_MS = 10_000;
/** Who has served for so long does not die of how it began. */
const STABLE_MS = 10_000;

/** One process, from its fork to its exit. */
interface Running {
  readonly worker: number;
  readonly process: WorkerProcess;
  state: 'starting' | 'serving' | 'draining' | 'exited';
  /** Monotonic milliseconds. */
  servingSince: number | undefined;
  /** Resolves when it serves; rejects where it exits before. */
  readonly serving: Promise<ServingAddress>;
  readonly exited: Promise<void>;
}

/** Keeps so many workers alive: replaces those that die, one after the other those that are to be new, and ends all. */
export class WorkerPool {
  /** The process of each worker; two while one takes over from the other. */
  readonly #running = new Set<Running>();
  /** How often each worker has died soon, in a row. */
  readonly #failures = new Map<number, number>();
  #state: 'starting' | 'running' | 'draining' = 'starting';
  #port: number | undefined;
  #rolling: Promise<void> | undefined;
  #rollAgain = false;
  readonly #questions: Questions;
  /** Processes that have ended without being told to. */
  deaths = 0;

  constructor(private readonly options: WorkerPoolOptions) {
    this.#questions = new Questions(options.clock);
  }

  /** Processes that serve. */
  get size(): number {
    return [...this.#running].filter(({ state }) => state === 'serving').length;
  }

  /**
   * Resolves when all workers serve, but for those that could not at once.
   * @throws UsageError (by rejection) where the first one could not as configured; Error where it ended before it served.
   */
  async start(): Promise<ServingAddress> {
    const address = await this.#launch(0).serving;
    if (this.#state === 'starting') this.#state = 'running';
    const others = Array.from({ length: this.options.count - 1 }, (_, index) => index + 1);
    // One that cannot serve now though the first one could is started again like any that dies.
    if (this.#state === 'running') await Promise.allSettled(others.map((worker) => this.#launch(worker).serving));
    return address;
  }

  /** Replaces the workers one after the other: each drains when another one serves in its place. While it does so, it does so once more. */
  roll(): Promise<void> {
    if (this.#rolling !== undefined) {
      this.#rollAgain = true;
      return this.#rolling;
    }
    this.#rolling = this.#rollAll().finally(() => {
      this.#rolling = undefined;
    });
    return this.#rolling;
  }

  /** Drains all, and starts none any more. Resolves when all have exited. */
  async drain(): Promise<void> {
    this.#state = 'draining';
    for (const running of this.#running) this.#drain(running, 'all');
    while (this.#running.size > 0) await Promise.all([...this.#running].map(({ exited }) => exited));
  }

  /** Ends all at once. */
  kill(): void {
    this.#state = 'draining';
    for (const { process } of this.#running) process.kill();
  }

  /** The sums of what the workers count; of those that answer. */
  async stats(): Promise<GatewayStats & { workers: number }> {
    const answers = await this.#questions.ask('stats', this.#asked());
    return sumOf(answers.map(({ stats }) => stats));
  }

  /** Has the workers say their metrics. Resolves when those have that answer. */
  async askMetrics(): Promise<void> {
    await this.#questions.ask('metrics', this.#asked());
  }

  #asked(): WorkerProcess[] {
    const running = [...this.#running].filter(({ state }) => state === 'serving' || state === 'draining');
    return running.map(({ process }) => process);
  }

  #launch(worker: number): Running {
    const { clock, logger, fork, start, metrics } = this.options;
    const process = fork();
    let refusal: Error | undefined;
    let serve: (address: ServingAddress) => void;
    let refuse: (error: Error) => void;
    let exit: () => void;
    const running: Running = {
      worker,
      process,
      state: 'starting',
      servingSince: undefined,
      serving: new Promise((resolve, reject) => {
        serve = resolve;
        refuse = reject;
      }),
      exited: new Promise((resolve) => {
        exit = resolve;
      }),
    };
    // Whoever waits for it is told; nobody has to.
    running.serving.catch(() => {});
    this.#running.add(running);
    process.onMessage((message) => {
      if (message.type === 'metrics') metrics?.take(process, worker, message.samples);
      if (message.type === 'stats' || message.type === 'metrics') this.#questions.answered(message);
      else if (message.type === 'failed') refusal = message.usage ? new UsageError(message.message) : new Error(message.message);
      else if (message.type === 'hello' && message.version !== WIRE_VERSION) {
        refusal = new Error('the program was replaced by a version that this process cannot serve: start it anew');
        process.kill();
      } else if (message.type === 'hello') process.send(start(worker));
      else if (running.state === 'starting') {
        running.state = 'serving';
        running.servingSince = clock.monotonicMs();
        logger.info('a worker serves', { worker, workerPid: process.pid });
        serve(message);
        if (this.#port !== undefined && this.#port !== message.port) {
          // Of any free port, when all were gone at once.
          logger.warn(`listening on ${message.url} from now on`, { url: message.url, port: message.port });
        }
        this.#port = message.port;
      }
    });
    process.onExit((code, signal) => {
      const { state } = running;
      running.state = 'exited';
      this.#running.delete(running);
      metrics?.ended(process);
      const error = refusal ?? new Error(`a worker ended with ${code ?? signal} before it served`);
      refuse(error);
      exit();
      if (state !== 'draining') this.#died(running, state, { code, signal, ...(refusal && { error: refusal.message }) });
    });
    return running;
  }

  #died({ worker, process, servingSince }: Running, state: string, how: Record<string, unknown>): void {
    const { clock, logger } = this.options;
    // What is wrong at the start ends the program.
    if (this.#state !== 'running') return;
    this.deaths += 1;
    const message = state === 'serving' ? 'a worker has died' : 'a worker could not start';
    if (this.#has(worker)) {
      // One of two: the other one is there, or comes.
      logger.error(message, { worker, workerPid: process.pid, ...how });
      return;
    }
    const wasStable = servingSince !== undefined && clock.monotonicMs() - servingSince >= STABLE_MS;
    const failures = wasStable ? 0 : (this.#failures.get(worker) ?? 0);
    this.#failures.set(worker, failures + 1);
    const pauseMs = Math.min(PAUSE_MS * 2 ** failures, PAUSE_MAX_MS);
    logger.error(message, { worker, workerPid: process.pid, ...how, restartsInMs: pauseMs });
    clock.setTimeout(() => {
      if (this.#state === 'running' && !this.#has(worker)) this.#launch(worker);
    }, pauseMs);
  }

  #has(worker: number): boolean {
    return [...this.#running].some((running) => running.worker === worker);
  }

  async #rollAll(): Promise<void> {
    const { logger } = this.options;
    do {
      this.#rollAgain = false;
      for (let worker = 0; worker < this.options.count; worker += 1) {
        if (this.#state !== 'running') return;
        const olds = [...this.#running].filter((running) => running.worker === worker);
        try {
          await this.#launch(worker).serving;
        } catch (error) {
          if ((this.#state as string) === 'draining') return;
          logger.error('workers are not replaced any further: a new one does not serve', {
            worker,
            error: (error as Error).message,
          });
          return;
        }
        if ((this.#state as string) === 'draining') return;
        for (const old of olds) this.#drain(old, 'hand over');
        await Promise.all(olds.map(({ exited }) => exited));
      }
      logger.info('workers are replaced', { workers: this.options.count });
    } while (this.#rollAgain);
  }

  #drain(running: Running, how: 'hand over' | 'all'): void {
    const { clock, logger, drainMs } = this.options;
    const { worker, process } = running;
    if (running.state === 'exited') return;
    const wasStarting = running.state === 'starting';
    running.state = 'draining';
    // It may not have said anything yet, and has no clients.
    if (wasStarting) process.kill();
    else process.send({ type: 'drain', how });
    const timer = clock.setTimeout(() => {
      logger.error('a worker does not end, and is killed', { worker, workerPid: process.pid });
      process.kill();
    }, drainMs);
    void running.exited.then(() => clock.clearTimeout(timer));
  }
}
