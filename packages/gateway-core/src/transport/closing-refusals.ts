import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../clock.js';
import { ConnectionCounts } from '../connection-counts.js';
import type { Limits } from '../limits.js';
import { writeHeader } from './frame.js';
import { checkHandshake } from './handshake.js';

/** What an accepted key is hashed with (RFC 6455 §1.3). */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** FIN and opcode 8 (RFC 6455 §5.5.1). */
const FIN_CLOSE = 0x88;
/** A token (RFC 9110 §5.6.2), which the name of a subprotocol is. */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/**
 * Refuses clients with a close frame: a page cannot see the HTTP status of a handshake, but it sees a close code. The handshake is completed,
 * and the answer and the close frame are one write; nothing that the client says is kept, and it never becomes a connection.
 *
 * What is open here is bounded in number, by `refusedClosingMax` and for each address by `connectionsPerAddressMax`, and in time.
 */
export class ClosingRefusals {
  readonly #counts: ConnectionCounts;
  /** What cuts each client that is still there. */
  readonly #cuts = new Set<() => void>();
  #over = false;

  constructor(
    limits: Pick<Limits, 'refusedClosingMax' | 'connectionsPerAddressMax' | 'ipv6PrefixLength'>,
    private readonly closeTimeoutMs: number,
    private readonly clock: Clock,
  ) {
    this.#counts = new ConnectionCounts({ ...limits, connectionsMax: limits.refusedClosingMax });
  }

  /** @returns `false`: there is no room, or the handshake is not one that could be completed. Nothing was written. */
  take(request: IncomingMessage, socket: Duplex, remoteAddress: string, code: number, reason: string): boolean {
    if (this.#over || socket.destroyed || this.#counts.full(remoteAddress) !== undefined) return false;
    const subprotocol = subprotocolOf(request);
    if (subprotocol === undefined || checkHandshake(request) !== undefined) return false;
    this.#counts.add(remoteAddress);
    const cut = () => {
      socket.destroy();
      gone();
    };
    const gone = () => {
      if (!this.#cuts.delete(cut)) return;
      this.clock.clearTimeout(timer);
      this.#counts.remove(remoteAddress);
    };
    const timer = this.clock.setTimeout(cut, this.closeTimeoutMs);
    this.#cuts.add(cut);
    // A reset is an `error`, which ends the process where nobody listens; `close` follows.
    socket.on('error', () => {}).on('close', gone);
    // Read and thrown away: what is not read would turn our end into a reset, which can overtake the close frame.
    socket.resume();
    socket.end(Buffer.concat([acceptance(request, subprotocol), closeFrame(code, reason)]));
    return true;
  }

  /** Cuts those who are left. From now on nobody is taken. */
  end(): void {
    this.#over = true;
    for (const cut of [...this.#cuts]) cut();
  }
}

/** The first that is offered, which is the one that `ws` agrees on; empty where none is, `undefined` where the header is not right. */
function subprotocolOf({ headers }: IncomingMessage): string | undefined {
  const offered = headers['sec-websocket-protocol'];
  if (offered === undefined) return '';
  const names = offered.split(',').map((name) => name.trim());
  return names.every((name) => TOKEN.test(name)) && new Set(names).size === names.length ? names[0] : undefined;
}

/** The server's side of the handshake (RFC 6455 §4.2.2), without extensions. */
function acceptance({ headers }: IncomingMessage, subprotocol: string): Buffer {
  const accept = createHash('sha1').update(`${headers['sec-websocket-key']}${GUID}`).digest('base64');
  const agreed = subprotocol === '' ? '' : `Sec-WebSocket-Protocol: ${subprotocol}\r\n`;
  return Buffer.from(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${agreed}\r\n`,
  );
}

/** @param reason at most 123 bytes in UTF-8 (RFC 6455 §5.5). */
function closeFrame(code: number, reason: string): Buffer {
  const length = 2 + Buffer.byteLength(reason);
  const frame = Buffer.alloc(2 + length);
  const at = writeHeader(frame, 0, FIN_CLOSE, length);
  frame.write(reason, frame.writeUInt16BE(code, at));
  return frame;
}
