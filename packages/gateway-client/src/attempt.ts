import {
  closeAction,
  type IncomingFromClient,
  type OutgoingToClient2,
  type ReadyPayload,
  type ResumeSince,
} from 'gateway-protocol';
import type { StatusReason } from './client.js';
import { type Context, createAlarm, type MemberReady, withGrace } from './context.js';
import { type ClientErrorCode, GatewayClientError, gatewayError, StopError, textOf } from './errors.js';
import type { TokenContext } from './options.js';
import { platform, socketUrl } from './platform.js';
import { read } from './read.js';
import { type Tokens, tokenError } from './tokens.js';
import type { WebSocketLike } from './web-socket.js';

/** How a client closes: 1000 ends its member at once, the others are drops, so that it can come back as the same one. */
export const CLOSES = { leave: 1000, suspended: 4900, silent: 4901, givenUp: 4902, notProtocol: 4903 } as const;

/** Why an attempt, or the connection that came of it, is over. */
export interface Loss extends StatusReason {
  /** Only this client is concerned, so it need not spread its next attempt. */
  alone?: boolean;
}

/** Whether it answers an `identify`. */
export const isMemberReady = (ready: ReadyPayload): ready is MemberReady => ready.memberId !== undefined;

/** What an attempt tells. Nothing any more once it was ended. */
export interface AttemptHost {
  /** Groups for its `identify`, with what is wanted of each. */
  wanted(): Record<string, ResumeSince>;
  ready(attempt: Attempt, ready: MemberReady): void;
  message(attempt: Attempt, message: OutgoingToClient2): void;
  lost(attempt: Attempt, loss: Loss): void;
}

/** One try to be connected, and the connection that comes of it: token, socket, `identify`, `ready`. */
export interface Attempt {
  readonly startedAt: number;
  /** The one that it identified with. */
  token: string | null;
  /** Groups that its `identify` named. */
  named: ReadonlySet<string>;
  /** Bytes that the socket has not handed to the network. */
  bufferedBytes(): number;
  /** @param refused a token that is not tried again. */
  start(reason: TokenContext['reason'], refused?: string | null): Promise<void>;
  /** A message, or its text. */
  send(message: IncomingFromClient | string): void;
  /** Says who the client is; again, with another token, to renew its credentials in place. */
  identify(id: string, token: string | null, groups?: Record<string, ResumeSince>): void;
  /** Ends it. @returns when the socket has closed. */
  end(code: number): Promise<void>;
}

export function createAttempt(context: Context, tokens: Tokens, host: AttemptHost): Attempt {
  const limit = createAlarm(context);
  let phase: 'opening' | 'identifying' | 'online' = 'opening';
  let socket: WebSocketLike | undefined;
  let isOver = false;

  const frame = (direction: 'in' | 'out', text: string) => {
    if (!context.events.has('frame')) return;
    const masked = text.replace(/"token":"(?:[^"\\]|\\.)*"/g, '"token":"…"');
    context.events.emit('frame', { direction, text: masked, at: context.clock.now() });
  };
  /** An entry of the attempt; what comes after its end is nobody's. */
  const enterOwn = (entry: () => void) => context.enter(() => isOver || entry());
  const lose = (code: number, loss: Loss) => {
    void attempt.end(code);
    host.lost(attempt, loss);
  };
  const fail = (
    error: GatewayClientError,
    action?: Loss['action'],
    code: number = action === 'stop' ? CLOSES.leave : CLOSES.givenUp,
  ) => lose(code, { text: error.message, error, action });
  const stop = (code: ClientErrorCode | 'UNAUTHORIZED', text: string) => fail(new GatewayClientError(code, text), 'stop');
  /** Nobody awaits it. */
  const failed = (error: GatewayClientError, action?: Loss['action'], code?: number) => {
    context.report(error);
    fail(error, action, code);
  };
  const within = (timeoutMs: number, text: string) =>
    withGrace(limit, timeoutMs, () => enterOwn(() => lose(CLOSES.givenUp, { text })));

  const open = (url: string | URL) => {
    const WebSocket = context.options.WebSocket ?? platform.WebSocket;
    if (!WebSocket) return stop('NO_WEBSOCKET', 'no global WebSocket: pass a class, as that of ws');
    try {
      socket = new WebSocket(socketUrl(url));
    } catch (cause) {
      return stop('INVALID_URL', `url: ${textOf(cause)}`);
    }
    socket.onopen = () => enterOwn(opened);
    socket.onmessage = ({ data }: { data: unknown }) => enterOwn(() => hear(String(data)));
    // React Native names no code.
    socket.onclose = ({ code = 1006 }: { code?: number }) => enterOwn(() => closed(code));
    // `close` follows. It stays after the end: `ws` reports a handshake that was given up.
    socket.onerror = () => {};
    within(context.timings.openTimeoutMs, 'the socket did not open in time');
  };
  const opened = () => {
    phase = 'identifying';
    within(context.timings.identifyTimeoutMs, 'no `ready` came in time: a proxy may hold WebSockets up');
    const groups = host.wanted();
    attempt.named = new Set(Object.keys(groups));
    try {
      // At once: the greeting of the gateway says nothing that it depends on.
      attempt.identify('identify', attempt.token, groups);
    } catch (cause) {
      failed(new GatewayClientError('LISTENER', `metadata: ${textOf(cause)}`, { cause }));
    }
  };
  const hear = (text: string) => {
    frame('in', text);
    try {
      const message = read(text, context.timings.askedMaxMs);
      if (message) take(message);
    } catch (cause) {
      // What is wrong deeper inside shows where it is used.
      failed(
        new GatewayClientError('PROTOCOL', `not of the contract: ${textOf(cause)}`, { cause }),
        'back-off',
        CLOSES.notProtocol,
      );
    }
  };
  const take = (message: OutgoingToClient2) => {
    const { type, payload } = message;
    if (phase === 'online') {
      host.message(attempt, message);
    } else if (type === 'ready' && isMemberReady(payload)) {
      limit();
      phase = 'online';
      host.ready(attempt, payload);
    } else if (type === 'error' && payload.code !== 'UNAUTHORIZED') {
      // UNAUTHORIZED is followed by a close, whose code decides.
      const error = gatewayError(payload, 'identify: ');
      fail(error, error.code === 'INVALID_IDENTIFY' ? 'stop' : error.retryable ? 'reconnect' : 'back-off');
    }
  };
  const closed = (code: number) => {
    socket = undefined;
    const text =
      phase === 'opening' ? 'could not be opened; browsers do not say why: address, certificate, origin' : `closed with ${code}`;
    const error = phase === 'opening' ? new GatewayClientError('UNREACHABLE', text, { retryable: true }) : undefined;
    lose(code, { text, code, action: closeAction(code), error });
  };

  const attempt: Attempt = {
    startedAt: context.clock.monotonicMs(),
    token: null,
    named: new Set(),
    bufferedBytes: () => socket?.bufferedAmount ?? 0,
    async start(reason, refused) {
      if (isOver) return;
      const { url } = context.options;
      try {
        const [address, token] = await Promise.all([typeof url === 'function' ? url() : url, tokens.get(reason)]);
        enterOwn(() => {
          attempt.token = token;
          if (token === refused) stop('UNAUTHORIZED', 'the token was refused');
          else open(address);
        });
      } catch (cause) {
        const error = tokenError(cause);
        enterOwn(() => {
          if (error.cause instanceof StopError) return fail(error, 'stop');
          failed(error);
        });
      }
    },
    send(message) {
      const text = typeof message === 'string' ? message : JSON.stringify(message);
      if (isOver) return;
      frame('out', text);
      socket?.send(text);
    },
    identify(id, token, groups) {
      const { clientType = 'app-client', metadata } = context.options;
      attempt.send({
        type: 'identify',
        version: '2',
        id,
        payload: {
          clientType,
          metadata: typeof metadata === 'function' ? metadata() : metadata,
          token: token ?? undefined,
          resume: groups && { token: context.session.resumeToken, groups },
        },
      });
    },
    end(code) {
      const ended = isOver ? undefined : socket;
      isOver = true;
      limit();
      return new Promise((resolve) => {
        if (!ended) return resolve();
        ended.onopen = ended.onmessage = null;
        ended.onclose = () => resolve();
        ended.close(code);
      });
    },
  };
  return attempt;
}
