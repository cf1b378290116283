import type { ServerResponse } from 'node:http';
import type { Result } from 'gateway-protocol';

/** Answers with JSON that nobody keeps; where the answer has begun, or nobody waits for it, nothing. */
export function answerJson(response: ServerResponse, status: number, body: Result<unknown>): void {
  if (response.headersSent || response.destroyed) return;
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

/** The body of an answer that says no. */
export function failure(code: string, message: string): Result<never> {
  return { ok: false, error: { code, message } };
}
