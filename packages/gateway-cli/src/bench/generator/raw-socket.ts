import net from 'node:net';
import tls from 'node:tls';
import { encodeFrame, OPCODE } from './frame-writer.js';
import { Handshake, type Target } from './handshake.js';

/** What a {@link RawSocket} tells. */
export interface RawSocketEvents {
  /** The upgrade succeeded. */
  onOpen(): void;
  /** Bytes after the upgrade: the first `length` of `buffer`, valid only during the call. An exception ends the connection. */
  onBytes(buffer: Buffer, length: number): void;
  /** The connection is gone, for whatever reason; exactly once. */
  onEnd(reason: Error): void;
}

/**
 * All plain sockets read into this one buffer: a read is used up before the next begins, so 10,000 connections cost no
 * allocation per read. Large, so that a big write of the server is one read.
 */
const SHARED = Buffer.allocUnsafeSlow(256 * 1024);

/** One WebSocket connection of a client on `node:net` or `node:tls`: the handshake, then bytes. */
export class RawSocket {
  private readonly socket: net.Socket;
  private readonly events: RawSocketEvents;
  private handshake: Handshake | undefined;
  private ended = false;

  constructor(target: Target, events: RawSocketEvents) {
    this.events = events;
    const handshake = new Handshake(target);
    this.handshake = handshake;
    const onread = { buffer: SHARED, callback: (length: number, buffer: Uint8Array) => this.receive(buffer as Buffer, length) };
    const { host, port } = target;
    if (target.tls !== undefined) {
      const servername = net.isIP(host) ? undefined : host;
      this.socket = tls.connect({ servername, ...target.tls, host, port }, () => this.socket.write(handshake.request, 'latin1'));
      this.socket.on('data', (chunk: Buffer) => this.receive(chunk, chunk.length));
    } else {
      this.socket = net.connect({ host, port, onread }, () => this.socket.write(handshake.request, 'latin1'));
    }
    this.socket.setNoDelay(true);
    this.socket.on('error', (error) => this.end(error));
    this.socket.on('end', () => this.end(new Error('the server ended the connection')));
    this.socket.on('close', () => this.end(new Error('closed')));
  }

  /** Bytes that were written and that the kernel has not taken yet. */
  get writableLength(): number {
    return this.socket.writableLength;
  }

  write(frames: Buffer): void {
    this.socket.write(frames);
  }

  /** Stops reading: from now on this is a slow consumer. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** Sends a close frame (RFC 6455 §5.5.1); the server answers it and ends the connection. */
  close(code: number): void {
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code);
    this.socket.write(encodeFrame(OPCODE.close, payload));
  }

  /** Drops the connection without a word. */
  destroy(): void {
    this.socket.destroy();
    this.end(new Error('dropped by the client'));
  }

  private receive(buffer: Buffer, length: number): boolean {
    try {
      if (this.handshake === undefined) this.events.onBytes(buffer, length);
      else this.upgrade(this.handshake, buffer, length);
    } catch (error) {
      this.socket.destroy();
      this.end(error as Error);
    }
    return true;
  }

  private upgrade(handshake: Handshake, buffer: Buffer, length: number): void {
    const start = handshake.push(buffer, length);
    if (start === -1) return;
    this.handshake = undefined;
    this.events.onOpen();
    if (start < length) this.events.onBytes(buffer.subarray(start, length), length - start);
  }

  private end(reason: Error): void {
    if (this.ended) return;
    this.ended = true;
    this.events.onEnd(reason);
  }
}
