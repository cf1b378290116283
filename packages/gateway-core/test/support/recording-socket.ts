import type { Gateway, GatewaySocket, Peer, SocketListener } from 'gateway-core';
import type { OutgoingToClient } from 'gateway-protocol';
import { textsOf } from '../../src/testing/texts-of.js';

/** A socket that notes what is done to it, and whose network takes nothing more or everything as it is told. */
export class RecordingSocket implements GatewaySocket {
  readonly writes: Buffer[] = [];
  readonly closes: { code: number; reason: string }[] = [];
  /** `pause` and `resume` calls, in order. */
  readonly flow: ('pause' | 'resume')[] = [];
  terminations = 0;
  bufferedBytes = 0;
  /** Whether what is written piles up. */
  stuck = false;
  #listener: SocketListener | undefined;

  constructor(gateway: Gateway, peer: Peer = { remoteAddress: '127.0.0.1' }) {
    gateway.accept(this, peer);
  }

  get listener(): SocketListener {
    if (this.#listener === undefined) throw new Error('bind comes first');
    return this.#listener;
  }

  get reading(): boolean {
    return this.flow.at(-1) !== 'pause';
  }

  get received(): OutgoingToClient[] {
    return this.writes.flatMap((bytes) => [...textsOf(bytes)]).map((text) => JSON.parse(text) as OutgoingToClient);
  }

  get data(): unknown[] {
    return this.received.flatMap((message) => (message.type === 'data_update' ? [message.payload.data] : []));
  }

  send(envelope: object): void {
    const text = JSON.stringify(envelope);
    this.listener.message(text, Buffer.byteLength(text));
  }

  /** The network has taken everything. */
  drain(): void {
    this.stuck = false;
    this.bufferedBytes = 0;
    this.listener.drain();
  }

  /** The network has taken what there was, and takes nothing more. */
  takeAll(): void {
    this.bufferedBytes = 0;
    this.listener.drain();
  }

  bind(listener: SocketListener): void {
    this.#listener = listener;
  }

  write(frames: Buffer): boolean {
    this.writes.push(frames);
    if (this.stuck) this.bufferedBytes += frames.length;
    return !this.stuck;
  }

  pause(): void {
    this.flow.push('pause');
  }

  resume(): void {
    this.flow.push('resume');
  }

  close(code: number, reason: string): void {
    this.closes.push({ code, reason });
  }

  terminate(): void {
    this.terminations += 1;
    this.listener.closed(1006, '');
  }
}
