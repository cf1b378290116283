import type { Gateway } from '../gateway.js';
import type { MaybePromise } from '../maybe-promise.js';
import { LinkedSocket } from './linked-socket.js';
import type { MemoryLink } from './memory-link.js';
import { type ClientEnd, MemorySocket } from './memory-socket.js';
import { textsOf } from './texts-of.js';

/** What becomes of a new socket: `refuse` closes it with 1006 before it opens, `hang` never opens it. */
export type Handshake = 'connect' | 'refuse' | 'hang';

/** Where the sockets of {@link memoryWebSocket} lead to. */
export interface MemoryWebSocketOptions {
  /** Default `127.0.0.1`. */
  remoteAddress?: string | undefined;
  /** What lies between a new socket and the gateway; asked for each. Default: nothing, and what one end sends the other gets in the same turn. */
  link?: (() => MemoryLink) | undefined;
  /** What becomes of each new socket, once it is settled. Default: it connects. */
  handshake?: (() => MaybePromise<Handshake>) | undefined;
}

/** The class that `memoryWebSocket` makes. */
export interface MemoryWebSocketClass {
  new (url: string): MemoryWebSocket;
  /** Every socket made so far, closed ones included. */
  readonly sockets: readonly MemoryWebSocket[];
}

/** A `WebSocket` (the interface of browsers) without a network. */
export interface MemoryWebSocket {
  readonly url: string;
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readyState: number;
  readonly bufferedAmount: number;
  onopen: ((event: object) => void) | null;
  onmessage: ((event: { data: string }) => void) | null;
  onclose: ((event: { code: number; reason: string; wasClean: boolean }) => void) | null;
  onerror: ((event: object) => void) | null;
  send(text: string): void;
  /** Default: without a code (1005). */
  close(code?: number, reason?: string): void;
  /** The code that `close` was called with; `undefined` while it was not. For tests. */
  readonly closedWith: number | undefined;
  /** Texts that were sent. For tests. */
  readonly sent: readonly string[];
  /** The texts received. For tests. */
  readonly received: readonly string[];
  /** Loses the connection, as by a reset: both ends see 1006. For tests. */
  cut(): void;
  /** Becomes half-open: nothing moves any more, and neither end is told. For tests. */
  vanish(): void;
}

/**
 * A `WebSocket` class whose sockets lead to gateways in this process: a client that takes such a class runs against the real gateway
 * without a port, and with a `FakeClock` in virtual time.
 * @param gateway or a function that says which, asked for each socket.
 * @example
 * const gateway = createGateway({ clock });
 * const client = createClient({ url: 'ws://gateway/rt', WebSocket: memoryWebSocket(gateway), clock });
 */
export function memoryWebSocket(gateway: Gateway | (() => Gateway), options: MemoryWebSocketOptions = {}): MemoryWebSocketClass {
  const sockets: MemoryWebSocket[] = [];
  const { remoteAddress = '127.0.0.1' } = options;

  class InMemory implements MemoryWebSocket {
    static readonly sockets = sockets;
    readyState = 0;
    onopen: MemoryWebSocket['onopen'] = null;
    onmessage: MemoryWebSocket['onmessage'] = null;
    onclose: MemoryWebSocket['onclose'] = null;
    onerror: MemoryWebSocket['onerror'] = null;
    closedWith: number | undefined;
    readonly bufferedAmount = 0;
    readonly sent: string[] = [];
    readonly received: string[] = [];
    #end: ClientEnd | undefined;
    /** What came before `open` was told. */
    readonly #early: string[] = [];
    #vanished = false;

    constructor(readonly url: string) {
      new URL(url);
      sockets.push(this);
      const handshake = options.handshake?.() ?? 'connect';
      if (typeof handshake === 'string') queueMicrotask(() => this.#shake(handshake));
      else void handshake.then((settled) => this.#shake(settled));
    }

    send(text: string): void {
      if (this.readyState === 0) throw new Error('InvalidStateError: still connecting');
      if (this.readyState !== 1) return;
      this.sent.push(text);
      this.#end?.send(text);
    }

    close(code = 1005, reason = ''): void {
      if (this.readyState > 1) return;
      this.closedWith ??= code;
      const wasOpen = this.readyState === 1;
      this.readyState = 2;
      if (!wasOpen) queueMicrotask(() => this.#closed(1006, ''));
      else if (!this.#vanished) this.#end?.end(code, reason);
    }

    cut(): void {
      this.#end?.end(1006, '');
    }

    vanish(): void {
      this.#vanished = true;
      this.#end?.vanish();
    }

    #shake(handshake: Handshake): void {
      if (handshake === 'connect') this.#connect();
      else if (handshake === 'refuse') this.#closed(1006, '');
    }

    #connect(): void {
      if (this.readyState !== 0) return;
      const link = options.link?.();
      const socket = link === undefined ? new MemorySocket() : new LinkedSocket(link);
      this.#end = socket;
      socket.connect({
        frames: (bytes) => {
          for (const data of textsOf(bytes)) this.#receive(data);
        },
        closing: (code, reason) => {
          if (!this.#vanished) queueMicrotask(() => socket.end(code, reason));
        },
        closed: (code, reason) => {
          if (!this.#vanished) this.#closed(code, reason);
        },
        // As browsers do it, without the program.
        ping: () => true,
      });
      (typeof gateway === 'function' ? gateway() : gateway).accept(socket, { remoteAddress });
      if (this.readyState !== 0) return;
      this.readyState = 1;
      this.onopen?.({});
      for (const data of this.#early.splice(0)) this.#receive(data);
    }

    #receive(data: string): void {
      if (this.readyState === 1) {
        this.received.push(data);
        this.onmessage?.({ data });
      } else if (this.readyState === 0) this.#early.push(data);
    }

    #closed(code: number, reason: string): void {
      if (this.readyState === 3) return;
      this.readyState = 3;
      if (code === 1006) this.onerror?.({});
      this.onclose?.({ code, reason, wasClean: code !== 1006 });
    }
  }
  return InMemory;
}
