import { createHash, randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { ConnectionOptions } from 'node:tls';

/** Appended to the key before hashing (RFC 6455 §1.3). */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** No server answers an upgrade with more. */
const RESPONSE_BYTES_MAX = 16 * 1024;

/** Where to connect. */
export interface Target {
  /** Name or address; of IPv6 without brackets. */
  host: string;
  port: number;
  /** Path and query of the request. */
  path: string;
  /** Given for `wss:`; options beyond the host name, such as a certificate authority. */
  tls?: ConnectionOptions | undefined;
  /** Further request headers, such as `Origin`. */
  headers?: Readonly<Record<string, string>> | undefined;
}

/** The client's half of the opening handshake (RFC 6455 §4.1) over raw bytes. */
export class Handshake {
  readonly request: string;
  private readonly accept: string;
  private response = '';

  constructor(target: Target) {
    const key = randomBytes(16).toString('base64');
    this.accept = createHash('sha1')
      .update(key + ACCEPT_GUID)
      .digest('base64');
    const extra = Object.entries(target.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
    const host = isIPv6(target.host) ? `[${target.host}]` : target.host;
    this.request =
      `GET ${target.path} HTTP/1.1\r\nHost: ${host}:${target.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n${extra.join('')}\r\n`;
  }

  /**
   * Takes bytes of the response. Answers where the first frame begins in `chunk`, or -1 while the response is not complete.
   * @throws Error when the upgrade was refused; the message carries the server's status line.
   */
  push(chunk: Buffer, length: number): number {
    const before = this.response.length;
    this.response += chunk.toString('latin1', 0, length);
    const end = this.response.indexOf('\r\n\r\n');
    if (end === -1) {
      if (this.response.length > RESPONSE_BYTES_MAX) throw new Error('the answer to the upgrade does not end');
      return -1;
    }
    const head = this.response.slice(0, end);
    const status = head.slice(0, head.indexOf('\r\n') === -1 ? undefined : head.indexOf('\r\n'));
    if (!/^HTTP\/1\.1 101\b/.test(status)) throw new Error(`upgrade refused: ${status}`);
    if (/^sec-websocket-accept: *(\S+)/im.exec(head)?.[1] !== this.accept) throw new Error('wrong Sec-WebSocket-Accept');
    return end + 4 - before;
  }
}
