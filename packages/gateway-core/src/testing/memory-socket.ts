import type { GatewaySocket, SocketListener } from '../transport/socket.js';

/** A ping without a payload (RFC 6455 §5.5.2). */
const PING_BYTES = 2;

/** The client's end of a {@link MemorySocket}. */
export interface MemoryPeer {
  /** Whole frames, as they come off the wire. */
  frames(bytes: Buffer): void;
  /** The gateway began the closing handshake. */
  closing(code: number, reason: string): void;
  /** The socket has ended. */
  closed(code: number, reason: string): void;
  /** The gateway sent a ping. @returns whether it is answered with a pong, as browsers do it. Default: it is not. */
  ping?(): boolean;
}

/** What a client can do with its end of a socket. */
export interface ClientEnd {
  /** Binds the client's end. */
  connect(peer: MemoryPeer): void;
  /** Sends a text message. */
  send(text: string): void;
  /** Sends a ping. */
  sendPing(): void;
  /** Stops reading, so that what is written to it piles up. */
  stopReading(): void;
  /** Reads what has piled up, and on. */
  startReading(): void;
  /** Becomes half-open: says nothing more, not even a pong, and reads nothing. The gateway is not told. */
  vanish(): void;
  /** Ends the socket: by a close frame with `code` or, with 1006, without one. */
  end(code: number, reason: string): void;
}

/**
 * A socket without a network: what one end writes, the other gets in the same turn, unless the client does not read. `connectClient` is
 * one with a client that understands what it gets.
 * @example
 * const socket = new MemorySocket();
 * socket.connect({ frames: (bytes) => console.log(bytes), closing: () => socket.end(1000, ''), closed: () => {} });
 * gateway.accept(socket, { remoteAddress: '127.0.0.1' });
 */
export class MemorySocket implements GatewaySocket, ClientEnd {
  #listener: SocketListener | undefined;
  #peer: MemoryPeer | undefined;
  /** Written while the client does not read. */
  #unread: (() => void)[] = [];
  /** Sent while the gateway does not read. */
  #unheard: ((listener: SocketListener) => void)[] = [];
  #paused = false;
  #reading = true;
  #vanished = false;
  #ended = false;
  /** A close frame was sent, by whichever end. */
  #closing = false;
  bufferedBytes = 0;

  bind(listener: SocketListener): void {
    this.#listener = listener;
  }

  connect(peer: MemoryPeer): void {
    this.#peer = peer;
  }

  write(frames: Buffer): boolean {
    if (this.#ended || this.#closing) return true;
    return this.#give(frames.length, () => this.#peer?.frames(frames));
  }

  ping(): void {
    if (this.#ended || this.#closing) return;
    this.#give(PING_BYTES, () => {
      if (this.#peer?.ping?.() !== true) return;
      queueMicrotask(() => {
        if (!this.#vanished) this.sendPing();
      });
    });
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    while (this.#unheard.length > 0 && !this.#paused) this.#report(this.#unheard.shift() as (listener: SocketListener) => void);
  }

  close(code: number, reason: string): void {
    if (this.#ended || this.#closing) return;
    this.#closing = true;
    this.#peer?.closing(code, reason);
  }

  terminate(): void {
    this.end(1006, '');
  }

  send(text: string): void {
    this.#report((listener) => listener.message(text, Buffer.byteLength(text)));
  }

  /** Client's end: sends a ping, or a pong; the gateway hears the same. */
  sendPing(): void {
    this.#report((listener) => listener.ping());
  }

  stopReading(): void {
    this.#reading = false;
  }

  startReading(): void {
    this.#reading = true;
    const unread = this.#unread;
    this.#unread = [];
    this.bufferedBytes = 0;
    for (const read of unread) read();
    if (unread.length > 0 && !this.#ended) this.#listener?.drain();
  }

  vanish(): void {
    this.#vanished = true;
    this.#reading = false;
  }

  end(code: number, reason: string): void {
    if (this.#ended) return;
    if (!this.#closing && code !== 1006) {
      this.#closing = true;
      this.#listener?.closing(code, reason);
    }
    this.#ended = true;
    this.#listener?.closed(code, reason);
    this.#peer?.closed(code, reason);
  }

  /** Gives the client something to read. `false`: it does not read now. */
  #give(bytes: number, read: () => void): boolean {
    if (this.#reading) {
      read();
      return true;
    }
    this.#unread.push(read);
    this.bufferedBytes += bytes;
    return false;
  }

  /** Tells the gateway what the client sent, once it reads. */
  #report(sent: (listener: SocketListener) => void): void {
    if (this.#ended || this.#listener === undefined) return;
    if (this.#paused) this.#unheard.push(sent);
    else sent(this.#listener);
  }
}
