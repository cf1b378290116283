import {
  type Client,
  type ClientOptions,
  createClient,
  type GatewayClientError,
  type PlatformSignal,
  type SignalSource,
} from 'gateway-client';
import { createGateway, type Gateway, type GatewayOptions } from 'gateway-core';
import { FakeClock, type MemoryWebSocketClass, type MemoryWebSocketOptions, memoryWebSocket } from 'gateway-core/testing';
import { withBooks } from '../../gateway-core/test/support/books.js';

/** Platform signals that a test gives. */
export class TestSignals implements SignalSource {
  readonly listeners = new Set<(signal: PlatformSignal) => void>();

  subscribe(listener: (signal: PlatformSignal) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  give(...signals: PlatformSignal[]): void {
    for (const signal of signals) for (const listener of this.listeners) listener(signal);
  }
}

/** A gateway and clients in one process and in virtual time. */
export class World {
  readonly clock = new FakeClock();
  readonly signals = new TestSignals();
  readonly sockets: MemoryWebSocketClass;
  readonly errors: GatewayClientError[] = [];
  gateway: Gateway;
  /** What becomes of the next sockets. */
  handshake: 'connect' | 'refuse' | 'hang' = 'connect';

  constructor(
    readonly options: GatewayOptions = {},
    sockets: MemoryWebSocketOptions = {},
  ) {
    this.gateway = this.make();
    this.sockets = memoryWebSocket(() => this.gateway, { handshake: () => this.handshake, ...sockets });
  }

  make(options: GatewayOptions = {}): Gateway {
    return withBooks(createGateway({ clock: this.clock, ...this.options, ...options }));
  }

  client(options: Partial<ClientOptions> = {}): Client {
    const { clock, sockets, signals } = this;
    const client = createClient({ url: 'ws://gateway/rt', WebSocket: sockets, clock, signals, random: () => 0.5, ...options });
    client.on('error', (error) => this.errors.push(error));
    return client;
  }

  /** The newest socket. */
  get socket() {
    return this.sockets.sockets.at(-1)!;
  }

  /** A client that is online. */
  async online(options: Partial<ClientOptions> = {}): Promise<Client> {
    const client = this.client(options);
    void client.connect();
    await this.clock.advance(0);
    return client;
  }

  /** As if the other end had closed the newest socket with `code`; `undefined`: as React Native tells it. */
  closes(code: number | undefined, socket = this.socket): void {
    const { onclose } = socket;
    socket.onclose = null;
    socket.cut();
    onclose?.({ code, reason: '', wasClean: true } as never);
  }

  /** Messages of one type that went to the gateway, over all sockets. */
  sent(type: string): { type: string; id?: string; payload: Record<string, never> }[] {
    return this.sockets.sockets
      .flatMap(({ sent }) => sent)
      .map((text) => JSON.parse(text))
      .filter((message) => message.type === type);
  }
}

/** See `outcomeOf`. */
export interface Outcome {
  code?: string;
  // biome-ignore lint/suspicious/noExplicitAny: it is a test's to know.
  value?: any;
  settled: boolean;
}

/** What a promise came to, once it has. */
export function outcomeOf(promise: Promise<unknown>): Outcome {
  const outcome: Outcome = { settled: false };
  promise.then(
    (value) => Object.assign(outcome, { settled: true, value }),
    (error) => Object.assign(outcome, { settled: true, code: error.code }),
  );
  return outcome;
}
