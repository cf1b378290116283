import type { WebSocketConstructor, WebSocketLike } from './web-socket.js';

/** How a client closes: 1000 ends its member at once, the others are drops, so that it can come back as the same one. */
export const CLOSES = { leave: 1000, suspended: 4900, silent: 4901, givenUp: 4902, notProtocol: 4903 } as const;

/** What a socket tells. After `end`: nothing. */
export interface SocketEvents {
  opened(): void;
  text(text: string): void;
  /** `code` is 1006 where the platform names none, as React Native does. */
  closed(code: number): void;
}

/** A WebSocket that can be let go of without waiting for the network. */
export class Socket {
  readonly #socket: WebSocketLike;
  #ended = false;

  /** @throws what the class throws for a URL that is none. */
  constructor(WebSocket: WebSocketConstructor, url: string, events: SocketEvents) {
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.onopen = () => events.opened();
    socket.onmessage = ({ data }: { data: unknown }) => events.text(String(data));
    socket.onclose = ({ code }: { code?: number | undefined }) => {
      this.#ended = true;
      events.closed(code ?? 1006);
    };
    // `close` follows. It stays after the end: `ws` reports a handshake that was given up.
    socket.onerror = () => {};
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount ?? 0;
  }

  send(text: string): void {
    if (!this.#ended) this.#socket.send(text);
  }

  /** @returns when it has closed. */
  end(code: number): Promise<void> {
    if (this.#ended) return Promise.resolve();
    this.#ended = true;
    const socket = this.#socket;
    socket.onopen = null;
    socket.onmessage = null;
    return new Promise((resolve) => {
      socket.onclose = () => resolve();
      socket.close(code);
    });
  }
}
