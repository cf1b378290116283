import { connect, type Socket } from 'node:net';
import { closePayload, FrameReader, frame, OPCODE, type ReceivedFrame, textOf } from './frames.js';

// biome-ignore lint/suspicious/noExplicitAny: what a test reads out of a message it then holds to its claim.
export type Message = any;

/** A handshake that the gateway accepts (RFC 6455 §4.1). */
export const handshake = (path = '/rt', headers: readonly string[] = []): string =>
  [
    `GET ${path} HTTP/1.1`,
    'Host: localhost',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
    '\r\n',
  ].join('\r\n');

/** A client of bytes: it sends whatever it is told to, and queues what it gets. */
export class RawClient {
  /** Frames that nobody has asked for yet. */
  readonly frames: ReceivedFrame[] = [];
  readonly #reader = new FrameReader();
  #head: Buffer | undefined = Buffer.alloc(0);
  #wake: (() => void)[] = [];
  #closed = false;

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
      this.#wakeAll();
    });
  }

  /** Connects, and sends nothing yet. */
  static tcp(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const client = new RawClient(socket);
    return new Promise((resolve, reject) => socket.once('connect', () => resolve(client)).once('error', reject));
  }

  /** Connects and upgrades. */
  static async open(port: number, headers: readonly string[] = []): Promise<RawClient> {
    const client = await RawClient.tcp(port);
    client.write(handshake('/rt', headers));
    const head = await client.head();
    if (!head.startsWith('HTTP/1.1 101 ')) throw new Error(`no upgrade: ${head}`);
    return client;
  }

  /** Whether the TCP connection is over. */
  get closed(): boolean {
    return this.#closed;
  }

  /** What it has written, and the kernel has not taken. */
  get unsentBytes(): number {
    return this.socket.writableLength;
  }

  write(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Sends one message in one text frame: JSON of a value, or a text as it is. */
  send(message: unknown): void {
    this.write(textOf(message));
  }

  /** Stops reading: from here on the client is as good as gone, but its side of the connection stands. */
  freeze(): void {
    this.socket.pause();
  }

  thaw(): void {
    this.socket.resume();
  }

  /** Ends the connection with a TCP RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** The answer to an HTTP request, from its status line to the empty line; what follows 101 are frames. */
  async head(): Promise<string> {
    for (;;) {
      const text = this.#head?.toString('latin1') ?? '';
      const end = text.indexOf('\r\n\r\n');
      if (this.#head !== undefined && end !== -1) {
        // Frames follow on an upgrade only; after any other answer the client just waits for the end.
        const rest = this.#head.subarray(end + 4);
        this.#head = text.startsWith('HTTP/1.1 101 ') ? undefined : Buffer.alloc(0);
        if (rest.length > 0) this.#take(rest);
        return text.slice(0, end);
      }
      if (this.#closed) throw new Error(`the connection ended in the middle of ${JSON.stringify(text)}`);
      await this.#more();
    }
  }

  /** The next frame, whatever it is. */
  async frame(): Promise<ReceivedFrame> {
    for (;;) {
      const next = this.frames.shift();
      if (next !== undefined) return next;
      if (this.#closed) throw new Error('the connection ended before the next frame');
      await this.#more();
    }
  }

  /** The next message. */
  async message(): Promise<Message> {
    const { opcode, payload } = await this.frame();
    if (opcode === OPCODE.close) throw new Error(`closed with ${payload.readUInt16BE(0)} before the next message`);
    return opcode === OPCODE.text ? JSON.parse(payload.toString()) : this.message();
  }

  /** The next message of a type; others before it are dropped. */
  async nextOf(type: string): Promise<Message> {
    for (;;) {
      const message = await this.message();
      if (message.type === type) return message;
    }
  }

  /** The close frame's code and reason; frames before it are dropped. */
  async closeFrame(): Promise<{ code: number; reason: string }> {
    for (;;) {
      const { opcode, payload } = await this.frame();
      if (opcode !== OPCODE.close) continue;
      return payload.length === 0
        ? { code: 1005, reason: '' }
        : { code: payload.readUInt16BE(0), reason: payload.toString('utf8', 2) };
    }
  }

  /** Resolves when the TCP connection is over, whoever ended it. */
  async ended(): Promise<void> {
    while (!this.#closed) await this.#more();
  }

  /** Identifies into a group and waits for the answer. */
  async identify(groupId: string, payload: object = {}): Promise<Message> {
    await this.nextOf('ready');
    this.send({ type: 'identify', payload: { clientType: 'app-client', groupId, ...payload } });
    return this.nextOf('ready');
  }

  /** Sends a message and waits until the gateway has sent it back. */
  async roundTrip(): Promise<Message> {
    const data = { roundTrip: Math.random() };
    this.send({ type: 'data_update', payload: { data } });
    for (;;) {
      const update = await this.nextOf('data_update');
      if (update.payload.data?.roundTrip === data.roundTrip) return update;
    }
  }

  /** The whole closing handshake, begun here. */
  async close(code = 1000): Promise<void> {
    this.write(frame({ opcode: OPCODE.close, payload: closePayload(code) }));
    await this.closeFrame();
    await this.ended();
  }

  #take(chunk: Buffer): void {
    if (this.#head !== undefined) this.#head = Buffer.concat([this.#head, chunk]);
    else this.frames.push(...this.#reader.read(chunk));
    this.#wakeAll();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
