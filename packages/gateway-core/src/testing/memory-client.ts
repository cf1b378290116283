import type { DataUpdateDelivery, OutgoingToClient, OutgoingToClient2 } from 'gateway-protocol';
import type { Gateway } from '../gateway.js';
import { LinkedSocket } from './linked-socket.js';
import type { MemoryLink } from './memory-link.js';
import { type ClientEnd, MemorySocket } from './memory-socket.js';
import { textsOf } from './texts-of.js';

/** Who a client without a port is to the gateway. */
export interface ConnectOptions {
  /** Default `127.0.0.1`. */
  remoteAddress?: string | undefined;
  /** What lies between it and the gateway. Default: nothing, and what one end sends the other gets in the same turn. */
  link?: MemoryLink | undefined;
  /**
   * Whether it answers the gateway's pings, as browsers and most libraries do without the program. Default `false`: a client then says only
   * what its test says, and one that says nothing is closed after `heartbeatTimeoutMs`.
   */
  answersPings?: boolean | undefined;
}

/**
 * A client without a port. What it receives is queued from the start, so nothing is missed.
 * @example
 * const client = connectClient(gateway);
 * client.send({ type: 'identify', payload: { clientType: 'app-client', groupId: 'group-1' } });
 * await clock.settle();
 * client.received.map(({ type }) => type); // ['ready', 'ready', 'presence_update']
 * @typeParam Message what it receives: of dialect 1, or `OutgoingToClient2` for one that identifies with `version: '2'`.
 */
export class MemoryClient<Message extends OutgoingToClient2 = OutgoingToClient> {
  readonly #socket: ClientEnd;
  readonly #waiting: ((message: Message) => void)[] = [];
  #read = 0;
  #answersClose = true;
  /** Everything received so far. */
  readonly received: Message[] = [];
  /** The texts of the frames received, as they were sent. */
  readonly texts: string[] = [];
  /** How the connection ended, once it has: the code that this end saw. */
  closed: { code: number; reason: string } | undefined;
  /** Pings received. */
  pings = 0;

  constructor(gateway: Gateway, { remoteAddress = '127.0.0.1', link, answersPings = false }: ConnectOptions = {}) {
    const socket = link === undefined ? new MemorySocket() : new LinkedSocket(link);
    this.#socket = socket;
    socket.connect({
      frames: (bytes) => this.#take(bytes),
      closing: (code, reason) => {
        if (this.#answersClose) queueMicrotask(() => socket.end(code, reason));
      },
      closed: (code, reason) => {
        this.closed = { code, reason };
      },
      ping: () => {
        this.pings += 1;
        return answersPings;
      },
    });
    gateway.accept(socket, { remoteAddress });
  }

  /** Sends an envelope, as JSON. */
  send(envelope: object): void {
    this.#socket.send(JSON.stringify(envelope));
  }

  /** Sends any text, right or wrong. */
  sendText(text: string): void {
    this.#socket.send(text);
  }

  /** Sends a ping, as a client does that is no browser. */
  ping(): void {
    this.#socket.sendPing();
  }

  /** The next message that `next` has not given yet, or the next to come. */
  next(): Promise<Message> {
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
    return (this.received as OutgoingToClient2[]).filter((message) => message.type === 'data_update');
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

  /** Loses the connection, as by a reset: the gateway sees 1006, with a link after its latency and unless it stalls. */
  cut(): void {
    this.#socket.end(1006, '');
  }

  /**
   * Becomes half-open: says nothing more, not even a pong, reads nothing and does not answer a close frame. The gateway is not told. Its
   * link, where it has one, stalls.
   */
  vanish(): void {
    this.#answersClose = false;
    this.#socket.vanish();
  }

  #take(bytes: Buffer): void {
    for (const text of textsOf(bytes)) {
      const message = JSON.parse(text) as Message;
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
export function connectClient<Message extends OutgoingToClient2 = OutgoingToClient>(
  gateway: Gateway,
  options?: ConnectOptions,
): MemoryClient<Message> {
  return new MemoryClient<Message>(gateway, options);
}
