import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Peer } from '../gateway.js';
import type { ResolvedOptions } from '../options.js';
import { checkHandshake, type HandshakeRefusal, refuse, remoteAddressOf } from './handshake.js';
import type { GatewaySocket } from './socket.js';
import type { WsTransport } from './ws-transport.js';

/** Lets clients in: every check of a handshake, then the transport. */
export class UpgradeDoor {
  refused = 0;
  #shut = false;

  constructor(
    private readonly transport: WsTransport,
    private readonly options: ResolvedOptions,
    private readonly full: (remoteAddress: string) => 'in all' | 'from this address' | undefined,
    private readonly failed: (error: unknown, where: string) => void,
  ) {}

  enter(request: IncomingMessage, socket: Duplex, head: Buffer, opened: (socket: GatewaySocket, peer: Peer) => void): void {
    const remoteAddress = remoteAddressOf(request, this.options.trustProxyHops);
    const refusal = this.#check(request, remoteAddress);
    if (refusal !== undefined) {
      this.refused += 1;
      refuse(socket, refusal);
      return;
    }
    let taken = false;
    this.transport.upgrade(request, socket, head, (client) => {
      taken = true;
      opened(client, { remoteAddress, request });
    });
    if (!taken) this.refused += 1;
  }

  /** Refuses everybody from now on: 503. */
  shut(): void {
    this.#shut = true;
  }

  #check(request: IncomingMessage, remoteAddress: string): HandshakeRefusal | undefined {
    if (this.#shut) return { status: 503, message: 'draining', headers: { 'Retry-After': '1' } };
    try {
      const refusal = checkHandshake(request, this.options.allowedOrigins);
      if (refusal !== undefined) return refusal;
    } catch (error) {
      this.failed(error, 'allowedOrigins');
      return { status: 500, message: 'the origin could not be checked' };
    }
    switch (this.full(remoteAddress)) {
      case 'in all':
        return { status: 503, message: 'too many connections', headers: { 'Retry-After': '5' } };
      case 'from this address':
        return { status: 429, message: 'too many connections from this address', headers: { 'Retry-After': '5' } };
      default:
        return undefined;
    }
  }
}
