import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

/** Why a handshake is refused: an HTTP status and a short body. */
export interface HandshakeRefusal {
  status: number;
  message: string;
  headers?: Record<string, string>;
  /** The close code that says the same, where there is one. */
  closeCode?: number;
}

/** 16 bytes in base64 (RFC 6455 §4.1). */
const KEY = /^[+/0-9A-Za-z]{22}==$/;

/** Whether WebSocket is among the protocols that a request offers to go on with (RFC 9110 §7.8). */
export function offersWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.split(',').some((protocol) => protocol.trim().toLowerCase() === 'websocket') ?? false;
}

/** What RFC 6455 §4.2.1 asks of a client's handshake. */
export function checkHandshake(request: IncomingMessage): HandshakeRefusal | undefined {
  if (request.method !== 'GET') return { status: 405, message: 'the handshake is a GET', headers: { Allow: 'GET' } };
  // 400 and not 505, which is for a major version (RFC 9110 §15.6.6).
  if (Number(request.httpVersion) < 1.1) return { status: 400, message: 'the handshake is HTTP/1.1 or higher' };
  if (!offersWebSocket(request)) return { status: 400, message: 'Upgrade must be websocket' };
  if (request.headers['sec-websocket-version'] !== '13') {
    // A 426 names what to change to (RFC 9110 §15.5.22), and `Connection` names each header that is for this hop alone.
    const headers = { Connection: 'Upgrade, close', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' };
    return { status: 426, message: 'Sec-WebSocket-Version must be 13', headers };
  }
  if (!KEY.test(request.headers['sec-websocket-key'] ?? ''))
    return { status: 400, message: 'Sec-WebSocket-Key must be 16 bytes in base64' };
  return undefined;
}

/** Answers with a plain HTTP response and closes. A reset meanwhile does not reach the process as an uncaught error. */
export function refuse(socket: Duplex, { status, message, headers = {} }: HandshakeRefusal): void {
  const body = `${message}\n`;
  const lines = Object.entries({
    Connection: 'close',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
}
