import type { IncomingMessage } from 'node:http';
import { isLoopback, isLoopbackHost } from './address.js';
import type { Password } from './password.js';

/** Why a request is not answered. */
export interface Refusal {
  status: number;
  code: string;
  message: string;
  headers?: Record<string, string> | undefined;
}

/** Headers by which a proxy says that it passes a request on (RFC 7239, RFC 9110 §7.6.3, and what is usual). */
const PASSED_ON = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'];

/** Says who may not look at the playground: without a password everybody but this machine itself. */
export function refuseVisitor(request: IncomingMessage, password: Password | undefined): Refusal | undefined {
  const address = request.socket.remoteAddress ?? '';
  if (password === undefined) {
    const isLocal = isLoopback(address) && !PASSED_ON.some((name) => request.headers[name] !== undefined);
    if (!isLocal) return forbidden('without a password the playground is for this machine alone; see --playground-password-file');
    if (!isLoopbackHost(request.headers.host ?? ''))
      return forbidden('the Host header has to name this machine: localhost or 127.0.0.1');
    return undefined;
  }
  switch (password.admit(request.headers.authorization, address)) {
    case 'in':
      return undefined;
    case 'throttled':
      return {
        status: 429,
        code: 'RATE_LIMITED',
        message: 'too many wrong passwords; wait a minute',
        headers: { 'retry-after': String(password.retryAfterS) },
      };
    default:
      return {
        status: 401,
        code: 'UNAUTHORIZED',
        message: 'the playground asks for its password; any user name will do',
        headers: { 'www-authenticate': 'Basic realm="gateway playground", charset="UTF-8"' },
      };
  }
}

/** Says which requests come from pages of others: browsers send along a password that they know, and reach loopback. */
export function refuseOtherSites({ headers }: IncomingMessage): Refusal | undefined {
  const { origin, host = '' } = headers;
  const site = headers['sec-fetch-site'];
  // W3C Fetch Metadata; a program that is no browser sends neither.
  const isOther =
    (site !== undefined && site !== 'same-origin') || (origin !== undefined && hostOf(origin) !== host.toLowerCase());
  return isOther ? forbidden('this is for the page of the playground, not for pages of other sites') : undefined;
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function forbidden(message: string): Refusal {
  return { status: 403, code: 'FORBIDDEN', message };
}
