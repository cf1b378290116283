import type { RequestListener, ServerResponse } from 'node:http';
import type { Gateway } from 'gateway-core';
import type { Result } from 'gateway-protocol';

const METHODS = ['GET', 'HEAD'];

/** Answers `/health` for probes, and 404 for every other path: clients come by upgrade, which is the gateway's. */
export function healthListener(gateway: Pick<Gateway, 'health'>): RequestListener {
  return (request, response) => {
    const path = request.url?.split('?', 1)[0];
    if (path !== '/health') return answer(response, 404, failure('NOT_FOUND', 'there is only /health here'));
    if (!METHODS.includes(request.method ?? '')) {
      response.setHeader('allow', METHODS.join(', '));
      return answer(response, 405, failure('METHOD_NOT_ALLOWED', `/health takes ${METHODS.join(' and ')}`));
    }
    const health = gateway.health();
    // A probe that keeps its connection would hold up the end of a drain.
    if (!health.ok) response.setHeader('connection', 'close');
    answer(response, health.ok ? 200 : 503, health);
  };
}

function failure(code: string, message: string): Result<never> {
  return { ok: false, error: { code, message } };
}

function answer(response: ServerResponse, status: number, body: Result<unknown>): void {
  const text = JSON.stringify(body);
  // For HEAD, Node sends the headers and leaves the body out (RFC 9110 §9.3.2).
  response
    .writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
    })
    .end(text);
}
