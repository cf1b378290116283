/** What a transport reports of one client. */
export interface SocketListener {
  /** A whole text message. */
  message(text: string, byteLength: number): void;
  /** A ping or pong: life, but no message. */
  ping(): void;
  /** Everything written has been taken. Comes after a `write` that answered `false`. */
  drain(): void;
  /** The client broke the WebSocket protocol; the transport closes with `code`, and `closed` follows. */
  failed(code: number, reason: string): void;
  /** The client has sent its close frame, with `code`, or 1005 where it had none. Its socket may linger; `closed` follows. */
  closing(code: number, reason: string): void;
  /** The socket has ended. Once, and nothing after it. */
  closed(code: number, reason: string): void;
}

/**
 * One client's socket as the gateway sees it. `write` takes finished WebSocket frames, so the bytes can be shared by all receivers.
 * The `ws` transport and the in-memory one of `gateway-core/testing` implement it.
 *
 * A socket may report in the middle of a call to it, as one without a network does. None of its methods is to throw; where one does, its
 * connection is ended as failed and reported as an `error` event, and nobody else is harmed. A socket that reports nothing after `terminate`
 * is given up with the next sweep.
 */
export interface GatewaySocket {
  /** Bytes written that the network has not taken yet. */
  readonly bufferedBytes: number;
  /** Whether the client takes compressed frames (RFC 7692) in a window of 32 KiB. Default: no. */
  readonly deflate?: boolean | undefined;
  /** Where to report to. Called once, before anything can happen. */
  bind(listener: SocketListener): void;
  /**
   * Sends whole frames. Does nothing once a close frame was sent or received.
   * @returns `false`: not everything was taken at once, and `drain` will be reported.
   */
  write(frames: Buffer): boolean;
  /** Asks for a sign of life: a ping frame (RFC 6455 §5.5.2), whose pong is reported as `ping`. Without it silent clients are not asked. */
  ping?(): void;
  /** Stops reading, so that the client feels it (TCP backpressure). What was read already may still be reported. */
  pause(): void;
  resume(): void;
  /** Starts the closing handshake (RFC 6455 §7.1.2). */
  close(code: number, reason: string): void;
  /** Cuts the connection now. */
  terminate(): void;
}
