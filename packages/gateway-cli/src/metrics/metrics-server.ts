import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'gateway-core';
import { asUsageError, type ServeConfig } from '../config.js';
import { answerJson, failure } from '../json-answer.js';
import { reachable } from '../serve.js';
import type { Exposition } from './exposition.js';

/** Where metrics are answered. */
export interface MetricsServer {
  /** Like `http://127.0.0.1:9100/metrics`. */
  url: string;
  /** Ends what is still asked, too. */
  close(): void;
}

/**
 * Answers `GET /metrics` on a port of its own.
 * @throws (by rejection) the system's error where it cannot listen.
 */
export async function serveMetrics(
  exposition: Exposition,
  { host, port, logger }: { host: string; port: number; logger: Logger },
): Promise<MetricsServer> {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.url?.split('?', 1)[0] !== '/metrics')
      return answerJson(response, 404, failure('NOT_FOUND', 'there is only /metrics here'));
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return answerJson(response, 405, failure('METHOD_NOT_ALLOWED', '/metrics takes GET and HEAD'));
    }
    const text = await exposition.text();
    response.writeHead(200, {
      'content-type': exposition.contentType,
      'cache-control': 'no-store',
      'content-length': Buffer.byteLength(text),
    });
    response.end(text);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      logger.error('metrics could not be told', { error });
      response.destroy();
    });
  });
  server.listen(port, host);
  await once(server, 'listening');
  // From now on it is one scrape that could not be accepted, as where descriptors are used up, and no reason to end the gateway.
  server.on('error', (error) => logger.error('a scrape could not be accepted', { error }));
  const { address, port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${reachable(address)}:${actual}/metrics`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/**
 * The same where the configuration says, and logged.
 * @throws UsageError (by rejection) where the port cannot be had.
 */
export async function startMetrics(exposition: Exposition, config: ServeConfig, logger: Logger): Promise<MetricsServer> {
  const { host, metricsPort: port = 0 } = config;
  try {
    const metrics = await serveMetrics(exposition, { host, port, logger });
    logger.info(`metrics on ${metrics.url}`, { metricsUrl: metrics.url });
    return metrics;
  } catch (error) {
    throw asUsageError(error, config, port);
  }
}
