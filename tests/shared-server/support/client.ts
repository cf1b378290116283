import { once } from 'node:events';
import type { DataUpdateDelivery, OutgoingToClient } from 'gateway-protocol';
import { type ClientOptions, WebSocket } from 'ws';

/** A client on a real WebSocket. What it receives is queued from the start, so nothing is missed. */
export class Client {
  readonly #queue: OutgoingToClient[] = [];
  #wake: (() => void) | undefined;
  /** How it ended. */
  readonly closed: Promise<number>;

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data) => {
      this.#queue.push(JSON.parse(data.toString()) as OutgoingToClient);
      this.#wake?.();
    });
    this.closed = new Promise((resolve) => {
      socket.on('close', (code) => {
        resolve(code);
        this.#wake?.();
      });
    });
  }

  /** Rejects where the handshake is refused, with the HTTP status in the message. */
  static async connect(url: string, options?: ClientOptions): Promise<Client> {
    const socket = new WebSocket(url, options);
    const client = new Client(socket);
    await once(socket, 'open');
    socket.on('error', () => {});
    return client;
  }

  /** Connected, and in a group. */
  static async join(url: string, groupId = 'group-1', options?: ClientOptions): Promise<Client> {
    const client = await Client.connect(url, options);
    await client.next('ready');
    client.send({ type: 'identify', payload: { clientType: 'app-client', groupId } });
    await client.next('ready');
    return client;
  }

  send(envelope: object): void {
    this.socket.send(JSON.stringify(envelope));
  }

  /** The next message of this type; those before it are dropped. */
  async next<Type extends OutgoingToClient['type']>(type: Type): Promise<Extract<OutgoingToClient, { type: Type }>> {
    for (;;) {
      for (let message = this.#queue.shift(); message !== undefined; message = this.#queue.shift()) {
        if (message.type === type) return message as Extract<OutgoingToClient, { type: Type }>;
      }
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error(`closed before a ${type} came`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Sends it to the group, and answers how it came back. */
  async say(data: unknown): Promise<DataUpdateDelivery> {
    this.send({ type: 'data_update', payload: { data } });
    return this.next('data_update');
  }

  /** Closes cleanly, and waits for it. */
  async close(): Promise<void> {
    this.socket.close(1000);
    await this.closed;
  }
}
