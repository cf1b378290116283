import type { GatewaySocket, SocketListener } from '../transport/socket.js';

/** The client's end of a {@link MemorySocket}. */
export interface MemoryPeer {
  /** Whole frames, as they come off the wire. */
  frames(bytes: Buffer): void;
  /** The gateway began the closing handshake. */
  closing(code: number, reason: string): void;
  /** The socket has ended. */
  closed(code: number, reason: string): void;
}

/**
 * A socket without a network: what one end writes, the other gets in the same turn, unless the client does not read. `connectClient` is
 * one with a client that understands what it gets.
 * @example
 * const socket = new MemorySocket();
 * socket.connect({ frames: (bytes) => console.log(bytes), closing: () => socket.end(1000, ''), closed: () => {} });
 * gateway.accept(socket, { remoteAddress: '127.0.0.1' });
 */
export class MemorySocket implements GatewaySocket {
  #listener: SocketListener | undefined;
  #peer: MemoryPeer | undefined;
  /** Written while the client does not read. */
  #unread: Buffer[] = [];
  /** Sent while the gateway does not read. */
  #unheard: string[] = [];
  #paused = false;
  #reading = true;
  #ended = false;
  #closeSent = false;
  bufferedBytes = 0;

  bind(listener: SocketListener): void {
    this.#listener = listener;
  }

  /** Binds the client's end. */
  connect(peer: MemoryPeer): void {
    this.#peer = peer;
  }

  write(frames: Buffer): boolean {
    if (this.#ended || this.#closeSent) return true;
    if (this.#reading) {
      this.#peer?.frames(frames);
      return true;
    }
    this.#unread.push(frames);
    this.bufferedBytes += frames.length;
    return false;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    while (this.#unheard.length > 0 && !this.#paused) this.send(this.#unheard.shift() as string);
  }

  close(code: number, reason: string): void {
    if (this.#ended || this.#closeSent) return;
    this.#closeSent = true;
    this.#peer?.closing(code, reason);
  }

  terminate(): void {
    this.end(1006, '');
  }

  /** Client's end: sends a text message. */
  send(text: string): void {
    if (this.#ended) return;
    if (this.#paused) this.#unheard.push(text);
    else this.#listener?.message(text, Buffer.byteLength(text));
  }

  /** Client's end: stops reading, so that what is written to it piles up. */
  stopReading(): void {
    this.#reading = false;
  }

  /** Client's end: reads what has piled up, and on. */
  startReading(): void {
    this.#reading = true;
    const unread = this.#unread;
    this.#unread = [];
    this.bufferedBytes = 0;
    for (const bytes of unread) this.#peer?.frames(bytes);
    if (unread.length > 0 && !this.#ended) this.#listener?.drain();
  }

  /** Client's end: the socket is over, by a close frame with `code` or, with 1006, without one. */
  end(code: number, reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#listener?.closed(code, reason);
    this.#peer?.closed(code, reason);
  }
}
