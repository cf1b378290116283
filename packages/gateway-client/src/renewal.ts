import { Alarm } from './alarm.js';
import type { StatusReason } from './client.js';
import type { Context } from './context.js';
import { GatewayClientError, StopError } from './errors.js';
import type { TokenSource } from './token-source.js';
import type { MemberReady } from './wire.js';

/** Renewed so long before the end, or a tenth of the time that is left, whichever is longer. */
const LEAD_MS = 30_000;
const RETRY_MS = 1_000;
const RETRY_MAX_MS = 30_000;

/** What it needs of the connection. */
export interface RenewalHost {
  identify(id: string, token: string | null): void;
  /** The token function has said that there is no use in another attempt. */
  stop(reason: StatusReason): void;
}

/** Renews the credentials in place, by another `identify`, before they expire. The gateway's clock counts: the client's may be wrong. */
export class Renewal {
  readonly #alarm: Alarm;
  #count = 0;
  #failures = 0;
  /** The renewal that waits for its `ready`. */
  #waiting: { id: string; resolve(): void; reject(error: GatewayClientError): void } | undefined;

  constructor(
    private readonly context: Context,
    private readonly tokens: TokenSource,
    private readonly host: RenewalHost,
  ) {
    this.#alarm = new Alarm(context.clock);
  }

  /** `ready` has come: credentials were taken. */
  ready({ expiresAt, serverTs }: MemberReady): void {
    this.#failures = 0;
    this.#waiting?.resolve();
    this.#waiting = undefined;
    this.#alarm.clear();
    if (expiresAt === undefined || serverTs === undefined || !this.tokens.canRenew) return;
    const leftMs = expiresAt - serverTs;
    const leadMs = Math.min(Math.max(LEAD_MS, leftMs / 10), leftMs / 2);
    const jitter = 0.95 + this.context.random() / 10;
    this.#alarm.set(leftMs - leadMs * jitter, () => this.#renewByItself());
  }

  /** Resolves when the gateway has taken another token. */
  async renew(): Promise<void> {
    const { timings, deadlines } = this.context;
    const token = await this.tokens.get('expiring');
    this.#waiting?.reject(new GatewayClientError('ABORTED', 'another renewal has begun'));
    this.#count += 1;
    const id = `renew-${this.#count}`;
    let undo = () => {};
    const taken = new Promise<void>((resolve, reject) => {
      this.#waiting = { id, resolve, reject };
      undo = deadlines.add(timings.identifyTimeoutMs, () => reject(new GatewayClientError('TIMEOUT', 'identify: no answer')));
      this.context.dispatcher.enter(() => this.host.identify(id, token));
    });
    return taken.finally(undo);
  }

  /** @returns whether the error answers the renewal. */
  refused(error: GatewayClientError): boolean {
    if (this.#waiting === undefined || this.#waiting.id !== error.id) return false;
    this.#waiting.reject(error);
    this.#waiting = undefined;
    return true;
  }

  /** The connection is gone. */
  stop(error: GatewayClientError): void {
    this.#alarm.clear();
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }

  #renewByItself(): void {
    this.renew().catch((cause) => {
      const error =
        cause instanceof GatewayClientError ? cause : new GatewayClientError('UNAUTHORIZED', `token: ${cause}`, { cause });
      if (cause instanceof StopError) {
        this.context.dispatcher.enter(() => this.host.stop({ text: cause.message, error }));
        return;
      }
      // Taken back by a newer call, or by the end of the connection.
      if (error.code === 'ABORTED' || error.code === 'NOT_CONNECTED') return;
      this.context.report(error);
      this.#alarm.set(Math.min(RETRY_MS * 2 ** this.#failures, RETRY_MAX_MS), () => this.#renewByItself());
      this.#failures += 1;
    });
  }
}
