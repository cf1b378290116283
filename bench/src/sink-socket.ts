import type { GatewaySocket, SocketListener } from 'gateway-core';

/** A client's socket that takes everything at once. */
export class SinkSocket implements GatewaySocket {
  readonly bufferedBytes = 0;
  listener!: SocketListener;
  bytes = 0;
  bind(listener: SocketListener): void {
    this.listener = listener;
  }
  write(frames: Buffer): boolean {
    this.bytes += frames.length;
    return true;
  }
  pause(): void {}
  resume(): void {}
  close(code: number): void {
    throw new Error(`closed with ${code}`);
  }
  terminate(): void {}
}
