import type { IncomingMessage } from 'node:http';
import { type Duplex, duplexPair } from 'node:stream';
import type { Gateway } from 'gateway-core';

export interface Handshake {
  /** The status that the gateway answers, once it has. */
  status: Promise<number>;
  /** The client's end. */
  socket: Duplex;
  /** The gateway's end. */
  server: Duplex;
}

/** A client's WebSocket handshake as `handleUpgrade` gets it, over a pair of streams instead of a port. */
export function handshake(gateway: Gateway, remoteAddress = '127.0.0.1', headers: Record<string, string> = {}): Handshake {
  const [client, server] = duplexPair();
  const status = new Promise<number>((resolve, reject) => {
    client.once('data', (bytes: Buffer) => resolve(Number(/^HTTP\/1\.1 (\d{3}) /.exec(bytes.toString('latin1'))?.[1])));
    client.once('error', reject);
  });
  gateway.handleUpgrade(requestOf(gateway, remoteAddress, headers), server, Buffer.alloc(0));
  return { status, socket: client, server };
}

/** The request of a right handshake, with these headers laid over its own. */
export function requestOf(gateway: Gateway, remoteAddress = '127.0.0.1', headers: Record<string, string> = {}): IncomingMessage {
  return {
    method: 'GET',
    httpVersion: '1.1',
    url: gateway.path,
    headers: {
      upgrade: 'websocket',
      connection: 'Upgrade',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    },
    socket: { remoteAddress },
  } as unknown as IncomingMessage;
}
