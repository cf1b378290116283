import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createHttpServer } from '../src/http-server.js';

/** A server that gives up after 200 ms, and clients of bytes. */
async function serving(listener: RequestListener) {
  const server = createHttpServer(200).on('request', listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  /** @returns both ends. */
  const client = async (text: string): Promise<[Socket, Socket]> => {
    const accepted = once(server, 'connection');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
    onTestFinished(() => void socket.destroy());
    socket.write(text);
    return [socket, (await accepted)[0]];
  };
  return { server, client };
}

const GET = 'GET / HTTP/1.1\r\nhost: h\r\n\r\n';

test.each([
  ['one answer that is longer than sockets hold', GET, 64 * 1024 * 1024],
  ['many that are short', GET.repeat(50_000), 10],
])('who asks for %s and does not read is cut', async (_, requests, length) => {
  const { client } = await serving((_request, response) => response.end('x'.repeat(length)));
  const [unread, end] = await client(requests);
  unread.pause();
  if (!end.destroyed) await once(end, 'close');
  expect(end.destroyed).toBe(true);
});

test('who reads is not, nor a stream that goes on, nor one whose answer is still being made', async () => {
  const late: (() => void)[] = [];
  const { client } = await serving(({ url }, response) => {
    if (url === '/stream') response.write('so far');
    else if (url === '/late') late.push(() => response.end('at last'));
    else response.end('x'.repeat(url === '/long' ? 64 * 1024 * 1024 : 10));
  });
  const [stream] = await client(GET.replace('/', '/stream'));
  const [waiting] = await client(GET.replace('/', '/late'));
  const [reader] = await client(GET);
  await once(reader, 'data');
  const [, unread] = await client(GET.replace('/', '/long'));
  unread.on('error', () => {});
  await once(unread, 'close');
  expect(stream.closed).toBe(false);
  late[0]?.();
  expect(String((await once(waiting, 'data'))[0])).toContain('at last');
  reader.write(GET);
  expect(String((await once(reader, 'data'))[0])).toContain('200 OK');
});
