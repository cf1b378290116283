import type { SignalSource } from 'gateway-client';

type Signal = Parameters<Parameters<SignalSource['subscribe']>[0]>[0];

/** What a client's network does to it. */
export interface NetworkState {
  /** Nothing goes through in either direction, and neither end is told. */
  halfOpen: boolean;
  /** What comes in is not delivered until this is over. */
  frozen: boolean;
  /** The next `identify` is answered as one whose token was refused. */
  refuseNext: boolean;
}

/** A network that can be broken, between one client and the gateway. */
export class FaultyNetwork {
  readonly state: NetworkState = { halfOpen: false, frozen: false, refuseNext: false };
  readonly #sockets = new Set<FaultySocket>();
  readonly #signalled = new Set<(signal: Signal) => void>();
  /** For `createClient`. */
  readonly WebSocket: typeof WebSocket;
  readonly signals: SignalSource = {
    subscribe: (listener) => {
      this.#signalled.add(listener);
      return () => this.#signalled.delete(listener);
    },
  };

  constructor() {
    const network = this;
    this.WebSocket = class extends FaultySocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(url, protocols, network.state);
        network.#sockets.add(this);
        this.addEventListener('close', () => network.#sockets.delete(this));
      }
    };
  }

  /** Loses the connection: the member stays for the resume window. */
  drop(): void {
    for (const socket of this.#sockets) socket.lose(4900, 'dropped by hand');
  }

  setHalfOpen(on: boolean): void {
    this.state.halfOpen = on;
  }

  setFrozen(on: boolean): void {
    this.state.frozen = on;
    if (!on) for (const socket of this.#sockets) socket.thaw();
  }

  /** The next `identify` is refused. Makes the client identify. */
  refuseToken(): void {
    this.state.refuseNext = true;
    this.drop();
  }

  /** What a page is told before it is frozen, and when it wakes. */
  signal(signal: Signal): void {
    for (const listener of this.#signalled) listener(signal);
  }
}

/** A WebSocket that can be told to fail. Its own listener is the first, so it decides what the others hear. */
class FaultySocket extends WebSocket {
  #held: MessageEvent[] = [];
  readonly #network: NetworkState;

  constructor(url: string | URL, protocols: string | string[] | undefined, network: NetworkState) {
    super(url, protocols);
    this.#network = network;
    this.addEventListener('message', (event) => {
      // What was made here and not by the network passes.
      if (!event.isTrusted) return;
      if (network.halfOpen) event.stopImmediatePropagation();
      else if (network.frozen) {
        event.stopImmediatePropagation();
        this.#held.push(event);
      }
    });
  }

  override send(data: string): void {
    if (this.#network.halfOpen) return;
    if (this.#network.refuseNext && data.includes('"type":"identify"')) {
      this.#network.refuseNext = false;
      const payload = { code: 'UNAUTHORIZED', message: 'the playground has refused the token', retryable: false };
      this.#say(JSON.stringify({ type: 'error', ts: Date.now(), payload }));
      this.lose(4001, 'unauthorized');
      return;
    }
    super.send(data);
  }

  lose(code: number, reason: string): void {
    super.close(code, reason);
  }

  /** Delivers what was held back. */
  thaw(): void {
    for (const { data } of this.#held.splice(0)) this.#say(data);
  }

  #say(data: string): void {
    this.dispatchEvent(new MessageEvent('message', { data }));
  }
}
