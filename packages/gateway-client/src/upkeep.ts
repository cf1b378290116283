import type { HeartbeatAckPayload } from 'gateway-protocol';
import type { Context } from './context.js';
import { GatewayClientError } from './errors.js';
import { Liveness } from './liveness.js';
import { Renewal } from './renewal.js';
import { RoundTrips } from './round-trips.js';
import type { TokenSource } from './token-source.js';
import { heartbeatText, type MemberReady } from './wire.js';

/** What it needs of the connection. */
export interface UpkeepHost {
  send(text: string): void;
  identify(id: string, token: string | null): void;
  silent(): void;
}

/** What is done for a connection while it is online: heartbeats, round trips, and credentials that do not run out. */
export class Upkeep {
  readonly renewal: Renewal;
  readonly liveness: Liveness;
  readonly #roundTrips: RoundTrips;

  constructor(
    private readonly context: Context,
    tokens: TokenSource,
    host: UpkeepHost,
  ) {
    const { clock, timings, dispatcher } = context;
    this.renewal = new Renewal(context, tokens, (id, token) => host.identify(id, token));
    this.liveness = new Liveness(clock, timings, {
      sendHeartbeat: () => host.send(heartbeatText(clock.now())),
      silent: () => dispatcher.enter(() => host.silent()),
    });
    this.#roundTrips = new RoundTrips(context);
  }

  start(ready: MemberReady): void {
    this.liveness.start(ready.heartbeat.intervalMs);
    this.renewal.ready(ready);
  }

  stop(): void {
    const error = new GatewayClientError('NOT_CONNECTED', 'the connection was lost');
    this.liveness.stop();
    this.renewal.stop(error);
    this.#roundTrips.stop(error);
  }

  /** @returns the average round trip, in milliseconds. */
  answered(payload: HeartbeatAckPayload): number | undefined {
    return this.#roundTrips.answered(payload);
  }

  ping(): Promise<number> {
    return this.#roundTrips.ask(() => this.liveness.probe(this.context.timings.ackTimeoutMs));
  }
}
