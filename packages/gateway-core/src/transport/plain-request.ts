import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HostServer } from '../options.js';
import { offersWebSocket } from './handshake.js';

/** Entries of `rawHeaders`, two for each header, that Node keeps where `server.maxHeadersCount` is not set. */
const RAW_HEADERS_MAX = 2000;

/**
 * Gives an upgrade to another protocol than WebSocket back to the server, as the plain request that it would have been without a
 * gateway: any server may ignore `Upgrade` (RFC 9110 §7.8), but Node cannot once anybody listens to the event. `curl --http2` and
 * Java's HttpClient offer HTTP/2 in this way with every request.
 *
 * Node has let go of the connection, so the request is put back in front of what follows it, and the server reads it again.
 * @returns `false`: it is no such request.
 */
export function giveBack(server: HostServer, request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
  const { method, url, httpVersion, headers, rawHeaders } = request;
  if (headers.upgrade === undefined || offersWebSocket(request)) return false;
  const { maxHeadersCount } = server as { maxHeadersCount?: number | null };
  // Headers were dropped. Without a Content-Length that was among them, the body would be read as further requests.
  if (maxHeadersCount !== 0 && rawHeaders.length >= (maxHeadersCount ? maxHeadersCount * 2 : RAW_HEADERS_MAX)) return false;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name, value] = rawHeaders.slice(index, index + 2) as [string, string];
    if (/^connection$/i.test(name)) lines.push(`${name}: ${withoutUpgrade(value)}`);
    else if (!/^(upgrade|http2-settings)$/i.test(name)) lines.push(`${name}: ${value}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  // What an HTTPS server takes requests from is the decrypted stream.
  server.emit(server.listenerCount('secureConnection') > 0 ? 'secureConnection' : 'connection', socket);
  return true;
}

/**
 * Answers a request without an upgrade on a gateway's path: 426 says what to ask for instead (RFC 9110 §15.5.22).
 * @returns `false`: HTTP/2 has no such upgrade (RFC 9113 §8.6).
 */
export function answerPlain(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.httpVersionMajor !== 1) return false;
  const [status, headers] = ['GET', 'HEAD'].includes(request.method ?? '')
    ? [426, { Connection: 'Upgrade', Upgrade: 'websocket' }]
    : [405, { Allow: 'GET' }];
  const body = 'this path takes WebSocket connections only\n';
  response
    .writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': Buffer.byteLength(body), ...headers })
    .end(body);
  return true;
}

function withoutUpgrade(connection: string): string {
  return connection
    .split(',')
    .filter((option) => !/^\s*(upgrade|http2-settings)\s*$/i.test(option))
    .join(',')
    .trim();
}
