import type { DataUpdateDelivery, OutgoingToClient } from 'gateway-protocol';
import type { Gateway } from '../gateway.js';
import { MemorySocket } from './memory-socket.js';
import { textsOf } from './texts-of.js';

/** Who a client without a port is to the gateway. */
export interface ConnectOptions {
  /** Default `127.0.0.1`. */
  remoteAddress?: string | undefined;
}

/**
 * A client without a port. What it receives is queued from the start, so nothing is missed.
 * @example
 * const client = connectClient(gateway);
 * client.send({ type: 'identify', payload: { clientType: 'app-client', groupId: 'group-1' } });
 * await clock.settle();
 * client.received.map(({ type }) => type); // ['ready', 'ready', 'presence_update']
 */
export class MemoryClient {
  readonly #socket = new MemorySocket();
  readonly #waiting: ((message: OutgoingToClient) => void)[] = [];
  #read = 0;
  #answersClose = true;
  /** Everything received so far. */
  readonly received: OutgoingToClient[] = [];
  /** The texts of the frames received, as they were sent. */
  readonly texts: string[] = [];
  /** How the connection ended, once it has: the code that this end saw. */
  closed: { code: number; reason: string } | undefined;

  constructor(gateway: Gateway, { remoteAddress = '127.0.0.1' }: ConnectOptions = {}) {
    this.#socket.connect({
      frames: (bytes) => this.#take(bytes),
      closing: (code, reason) => {
        if (this.#answersClose) queueMicrotask(() => this.#socket.end(code, reason));
      },
      closed: (code, reason) => {
        this.closed = { code, reason };
      },
    });
    gateway.accept(this.#socket, { remoteAddress });
  }

  /** Sends an envelope, as JSON. */
  send(envelope: object): void {
    this.#socket.send(JSON.stringify(envelope));
  }

  /** Sends any text, right or wrong. */
  sendText(text: string): void {
    this.#socket.send(text);
  }

  /** The next message that `next` has not given yet, or the next to come. */
  next(): Promise<OutgoingToClient> {
    const message = this.received[this.#read];
    this.#read += 1;
    if (message !== undefined) return Promise.resolve(message);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The `data` of every `data_update` received. */
  get data(): unknown[] {
    return this.updates.map(({ payload }) => payload.data);
  }

  /** Every `data_update` received. */
  get updates(): DataUpdateDelivery[] {
    return this.received.filter((message): message is DataUpdateDelivery => message.type === 'data_update');
  }

  /** Stops reading: what is written to it piles up at the gateway. */
  stopReading(): void {
    this.#socket.stopReading();
  }

  /** Reads what has piled up, and on. */
  startReading(): void {
    this.#socket.startReading();
  }

  /** Closes with a close frame. Default 1000, a clean close. */
  close(code = 1000, reason = ''): void {
    this.#socket.end(code, reason);
  }

  /** Loses the connection, as by a reset: the gateway sees 1006. */
  cut(): void {
    this.#socket.end(1006, '');
  }

  /** Becomes half-open: says nothing more, reads nothing and does not answer a close frame. The gateway is not told. */
  vanish(): void {
    this.#answersClose = false;
    this.#socket.stopReading();
  }

  #take(bytes: Buffer): void {
    for (const text of textsOf(bytes)) {
      const message = JSON.parse(text) as OutgoingToClient;
      this.texts.push(text);
      this.received.push(message);
      this.#waiting.shift()?.(message);
    }
  }
}

/**
 * Connects a client without a port, see {@link MemoryClient}.
 * @example
 * const client = connectClient(gateway, { remoteAddress: '10.0.0.1' });
 * await client.next(); // ready
 */
export function connectClient(gateway: Gateway, options?: ConnectOptions): MemoryClient {
  return new MemoryClient(gateway, options);
}
