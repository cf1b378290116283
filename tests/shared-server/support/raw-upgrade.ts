import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface RawResponse {
  status: number;
  /** By lower-case name. */
  headers: Record<string, string>;
  body: string;
}

const HANDSHAKE: Record<string, string> = {
  Host: 'localhost',
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

export interface RawRequest {
  /** Port of the URL, whose path is the default target. */
  url: string;
  /** Default GET. */
  method?: string;
  /** Default HTTP/1.1. */
  version?: string;
  target?: string;
  /** Laid over those of a right handshake; `undefined` leaves one out. */
  headers?: Record<string, string | undefined>;
  /** Keeps its end open when the server ends. */
  allowHalfOpen?: boolean;
}

/** Opens a socket of its own and writes a handshake on it, byte for byte as asked for. Clients do not let one send a wrong one. */
export function openRaw({
  url,
  method = 'GET',
  version = 'HTTP/1.1',
  target,
  headers = {},
  allowHalfOpen = false,
}: RawRequest): Socket {
  const { port, pathname } = new URL(url);
  const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen });
  onTestFinished(() => void socket.destroy());
  const lines = Object.entries({ ...HANDSHAKE, ...headers }).filter(([, value]) => value !== undefined);
  socket.write(
    `${method} ${target ?? pathname} ${version}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
    'latin1',
  );
  return socket;
}

/**
 * The answer to a handshake: everything up to the end of the connection, or the head of a 101. Status 0: the connection ended without
 * one.
 */
export function rawUpgrade(request: RawRequest): Promise<RawResponse> {
  const socket = openRaw(request);
  let text = '';
  return new Promise((resolve) => {
    const done = () => resolve(parse(text));
    socket.on('data', (data) => {
      text += data.toString('latin1');
      if (text.startsWith('HTTP/1.1 101') && text.includes('\r\n\r\n')) done();
    });
    socket.on('error', done);
    socket.on('close', done);
  });
}

function parse(text: string): RawResponse {
  const [head = '', body = ''] = text.split('\r\n\r\n', 2);
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => line.split(': ')).map(([name = '', value = '']) => [name.toLowerCase(), value]),
  );
  return { status: Number(statusLine.split(' ')[1] ?? 0), headers, body };
}
