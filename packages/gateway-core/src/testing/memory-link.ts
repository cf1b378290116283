import type { Clock } from '../clock.js';
import { GatewayError } from '../errors.js';
import type { LinkDirection } from './link-direction.js';
import { LinkPipe } from './link-pipe.js';

/** What a {@link MemoryLink} can carry and hold, each way. */
export interface MemoryLinkOptions {
  /** Moves the bytes. With a `FakeClock` they move only while the test moves time. */
  clock: Clock;
  /** Bytes that the wire takes per second. Default: no bound. */
  bytesPerSecond?: number | undefined;
  /** Bytes that the sender's kernel holds (`SO_SNDBUF`). Default 65,536. */
  kernelBufferBytes?: number | undefined;
  /** Bytes that the receiver's kernel holds, and most on the way to it (`SO_RCVBUF`). Default 65,536. */
  receiveBufferBytes?: number | undefined;
  /** How long a byte is on the way, in milliseconds; a function is asked for each segment, and none overtakes another. Default 0. */
  latencyMs?: number | (() => number) | undefined;
}

/**
 * A network between the gateway and one client, for `connectClient`: with a rate, buffers that are full at some time, and a latency. Text,
 * pings, pongs and close frames travel on it in order, in segments of 1,460 bytes. A link without a rate and a latency delivers at once.
 * @example
 * const link = new MemoryLink({ clock, bytesPerSecond: 10_000, latencyMs: 50 });
 * const client = connectClient(gateway, { link });
 * await clock.advance(100); // `ready` has arrived
 * link.stall(); // a tunnel: nothing moves, and neither end is told
 */
export class MemoryLink {
  readonly #toClient: LinkPipe;
  readonly #toGateway: LinkPipe;
  #reset: (() => void) | undefined;

  /** @throws GatewayError `INVALID_OPTION`, where an option is no number that a link can have. */
  constructor(options: MemoryLinkOptions) {
    const { clock, latencyMs = 0 } = options;
    const checked = {
      clock,
      bytesPerSecond: positive('bytesPerSecond', options.bytesPerSecond ?? Number.POSITIVE_INFINITY),
      kernelBufferBytes: wholeBytes('kernelBufferBytes', options.kernelBufferBytes ?? 65_536),
      receiveBufferBytes: wholeBytes('receiveBufferBytes', options.receiveBufferBytes ?? 65_536),
      latencyMs: latencyOf(latencyMs),
    };
    this.#toClient = new LinkPipe(checked);
    this.#toGateway = new LinkPipe(checked);
  }

  /** What the gateway sends. Its `bufferedBytes` are those that the gateway sees. */
  get toClient(): LinkDirection {
    return this.#toClient;
  }

  /** What the client sends. It is not `reading` where the gateway has paused the socket. */
  get toGateway(): LinkDirection {
    return this.#toGateway;
  }

  /**
   * Nothing moves any more, and neither end is told: the link is half-open. An end that is cut meanwhile, or ends by itself, knows that
   * alone. Until `restore`, if that is ever called.
   */
  stall(): void {
    this.#toClient.stall();
    this.#toGateway.stall();
  }

  /** Things move on, from where they stood. */
  restore(): void {
    this.#toClient.restore();
    this.#toGateway.restore();
  }

  /**
   * The client's process stands still, as one that is stopped or whose machine sleeps: it reads nothing and learns nothing, until
   * `releaseClient`. Its timers are for its clock to hold.
   */
  holdClient(): void {
    this.#toClient.hold();
  }

  releaseClient(): void {
    this.#toClient.release();
  }

  /** The gateway's process stands still, until `releaseGateway`; see `holdClient`. */
  holdGateway(): void {
    this.#toGateway.hold();
  }

  releaseGateway(): void {
    this.#toGateway.release();
  }

  /** Both ends get a reset (TCP RST): each sees 1006 at once, and what was on the way is lost. */
  reset(): void {
    this.#reset?.();
  }

  /**
   * For `connectClient`.
   * @throws GatewayError `INVALID_ARGUMENT`: it carries a connection already, and it carries only one.
   */
  attach(reset: () => void): { toClient: LinkPipe; toGateway: LinkPipe } {
    if (this.#reset !== undefined) throw new GatewayError('INVALID_ARGUMENT', 'link: carries another connection already');
    this.#reset = reset;
    return { toClient: this.#toClient, toGateway: this.#toGateway };
  }
}

function latencyOf(latencyMs: number | (() => number)): () => number {
  if (typeof latencyMs === 'function') return latencyMs;
  const constant = latencyMs === 0 ? 0 : positive('latencyMs', latencyMs);
  return () => constant;
}

function positive(name: string, value: number): number {
  if (typeof value === 'number' && value > 0) return value;
  throw new GatewayError('INVALID_OPTION', `${name}: must be a number above 0, not ${value}`);
}

function wholeBytes(name: string, value: number): number {
  if (Number.isInteger(value) && value > 0) return value;
  throw new GatewayError('INVALID_OPTION', `${name}: must be a whole number above 0, not ${value}`);
}
