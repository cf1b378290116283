import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Gateway } from 'gateway-core';
import type { Result } from 'gateway-protocol';
import { answerJson, failure } from './json-answer.js';

const METHODS = ['GET', 'HEAD'];

/** What is said beside the gateway's own health. */
export interface HealthOptions {
  degraded?: (() => string | undefined) | undefined;
  probes?: boolean | undefined;
}

/**
 * Answers `/health` for probes, 426 on the path on which clients come by upgrade, and 404 on every other one.
 * @param options `degraded`: why the gateway can do less than it should, where that is so. `probes`: `/livez` is answered as well, with 200 for as
 * long as the event loop turns, also in a drain; and `/readyz`, as `/health` is.
 */
export function healthListener(gateway: Pick<Gateway, 'health' | 'path'>, options: HealthOptions = {}): RequestListener {
  const { degraded = () => undefined, probes = false } = options;
  const paths = probes ? ['/health', '/livez', '/readyz'] : ['/health'];
  return (request, response) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    if (!paths.includes(path)) {
      if (path === gateway.path || path === `${gateway.path}/`) return answerPlain(request, response);
      return answerJson(response, 404, failure('NOT_FOUND', `there is only ${paths.join(', ')} here`));
    }
    if (!METHODS.includes(request.method ?? '')) {
      response.setHeader('allow', METHODS.join(', '));
      return answerJson(response, 405, failure('METHOD_NOT_ALLOWED', `${path} takes ${METHODS.join(' and ')}`));
    }
    const isLive = path === '/livez';
    const health: Result<{ status: 'ok' }> = isLive ? { ok: true, data: { status: 'ok' } } : gateway.health();
    // A probe that keeps its connection would hold up the end of a drain.
    if (!health.ok) response.setHeader('connection', 'close');
    const reason = health.ok && !isLive ? degraded() : undefined;
    // With 200: what is away is away for all gateways that share it, so none of them is better to go to.
    answerJson(
      response,
      health.ok ? 200 : 503,
      reason === undefined ? health : { ok: true, data: { status: 'DEGRADED', reason } },
    );
  };
}

/** What a client should have asked for (RFC 9110 §15.5.22). */
function answerPlain(request: IncomingMessage, response: ServerResponse): void {
  if (METHODS.includes(request.method ?? '')) {
    response.setHeader('connection', 'Upgrade').setHeader('upgrade', 'websocket');
    answerJson(response, 426, failure('UPGRADE_REQUIRED', 'this path takes WebSocket connections only'));
  } else {
    response.setHeader('allow', 'GET');
    answerJson(response, 405, failure('METHOD_NOT_ALLOWED', 'a WebSocket handshake is a GET'));
  }
}
