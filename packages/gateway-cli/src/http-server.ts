import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** How often Node looks for requests that are late; its own default of 30 s would let them stay for up to that much longer. */
const REQUEST_CHECK_MS = 1_000;
const HEADER_BYTES_MAX = 16 * 1024;

/**
 * A plain `node:http` server on which nobody stays for nothing: a request that has not arrived after `requestTimeoutMs` is answered 408, and
 * the connection of an answer that was not taken after as long is cut.
 */
export function createHttpServer(requestTimeoutMs: number): Server {
  const server = createServer({
    // Also the bound of the headers alone: Node's `headersTimeout` is never longer.
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(REQUEST_CHECK_MS, requestTimeoutMs),
    maxHeaderSize: HEADER_BYTES_MAX,
  });
  return server.on('request', (request, response) => cutUnread(request, response, requestTimeoutMs));
}

/** Node waits for who does not read without end. A stream that goes on, or an answer that is still being made, is another one's to bound. */
function cutUnread({ socket }: IncomingMessage, response: ServerResponse, timeoutMs: number): void {
  const look = () => {
    if (response.writableEnded) socket.destroy();
    else watch();
  };
  let timer: NodeJS.Timeout;
  const watch = () => {
    timer = setTimeout(look, timeoutMs).unref();
  };
  watch();
  response.once('close', () => clearTimeout(timer));
}
