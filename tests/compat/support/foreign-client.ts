// biome-ignore lint/suspicious/noExplicitAny: what a scenario reads out of a message it then holds to its claim.
export type Message = any;

/** What a client can be told to do, however far away it runs. */
export interface Remote {
  send(text: string): void;
  /** As `WebSocket.close()`, without arguments. */
  close(): void;
}

/** A client that is not ours, as a scenario sees it: messages in the order in which it got them, then how it was closed. */
export class ForeignClient {
  /** Every type that it was ever sent. */
  readonly types = new Set<string>();
  /** The close code that the client reports. */
  readonly closed: Promise<number>;
  #remote: Remote | undefined;
  #messages: Message[] = [];
  #wake: (() => void)[] = [];
  #ended: number | undefined;
  #resolveClosed!: (code: number) => void;

  constructor() {
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
  }

  /** Connects it to what does the work. */
  bind(remote: Remote): this {
    this.#remote = remote;
    return this;
  }

  /** The work's report: a message came. */
  got(text: string): void {
    const message = JSON.parse(text);
    this.types.add(message.type);
    this.#messages.push(message);
    this.#wakeAll();
  }

  /** The work's report: the connection is over. */
  ended(code: number): void {
    this.#ended = code;
    this.#resolveClosed(code);
    this.#wakeAll();
  }

  send(message: unknown): void {
    this.#remote?.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  close(): void {
    this.#remote?.close();
  }

  /** The next message. */
  async message(): Promise<Message> {
    for (;;) {
      const next = this.#messages.shift();
      if (next !== undefined) return next;
      if (this.#ended !== undefined) throw new Error(`closed with ${this.#ended} before the next message`);
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  /** The next message of a type; others before it are dropped. */
  async nextOf(type: string): Promise<Message> {
    for (;;) {
      const message = await this.message();
      if (message.type === type) return message;
    }
  }

  /** Identifies into a group and waits for the answer. */
  async identify(groupId: string): Promise<this> {
    await this.nextOf('ready');
    this.send({ type: 'identify', payload: { clientType: 'app-client', groupId } });
    await this.nextOf('ready');
    return this;
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** Where foreign clients run: this process, a browser, another language. */
export interface Runtime {
  readonly name: string;
  /** Why it cannot run on this machine; `undefined` where it can. */
  readonly missing?: string;
  start(): Promise<void>;
  /** Connects a client. `origin` is of the server that also serves the gateway. */
  open(url: string, origin: string): Promise<ForeignClient>;
  stop(): Promise<void>;
}
