import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Gateway, GatewayError, type GatewayOptions, systemClock } from 'gateway-core';
import { answerJson, failure } from '../json-answer.js';
import { ACTIONS, act } from './actions.js';
import { isEveryAddress, isLoopback } from './address.js';
import { fatesOf } from './fates.js';
import { Feed } from './feed.js';
import { type Refusal, refuseOtherSites, refuseVisitor } from './guard.js';
import { Password } from './password.js';
import { settingsInForce } from './settings-in-force.js';
import { readStaticFiles, type StaticFile } from './static-files.js';

/** Where the playground is. */
export const PLAYGROUND_PATH = '/playground/';
/** What is read by the page itself alone, and not by pages of other sites. */
const FEED = ['live', 'message', 'fates'];

/** Who may see the playground, and what they may do. */
export interface PlaygroundOptions {
  /**
   * Asked for by HTTP basic authentication, with any user name. Default: none, and then only requests from this machine are answered: from
   * loopback, with a `Host` header that names it, and passed on by no proxy.
   */
  password?: string | undefined;
  /** Nobody can disconnect or publish. Default: `true` where others than this machine can come in. */
  readOnly?: boolean | undefined;
  /** `metadata` and `principal` are not shown. Default `false`. */
  hideMetadata?: boolean | undefined;
}

/** What the playground needs to know of the server that it is on. */
export interface PlaygroundSurroundings {
  gateway: Gateway;
  /** That the server listens on. */
  address: string;
  options: Pick<GatewayOptions, 'clock' | 'limits' | 'timings' | 'trustProxyHops' | 'logger'>;
}

/** A page that shows what a gateway does, with the feed and the actions behind it. */
export class Playground {
  readonly #feed: Feed;
  readonly #password: Password | undefined;
  readonly #files: Map<string, StaticFile>;
  readonly readOnly: boolean;

  /** @throws GatewayError `INVALID_OPTION` where it would be open to everybody. */
  constructor(
    options: PlaygroundOptions,
    private readonly surroundings: PlaygroundSurroundings,
  ) {
    const { password, hideMetadata = false } = options;
    const { gateway, address, options: gatewayOptions } = surroundings;
    const { clock = systemClock, timings, limits, trustProxyHops = 0 } = gatewayOptions;
    if (password === '') throw invalid('the password is empty');
    if (password === undefined && !isLoopback(address) && !isEveryAddress(address))
      throw invalid(`needs a password on ${address}`);
    if (password === undefined && trustProxyHops > 0) throw invalid('needs a password behind a proxy');
    this.#files = readStaticFiles();
    this.#password = password === undefined ? undefined : new Password(password, () => clock.monotonicMs());
    this.readOnly = options.readOnly ?? (password !== undefined && !isLoopback(address));
    this.#feed = new Feed(gateway, clock, {
      readOnly: this.readOnly,
      hideMetadata,
      startedAt: clock.now(),
      settings: settingsInForce(timings, limits),
    });
  }

  /** Answers a request, if it is for the playground. @returns whether it is. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const [path = '', query = ''] = (request.url ?? '').split('?');
    const isWithoutSlash = `${path}/` === PLAYGROUND_PATH;
    if (!isWithoutSlash && !path.startsWith(PLAYGROUND_PATH)) return false;
    secure(response);
    if (isWithoutSlash) {
      response.writeHead(308, { location: PLAYGROUND_PATH, 'content-length': 0 }).end();
      return true;
    }
    const refusal =
      refuseVisitor(request, this.#password) ?? this.#route(path.slice(PLAYGROUND_PATH.length), query, request, response);
    if (refusal !== undefined) refuse(response, refusal);
    return true;
  }

  /** Ends all that look. */
  close(): void {
    this.#feed.close();
  }

  /** Answers a request of somebody who may look, or says why not. */
  #route(name: string, query: string, request: IncomingMessage, response: ServerResponse): Refusal | undefined {
    const isAction = Object.hasOwn(ACTIONS, name);
    const file = this.#files.get(name);
    if (!isAction && file === undefined && !FEED.includes(name)) {
      return { status: 404, code: 'NOT_FOUND', message: `there is no such thing under ${PLAYGROUND_PATH}` };
    }
    const methods = isAction ? ['POST'] : file === undefined ? ['GET'] : ['GET', 'HEAD'];
    if (!methods.includes(request.method ?? '')) {
      const message = `this takes ${methods.join(' and ')}`;
      return { status: 405, code: 'METHOD_NOT_ALLOWED', message, headers: { allow: methods.join(', ') } };
    }
    if (file !== undefined) {
      // It may be linked to from anywhere.
      give(file, request, response);
      return undefined;
    }
    const refusal = refuseOtherSites(request);
    if (refusal !== undefined) return refusal;
    if (name === 'live') return this.#stream(query, response);
    if (name === 'message') return this.#show(query, response);
    if (name === 'fates') return this.#explain(query, response);
    if (this.readOnly) return { status: 403, code: 'READ_ONLY', message: 'the playground is read-only' };
    void this.#act(name, request, response);
    return undefined;
  }

  #stream(query: string, response: ServerResponse): Refusal | undefined {
    if (this.#feed.isFull) {
      const message = 'as many are looking as may';
      return { status: 503, code: 'TOO_MANY_VIEWERS', message, headers: { 'retry-after': '5' } };
    }
    // What a proxy holds back would come late (`X-Accel-Buffering` is nginx's word for it).
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
    this.#feed.add(response, new URLSearchParams(query).get('group') ?? undefined);
    return undefined;
  }

  /** Answers with the data of a message that was cut, as it was published. */
  #show(query: string, response: ServerResponse): Refusal | undefined {
    const data = this.#feed.data(Number(new URLSearchParams(query).get('n')));
    if (data === undefined) return { status: 404, code: 'NOT_KEPT', message: 'the whole message is no longer kept here' };
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(data) }).end(data);
    return undefined;
  }

  /** Answers with what became of a message for the members of its group. */
  #explain(query: string, response: ServerResponse): Refusal | undefined {
    try {
      answerJson(response, 200, { ok: true, data: fatesOf(this.surroundings.gateway, new URLSearchParams(query)) });
      return undefined;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return { status: 400, code: error.code, message: error.message };
    }
  }

  async #act(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const outcome = await act(this.surroundings.gateway, name, request);
      if ('refusal' in outcome) refuse(response, outcome.refusal);
      else answerJson(response, 200, { ok: true, data: outcome.data });
    } catch (error) {
      this.surroundings.options.logger?.error('an action of the playground failed', { name, error });
      refuse(response, { status: 500, code: 'INTERNAL', message: 'the action failed' });
    }
  }
}

/** For every answer: it is not kept, not framed, not read by others, and says nothing of where somebody came from. */
function secure(response: ServerResponse): void {
  response
    .setHeader('cache-control', 'no-store')
    .setHeader('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
    .setHeader('cross-origin-opener-policy', 'same-origin')
    .setHeader('cross-origin-resource-policy', 'same-origin')
    .setHeader('referrer-policy', 'no-referrer')
    .setHeader('x-content-type-options', 'nosniff');
}

function give({ body, gzipped, headers }: StaticFile, request: IncomingMessage, response: ServerResponse): void {
  const takesGzip = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/.test(String(request.headers['accept-encoding'] ?? ''));
  if (takesGzip) response.setHeader('content-encoding', 'gzip');
  const content = takesGzip ? gzipped : body;
  response.writeHead(200, { ...headers, 'content-length': content.length, vary: 'accept-encoding' }).end(content);
}

function refuse(response: ServerResponse, { status, code, message, headers = {} }: Refusal): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  answerJson(response, status, failure(code, message));
}

function invalid(problem: string): GatewayError {
  return new GatewayError('INVALID_OPTION', `playground: ${problem}`);
}
