import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { CLOSE_CODES } from 'gateway-protocol';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import type { Limits } from '../limits.js';
import type { GatewaySocket, SocketListener } from './socket.js';

/** What a fault that `ws` found in the client's frames is closed with; everything else is 1002. */
const CLOSE_CODE_OF_FAULT: Record<string, number> = {
  WS_ERR_INVALID_UTF8: CLOSE_CODES.INVALID_TEXT.code,
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: CLOSE_CODES.MESSAGE_TOO_BIG.code,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: CLOSE_CODES.POLICY_VIOLATION.code,
};

/** Completes WebSocket handshakes (RFC 6455 §4.2.2) and gives the sockets. The only user of `ws`. */
export class WsTransport {
  readonly #server: WebSocketServer;

  constructor(limits: Limits, closeTimeoutMs: number) {
    const bounded = (limit: number) => (Number.isFinite(limit) ? limit : 0);
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: bounded(limits.messageBytesMax),
      maxFragments: bounded(limits.messageFragmentsMax),
      closeTimeout: closeTimeoutMs,
    } as ConstructorParameters<typeof WebSocketServer>[0]);
  }

  /** The request was checked by `checkHandshake`; what `ws` still finds wrong with it, `ws` answers with 400. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, opened: (socket: GatewaySocket) => void): void {
    this.#server.handleUpgrade(request, socket, head, (ws) => opened(new WsSocket(ws, socket)));
  }
}

/**
 * `ws` reads, answers pings and closes; data frames go to the socket of the HTTP upgrade itself, which is `ws`'s own public input. Both
 * write whole frames in one synchronous step, so frames never mix (docs/adr/0002-raw-socket-frames.md).
 */
class WsSocket implements GatewaySocket {
  constructor(
    private readonly ws: WebSocket,
    private readonly raw: Duplex,
  ) {}

  get bufferedBytes(): number {
    return this.raw.writableLength;
  }

  get needsDrain(): boolean {
    return this.raw.writableNeedDrain;
  }

  bind(listener: SocketListener): void {
    const { ws } = this;
    ws.on('message', (data: RawData, isBinary: boolean) => {
      // What comes after the close frame is nobody's; it is not even read as text.
      if (ws.readyState !== WebSocket.OPEN) return;
      if (isBinary) listener.failed(CLOSE_CODES.UNSUPPORTED_DATA.code, 'binary frames are not taken');
      else listener.message((data as Buffer).toString(), (data as Buffer).length);
    });
    ws.on('ping', () => listener.ping());
    ws.on('pong', () => listener.ping());
    ws.on('error', (error: Error & { code?: string }) => {
      // Without a WS_ERR code it is the network's fault, and `close` tells of it.
      if (error.code?.startsWith('WS_ERR_')) {
        listener.failed(CLOSE_CODE_OF_FAULT[error.code] ?? CLOSE_CODES.PROTOCOL_ERROR.code, error.message);
      }
    });
    ws.on('close', (code, reason) => listener.closed(code, reason.toString()));
    this.raw.on('drain', () => listener.drain());
  }

  write(frames: Buffer): void {
    if (this.ws.readyState === WebSocket.OPEN) this.raw.write(frames);
  }

  pause(): void {
    this.ws.pause();
  }

  resume(): void {
    this.ws.resume();
  }

  close(code: number, reason: string): void {
    this.ws.close(code, reason);
  }

  terminate(): void {
    this.ws.terminate();
  }
}
