import { once } from 'node:events';
import WebSocket, { type ClientOptions } from 'ws';

type Message = { type: string; payload: Record<string, unknown> } & Record<string, unknown>;

/** A WebSocket client that keeps what it receives until it is asked for. */
export class WireClient {
  readonly socket: WebSocket;
  readonly #inbox: Message[] = [];
  #problem = '';
  #wake: () => void = () => {};

  constructor(url: string, options?: ClientOptions) {
    this.socket = new WebSocket(url, options);
    this.socket.on('message', (data) => {
      this.#inbox.push(JSON.parse(String(data)));
      this.#wake();
    });
    // A failed handshake; what follows is a close.
    this.socket.on('error', (error) => {
      this.#problem = `: ${error.message}`;
    });
    this.socket.on('close', (code) => {
      this.#inbox.push({ type: 'closed', payload: { code } });
      this.#wake();
    });
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  /** The next message of a type (`closed` once the connection has ended); others before it are passed over. */
  async next(type: string): Promise<Message> {
    for (;;) {
      const message = this.#inbox.shift();
      if (message?.type === type) return message;
      if (message?.type === 'closed')
        throw new Error(`closed with ${message.payload.code} before a ${type} came${this.#problem}`);
      if (message === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async join(groupId: string): Promise<void> {
    await this.next('ready');
    this.send({ type: 'identify', payload: { clientType: 'app-client', groupId } });
    await this.next('ready');
  }

  async close(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    const closed = once(this.socket, 'close');
    this.socket.close();
    await closed;
  }
}
