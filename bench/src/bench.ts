import {
  type ClientContext,
  type ClosedLoop,
  DEFLATE_HEADERS,
  type Dialect,
  gatewayDialect,
  Inflater,
  Meter,
  type RunLimit,
} from 'gateway-cli/bench';
import { GATEWAYS, type ServerName } from './job.js';
import { plainDialect } from './peers/plain-dialect.js';
import { socketIoDialect } from './peers/socketio-dialect.js';
import type { ServerProcess } from './server-process.js';

/** A run without a delivery for this long is broken: a message was lost, or the server hangs. */
const STALL_MS = 10_000;

/** How servers are spoken to. */
export interface Manner {
  echo?: boolean | undefined;
  storm?: boolean | undefined;
  /** Messages may be compressed. Default `false`. */
  deflate?: boolean | undefined;
  /** The certificate of a server that is spoken to over TLS. */
  ca?: string | undefined;
  /** Of the gateway's contract. Default `"1"`. */
  version?: '2' | undefined;
}

function dialectOf(server: ServerName, options: Manner): Dialect {
  if (GATEWAYS.includes(server)) return gatewayDialect(options);
  return server === 'socketio' || server.startsWith('sio-') ? socketIoDialect(options) : plainDialect(options);
}

/** What a scenario works with: a server that runs, and a generator whose first fault ends the run. */
export class Bench {
  readonly server: ServerProcess;
  readonly context: ClientContext;
  readonly meter = new Meter();
  private fail!: (fault: Error) => void;
  private readonly failure = new Promise<never>((_resolve, reject) => {
    this.fail = reject;
  });

  constructor(name: ServerName, server: ServerProcess, options: Manner = {}) {
    this.server = server;
    // A fault while nobody waits is seen by the next wait.
    this.failure.catch(() => {});
    const dialect = dialectOf(name, options);
    this.context = {
      target: {
        host: '127.0.0.1',
        port: server.port,
        path: dialect.path,
        headers: options.deflate ? DEFLATE_HEADERS : undefined,
        tls: options.ca === undefined ? undefined : { ca: options.ca },
      },
      inflater: options.deflate ? new Inflater() : undefined,
      dialect,
      meter: this.meter,
      onFault: (fault) => this.fail(fault),
    };
  }

  /** Waits for `work`, but no longer than until the first fault. */
  guard<Value>(work: Promise<Value>): Promise<Value> {
    return Promise.race([work, this.failure]);
  }

  pause(ms: number): Promise<void> {
    return this.guard(new Promise((resolve) => setTimeout(resolve, ms)));
  }

  /** Runs a closed loop and waits for its last delivery. @throws Error at the first fault, or when nothing arrives any more. */
  async run(loop: ClosedLoop, limit: RunLimit): Promise<void> {
    let before = -1;
    const watch = setInterval(() => {
      if (this.meter.deliveries === before) this.fail(new Error(`nothing arrived for ${STALL_MS} ms`));
      before = this.meter.deliveries;
    }, STALL_MS);
    await this.guard(loop.run(limit)).finally(() => clearInterval(watch));
  }
}
