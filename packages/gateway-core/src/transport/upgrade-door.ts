import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { CLOSE_CODES } from 'gateway-protocol';
import type { Clock } from '../clock.js';
import type { ConnectionCounts, Full } from '../connection-counts.js';
import type { Peer } from '../gateway.js';
import { isPromise, type MaybePromise } from '../maybe-promise.js';
import type { ResolvedOptions } from '../options.js';
import { remoteAddressOf } from './client-address.js';
import { ClosingRefusals } from './closing-refusals.js';
import { checkHandshake, type HandshakeRefusal, refuse } from './handshake.js';
import type { GatewaySocket } from './socket.js';
import type { WsTransport } from './ws-transport.js';

/** A handshake on its way in. */
interface Arrival {
  request: IncomingMessage;
  socket: Duplex;
  head: Buffer;
  remoteAddress: string;
  opened: (socket: GatewaySocket, peer: Peer) => void;
}

const DRAINING: HandshakeRefusal = {
  status: 503,
  message: 'draining',
  headers: { 'Retry-After': '1' },
  closeCode: CLOSE_CODES.DRAINING.code,
};
const ORIGIN_REFUSED: HandshakeRefusal = {
  status: 403,
  message: 'this origin may not connect',
  closeCode: CLOSE_CODES.FORBIDDEN.code,
};
const ORIGIN_NOT_CHECKED: HandshakeRefusal = { status: 500, message: 'the origin could not be checked' };
const full = (status: number, message: string): HandshakeRefusal => ({
  status,
  message,
  headers: { 'Retry-After': '5' },
  closeCode: CLOSE_CODES.TOO_MANY_CONNECTIONS.code,
});
const FULL: Record<Full, HandshakeRefusal> = {
  'in all': full(503, 'too many connections'),
  'from this address': full(429, 'too many connections from this address'),
};

/** Lets clients in: every check of a handshake, then the transport. */
export class UpgradeDoor {
  refused = 0;
  #shut = false;
  /** Where refusals are said by a close code. */
  readonly #closing: ClosingRefusals | undefined;
  /** Ends the wait of each handshake that the host's check of its origin has not answered. */
  readonly #waiting = new Set<(refusal: HandshakeRefusal) => void>();

  constructor(
    private readonly transport: WsTransport,
    private readonly options: ResolvedOptions,
    private readonly counts: ConnectionCounts,
    private readonly clock: Clock,
    private readonly failed: (error: unknown, where: string) => void,
  ) {
    const { refuseBy, limits, timings } = options;
    if (refuseBy === 'close') this.#closing = new ClosingRefusals(limits, timings.closeTimeoutMs, clock);
  }

  enter(request: IncomingMessage, socket: Duplex, head: Buffer, opened: Arrival['opened']): void {
    const arrival = { request, socket, head, remoteAddress: remoteAddressOf(request, this.options.trustedProxies), opened };
    const refusal = this.#shut ? DRAINING : (checkHandshake(request) ?? this.#full(arrival));
    if (refusal === undefined) this.#checkOrigin(arrival);
    else this.#refuse(arrival, refusal);
  }

  /** Refuses everybody from now on, those who wait among them: 503. */
  shut(): void {
    this.#shut = true;
    for (const end of [...this.#waiting]) end(DRAINING);
  }

  /** Lets go of those who were refused and are still there. */
  close(): void {
    this.#closing?.end();
  }

  #checkOrigin(arrival: Arrival): void {
    let allowed: MaybePromise<boolean>;
    try {
      allowed = this.options.allowOrigin(arrival.request.headers.origin, arrival.request);
    } catch (error) {
      this.#originFailed(arrival, error);
      return;
    }
    if (isPromise(allowed)) this.#wait(arrival, allowed);
    else this.#checked(arrival, allowed);
  }

  /** A handshake takes its place while it waits, or a client could open any number of them. */
  #wait(arrival: Arrival, answer: Promise<boolean>): void {
    const { socket, remoteAddress } = arrival;
    const timeoutMs = this.options.timings.partTimeoutMs;
    this.counts.add(remoteAddress);
    /** The first end counts; what comes later, like an answer for a socket that is gone, is for nobody. */
    const end = (then: () => void) => {
      if (!this.#waiting.delete(refuseNow)) return;
      this.clock.clearTimeout(timer);
      this.counts.remove(remoteAddress);
      socket.off('close', gone).off('error', ignore);
      then();
    };
    const refuseNow = (refusal: HandshakeRefusal) => end(() => this.#refuse(arrival, refusal));
    const gone = () =>
      end(() => {
        this.refused += 1;
      });
    const ignore = () => {};
    const timer = this.clock.setTimeout(
      () => end(() => this.#originFailed(arrival, new Error(`the check of an origin has taken more than ${timeoutMs} ms`))),
      timeoutMs,
    );
    this.#waiting.add(refuseNow);
    // A reset is an `error`, which ends the process where nobody listens; `close` follows.
    socket.on('close', gone).on('error', ignore);
    Promise.resolve(answer).then(
      (allowed) => end(() => this.#checked(arrival, allowed)),
      (error: unknown) => end(() => this.#originFailed(arrival, error)),
    );
  }

  /** The host has decided; meanwhile others may have taken the last place. */
  #checked(arrival: Arrival, allowed: boolean): void {
    const refusal = allowed === true ? this.#full(arrival) : ORIGIN_REFUSED;
    if (refusal === undefined) this.#letIn(arrival);
    else this.#refuse(arrival, refusal);
  }

  #letIn({ request, socket, head, remoteAddress, opened }: Arrival): void {
    // `ws` takes no list; whichever other protocols the client offers, this is the one.
    request.headers.upgrade = 'websocket';
    let taken = false;
    this.transport.upgrade(request, socket, head, (client) => {
      taken = true;
      opened(client, { remoteAddress, request });
    });
    if (!taken) this.refused += 1;
  }

  #originFailed(arrival: Arrival, error: unknown): void {
    this.failed(error, 'allowedOrigins');
    this.#refuse(arrival, ORIGIN_NOT_CHECKED);
  }

  #full({ remoteAddress }: Arrival): HandshakeRefusal | undefined {
    const full = this.counts.full(remoteAddress);
    return full && FULL[full];
  }

  #refuse({ request, socket, remoteAddress }: Arrival, refusal: HandshakeRefusal): void {
    this.refused += 1;
    const { closeCode, message } = refusal;
    if (closeCode !== undefined && this.#closing?.take(request, socket, remoteAddress, closeCode, message)) return;
    refuse(socket, refusal);
  }
}
