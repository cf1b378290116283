import type { OutgoingToClient2, ReadyPayload } from 'gateway-protocol';
import type { Context } from './context.js';
import { GatewayClientError } from './errors.js';
import { Liveness } from './liveness.js';
import { Renewal, type RenewalHost } from './renewal.js';
import { RoundTrips } from './round-trips.js';
import type { TokenSource } from './token-source.js';
import { heartbeatText, isMemberReady, type MemberReady } from './wire.js';

/** What it needs of the connection. */
export interface UpkeepHost extends RenewalHost {
  send(text: string): void;
  silent(): void;
  /** The renewal was of another user. */
  replaced(ready: MemberReady): void;
  measured(rttMs: number | undefined): void;
}

/** What is done for a connection while it is online: heartbeats, round trips, and credentials that do not run out. */
export class Upkeep {
  readonly renewal: Renewal;
  readonly liveness: Liveness;
  readonly #roundTrips: RoundTrips;

  constructor(
    private readonly context: Context,
    tokens: TokenSource,
    private readonly host: UpkeepHost,
  ) {
    const { clock, timings, dispatcher } = context;
    this.renewal = new Renewal(context, tokens, host);
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

  /** @returns whether the message is of no further concern. */
  takes(message: OutgoingToClient2): boolean {
    this.liveness.heard();
    const { type, payload } = message;
    if (type === 'heartbeat_ack') this.host.measured(this.#roundTrips.answered(payload));
    else if (type === 'ready') this.#renewed(payload);
    else if (type === 'error') {
      const { code, message: text, inReplyTo: id, retryable, retryAfterMs } = payload;
      return this.renewal.refused(new GatewayClientError(code, text, { id, retryable, retryAfterMs }));
    }
    return type === 'heartbeat_ack' || type === 'ready';
  }

  #renewed(ready: ReadyPayload): void {
    if (!isMemberReady(ready)) return;
    this.context.session.take(ready);
    this.renewal.ready(ready);
    if (ready.resumed === false) this.host.replaced(ready);
  }

  ping(): Promise<number> {
    return this.#roundTrips.ask(() => this.liveness.probe(this.context.timings.ackTimeoutMs));
  }
}
