import {
  browserSignals,
  type PlatformSignal,
  type SignalSource,
  type WebSocketConstructor,
  type WebSocketLike,
} from 'gateway-client';

/** What a dropped connection is closed with: an own code, so the gateway keeps the member for the resume window, as after a real drop. */
const DROPPED = 4900;

/** A network that can be dropped, for people and tests that want to see what becomes of their messages. A product leaves this out. */
export class NetworkSwitch {
  #isDown = false;
  readonly #lines = new Set<() => void>();
  readonly #listeners = new Set<() => void>();
  readonly #signals = new Set<(signal: PlatformSignal) => void>();

  /** For `useSyncExternalStore`. */
  isDown = (): boolean => this.#isDown;

  subscribe = (changed: () => void): (() => void) => {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  };

  set(isDown: boolean): void {
    if (isDown === this.#isDown) return;
    this.#isDown = isDown;
    if (isDown) for (const cut of [...this.#lines]) cut();
    for (const changed of [...this.#listeners]) changed();
    for (const signal of [...this.#signals]) signal(isDown ? 'offline' : 'online');
  }

  /** The browser's signals, and this switch's. */
  readonly signals: SignalSource = {
    subscribe: (listener) => {
      const end = browserSignals.subscribe(listener);
      this.#signals.add(listener);
      return () => {
        end();
        this.#signals.delete(listener);
      };
    },
  };

  /** A WebSocket class whose connections end when the network is dropped: what is on its way is lost in both directions. */
  webSocket(): WebSocketConstructor {
    const network = this;
    return class SwitchedSocket implements WebSocketLike {
      onopen: ((event: unknown) => void) | null = null;
      onmessage: ((event: unknown) => void) | null = null;
      onclose: ((event: unknown) => void) | null = null;
      onerror: ((event: unknown) => void) | null = null;
      #socket: WebSocket | undefined;

      constructor(url: string) {
        if (network.isDown()) {
          // As a browser does it: an error, and a close without a reason.
          setTimeout(() => this.onclose?.({ code: 1006, reason: '' }));
          return;
        }
        const socket = new WebSocket(url);
        this.#socket = socket;
        socket.onopen = (event) => this.onopen?.(event);
        socket.onmessage = (event) => this.onmessage?.(event);
        socket.onclose = (event) => {
          network.#lines.delete(cut);
          this.onclose?.(event);
        };
        const cut = () => {
          network.#lines.delete(cut);
          socket.onopen = socket.onmessage = socket.onclose = null;
          socket.close(DROPPED);
          this.#socket = undefined;
          this.onclose?.({ code: 1006, reason: '' });
        };
        network.#lines.add(cut);
      }

      get bufferedAmount(): number {
        return this.#socket?.bufferedAmount ?? 0;
      }

      send(text: string): void {
        this.#socket?.send(text);
      }

      close(code?: number, reason?: string): void {
        this.#socket?.close(code, reason);
      }
    };
  }
}
