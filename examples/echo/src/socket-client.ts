import type { OutgoingToClient } from 'gateway-protocol';
import { WebSocket } from 'ws';
import type { EchoClient } from './world.js';

/** How to trust the server of a `wss:` URL. */
export interface TlsOptions {
  /** Certificates in PEM to trust instead of the well-known ones. */
  ca?: Buffer;
  /** Default true. */
  rejectUnauthorized?: boolean;
}

/** A client on a real WebSocket. */
export class SocketClient implements EchoClient {
  readonly inbox: OutgoingToClient[] = [];
  ended: EchoClient['ended'];
  #problem: string | undefined;
  readonly #socket: WebSocket;

  /** @param changed called whenever `inbox` or `ended` has changed. */
  constructor(
    readonly name: string,
    url: string,
    tls: TlsOptions,
    changed: () => void,
  ) {
    this.#socket = new WebSocket(url, tls);
    this.#socket.on('message', (data, isBinary) => {
      this.#take(isBinary ? undefined : data.toString());
      changed();
    });
    this.#socket.on('error', (error) => {
      this.#problem ??= error.message;
    });
    this.#socket.on('close', (code) => {
      this.ended = { code, why: this.#problem ?? `closed with ${code}` };
      changed();
    });
  }

  send(envelope: object): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(envelope));
  }

  close(): void {
    this.#socket.close(1000);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  #take(text: string | undefined): void {
    try {
      const message = JSON.parse(text ?? '') as OutgoingToClient;
      if (typeof message?.type !== 'string') throw new TypeError('not an envelope');
      this.inbox.push(message);
    } catch {
      this.#problem ??= 'the server sent what is not an envelope';
      this.terminate();
    }
  }
}
