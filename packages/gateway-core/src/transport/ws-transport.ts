import { constants } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { CLOSE_CODES } from 'gateway-protocol';
import { GatewayError } from '../errors.js';
import type { Limits } from '../limits.js';
import type { GatewaySocket, SocketListener } from './socket.js';
import { type ServerOptions, type WebSocketServer, ws } from './ws-package.js';

/**
 * Absent where `ws` is resolved for browsers, as Jest does with jsdom: what it gives there is empty. The gateway loads all the same, since
 * clients in memory need no sockets.
 */
const WebSocket = ws.WebSocket ?? (class {} as never);

/** @throws GatewayError `INVALID_OPTION` where there are no WebSockets to be had. */
export function requireWebSockets(): void {
  if (ws.WebSocketServer !== undefined) return;
  const jest = "in Jest with jsdom, begin the test's file with /** @jest-environment node */";
  throw new GatewayError('INVALID_OPTION', `server: needs ws as Node has it, and here it is resolved for browsers; ${jest}`);
}

/** What a fault that `ws` found in the client's frames is closed with; everything else is 1002. */
const CLOSE_CODE_OF_FAULT: Record<string, number> = {
  WS_ERR_INVALID_UTF8: CLOSE_CODES.INVALID_TEXT.code,
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: CLOSE_CODES.MESSAGE_TOO_BIG.code,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: CLOSE_CODES.MESSAGE_TOO_BIG.code,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: CLOSE_CODES.POLICY_VIOLATION.code,
};

/** A ping without a payload, the same for everybody (RFC 6455 §5.5.2). */
const PING = Buffer.from([0x89, 0]);
/** A close frame without a code (RFC 6455 §7.1.5). */
const NO_CODE = 1005;

/**
 * One client. `ws` reads, answers pings and closes; data frames go to the socket of the HTTP upgrade itself, which is `ws`'s own public
 * input. Both write whole frames in one synchronous step, so frames never mix (docs/adr/0002-raw-socket-frames.md).
 *
 * It reports by calls to one listener: five listeners on each of many sockets cost a connection memory, and a message time.
 */
class ClientSocket extends WebSocket implements GatewaySocket {
  deflate = false;
  #raw: Duplex | undefined;
  #listener: SocketListener | undefined;
  #awaitsDrain = false;

  get bufferedBytes(): number {
    return this.#raw?.writableLength ?? 0;
  }

  /** Gives it the upgrade's socket and what was agreed there, before anything else. */
  attach(raw: Duplex, deflate: boolean): void {
    this.#raw = raw;
    this.deflate = deflate;
  }

  bind(listener: SocketListener): void {
    this.#listener = listener;
  }

  write(frames: Buffer): boolean {
    const raw = this.#raw;
    if (raw === undefined || this.readyState !== WebSocket.OPEN) return true;
    // Node also asks to wait after each chunk as long as a mark of its own (16 KiB in Node 20); what the kernel has taken is nothing to wait for.
    if (raw.write(frames) || raw.writableLength === 0) return true;
    if (!this.#awaitsDrain) {
      this.#awaitsDrain = true;
      raw.once('drain', () => {
        this.#awaitsDrain = false;
        this.#listener?.drain();
      });
    }
    return false;
  }

  override ping(): void {
    if (this.readyState === WebSocket.OPEN) this.#raw?.write(PING);
  }

  /**
   * The gateway closes with a reason, which is text. `ws` calls this too: with the client's own reason, as bytes, or with nothing, to answer
   * its close frame; and with a code alone, before it reports a fault.
   */
  override close(code?: number, reason?: string | Buffer): void {
    const answersClient = this.readyState === WebSocket.OPEN && (code === undefined || typeof reason === 'object');
    super.close(code, reason);
    // Now, and not when its TCP connection ends: that is the client's to delay.
    if (answersClient) this.#listener?.closing(code ?? NO_CODE, reason?.toString() ?? '');
  }

  override emit(event: string | symbol, first?: unknown, second?: unknown): boolean {
    const listener = this.#listener;
    if (listener === undefined) return false;
    switch (event) {
      case 'message':
        // What comes after the close frame is nobody's; it is not even read as text.
        if (this.readyState !== WebSocket.OPEN) break;
        if (second === true) listener.failed(CLOSE_CODES.UNSUPPORTED_DATA.code, 'binary frames are not taken');
        else listener.message((first as Buffer).toString(), (first as Buffer).length);
        break;
      case 'ping':
      case 'pong':
        listener.ping();
        break;
      case 'error':
        reportFault(listener, first as Error & { code?: string });
        break;
      case 'close':
        listener.closed(first as number, (second as Buffer).toString());
        break;
    }
    return true;
  }
}

function reportFault(listener: SocketListener, { code = '', message }: Error & { code?: string }): void {
  // What zlib cannot inflate is no text; any other code than `ws`'s own is the network's fault, and `close` tells of it.
  if (code.startsWith('Z_')) listener.failed(CLOSE_CODES.INVALID_TEXT.code, message);
  else if (code.startsWith('WS_ERR_')) listener.failed(CLOSE_CODE_OF_FAULT[code] ?? CLOSE_CODES.PROTOCOL_ERROR.code, message);
}

/**
 * The least that a read brings on average while a long message comes in: the smallest TCP segment that is usual (RFC 9293 §3.7.1).
 * Joining a frame costs `ws` the square of its reads: 200,000 reads of one byte hold the process for seconds.
 */
const BYTES_PER_READ_MIN = 536;
/** Reads that any message may take. */
const READS_MIN = 1_024;
/** The longest pong of a server: a header of two bytes and 125 of payload (RFC 6455 §5.5). */
const PONG_BYTES_MAX = 127;

/** Completes WebSocket handshakes (RFC 6455 §4.2.2) and gives the sockets. The only user of `ws`. */
export class WsTransport {
  readonly #server: WebSocketServer | undefined;

  /** Whether the handshake under way has agreed on compression with the whole window. */
  #deflate = false;

  constructor(limits: Limits, closeTimeoutMs: number, deflate: boolean) {
    const bounded = (limit: number) => (Number.isFinite(limit) ? limit : 0);
    const options: ServerOptions & {
      maxFragments: number;
      maxBufferedChunks: number;
      maxPendingAutoPongs: number;
      closeTimeout: number;
    } = {
      noServer: true,
      clientTracking: false,
      // Without context takeover neither end keeps a window per connection between messages.
      perMessageDeflate: deflate && { serverNoContextTakeover: true, clientNoContextTakeover: true },
      // Without a limit there is still that of a string: to read a longer message as text would throw where nobody catches it.
      maxPayload: Math.min(limits.messageBytesMax, constants.MAX_STRING_LENGTH),
      maxFragments: bounded(limits.messageFragmentsMax),
      maxBufferedChunks: bounded(Math.max(READS_MIN, Math.ceil(limits.messageBytesMax / BYTES_PER_READ_MIN))),
      // `ws` cuts a connection that is owed more. Its own default, 60, cuts clients that read theirs: those of one read count together.
      maxPendingAutoPongs: bounded(Math.ceil(limits.socketHighWaterMarkBytes / PONG_BYTES_MAX)),
      // The sweep cuts what the gateway closes. Of a close that the client began it hears when the socket is gone, and `ws` waits 30 s for that.
      closeTimeout: closeTimeoutMs,
      WebSocket: ClientSocket,
    };
    this.#server = ws.WebSocketServer && new ws.WebSocketServer(options);
    this.#server?.on('headers', (headers) => {
      const agreed = headers.find((header) => header.startsWith('Sec-WebSocket-Extensions: permessage-deflate'));
      // What is compressed once for all has the whole window; who asked for a smaller one gets frames as they are, which is always allowed.
      this.#deflate = agreed !== undefined && !/server_max_window_bits=([89]|1[0-4])\b/.test(agreed);
    });
  }

  /** The request was checked by `checkHandshake`; what `ws` still finds wrong with it, `ws` answers with 400. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, opened: (socket: GatewaySocket) => void): void {
    requireWebSockets();
    // The response and the first message leave as one write.
    socket.cork();
    this.#server?.handleUpgrade(request, socket, head, (ws) => {
      const client = ws as ClientSocket;
      client.attach(socket, this.#deflate);
      opened(client);
    });
    socket.uncork();
  }
}
