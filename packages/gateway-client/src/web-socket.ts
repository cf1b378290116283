/** What the client needs of a WebSocket: those of browsers, Node 22, React Native and `ws` are ones. */
export interface WebSocketLike {
  /** Bytes not yet handed to the network; absent in React Native. */
  readonly bufferedAmount?: number | undefined;
  onopen: unknown;
  onmessage: unknown;
  onclose: unknown;
  onerror: unknown;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** Opens a connection when it is called with `new`. It may throw for a URL that is none. */
export type WebSocketConstructor = new (url: string) => WebSocketLike;
