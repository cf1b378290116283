import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { GatewayOptions } from '../options.js';

/** Why a handshake is refused: an HTTP status and a short body. */
export interface HandshakeRefusal {
  status: number;
  message: string;
  headers?: Record<string, string>;
}

/** 16 bytes in base64 (RFC 6455 §4.1). */
const KEY = /^[+/0-9A-Za-z]{22}==$/;

/** The path of a request target: origin form or absolute form (RFC 9112 §3.2). `undefined` for anything else. Never throws. */
export function pathOf(target: string | undefined): string | undefined {
  if (target === undefined) return undefined;
  if (!target.startsWith('/')) return URL.canParse(target) && /^https?:/i.test(target) ? new URL(target).pathname : undefined;
  const end = target.search(/[?#]/);
  return end === -1 ? target : target.slice(0, end);
}

/** What RFC 6455 §4.2.1 asks of a client's handshake, and the allowed origins. */
export function checkHandshake(
  request: IncomingMessage,
  allowedOrigins: GatewayOptions['allowedOrigins'],
): HandshakeRefusal | undefined {
  if (request.method !== 'GET') return { status: 405, message: 'the handshake is a GET', headers: { Allow: 'GET' } };
  if (request.headers.upgrade?.toLowerCase() !== 'websocket') return { status: 400, message: 'Upgrade must be websocket' };
  if (request.headers['sec-websocket-version'] !== '13') {
    return { status: 426, message: 'Sec-WebSocket-Version must be 13', headers: { 'Sec-WebSocket-Version': '13' } };
  }
  if (!KEY.test(request.headers['sec-websocket-key'] ?? ''))
    return { status: 400, message: 'Sec-WebSocket-Key must be 16 bytes in base64' };
  const { origin } = request.headers;
  const allowed =
    allowedOrigins === undefined ||
    (typeof allowedOrigins === 'function'
      ? allowedOrigins(origin, request)
      : origin === undefined || allowedOrigins.includes(origin));
  return allowed === true ? undefined : { status: 403, message: 'this origin may not connect' };
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

/**
 * The client's address: the socket's, or behind `hops` trusted proxies the entry that the outermost of them appended to
 * `X-Forwarded-For`. Entries further left are the client's own words.
 */
export function remoteAddressOf(request: IncomingMessage, hops: number): string {
  const own = request.socket.remoteAddress ?? '';
  if (hops === 0) return own;
  const header = request.headers['x-forwarded-for'];
  const forwarded = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',').map((entry) => entry.trim());
  return (forwarded.length >= hops ? forwarded[forwarded.length - hops] : forwarded[0]) || own;
}
