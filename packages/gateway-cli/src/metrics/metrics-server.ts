import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'gateway-core';
import { asUsageError, type ServeConfig } from '../config.js';
import { createHttpServer } from '../http-server.js';
import { answerJson, failure } from '../json-answer.js';
import { reachable } from '../serve.js';
import type { Exposition } from './exposition.js';

/** How long a scrape may take to arrive, and its answer to be read. */
const REQUEST_TIMEOUT_MS = 10_000;
/** Scrapers are few, and the descriptors are for clients. */
const CONNECTIONS_MAX = 64;

/** Where they are, and their bounds. */
export interface MetricsServerOptions {
  host: string;
  port: number;
  logger: Logger;
  /** In milliseconds; then it is answered 408, or cut. Default 10,000. */
  requestTimeoutMs?: number | undefined;
  /** More are closed as they come. Default 64. */
  connectionsMax?: number | undefined;
}

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
export async function serveMetrics(exposition: Exposition, options: MetricsServerOptions): Promise<MetricsServer> {
  const { host, port, logger, requestTimeoutMs = REQUEST_TIMEOUT_MS, connectionsMax = CONNECTIONS_MAX } = options;
  let making: Promise<string> | undefined;
  /** Who asks at the same time is told the same. */
  const made = () => {
    making ??= exposition.text().finally(() => {
      making = undefined;
    });
    return making;
  };
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    if (request.url?.split('?', 1)[0] !== '/metrics')
      return answerJson(response, 404, failure('NOT_FOUND', 'there is only /metrics here'));
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return answerJson(response, 405, failure('METHOD_NOT_ALLOWED', '/metrics takes GET and HEAD'));
    }
    const text = await made();
    response.writeHead(200, {
      'content-type': exposition.contentType,
      'cache-control': 'no-store',
      'content-length': Buffer.byteLength(text),
    });
    response.end(text);
  };
  const server = createHttpServer(requestTimeoutMs);
  server.maxConnections = connectionsMax;
  server.on('request', (request, response) => {
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
