import { closeAction, decodeGatewayMessage, type OutgoingToClient2, type ResumeSince } from 'gateway-protocol';
import { Alarm } from './alarm.js';
import type { StatusReason } from './client.js';
import type { Context } from './context.js';
import { GatewayClientError, StopError } from './errors.js';
import type { TokenContext } from './options.js';
import { platform, socketUrl } from './platform.js';
import { CLOSES, Socket } from './socket.js';
import type { TokenSource } from './token-source.js';
import { identifyText, isMemberReady, type MemberReady } from './wire.js';

/** Why an attempt, or the connection that came of it, is over. */
export interface Loss extends StatusReason {
  /** Only this client is concerned, so it need not spread its next attempt. */
  alone?: boolean;
  /** The gateway asks to wait for so long at least. */
  retryAfterMs?: number | undefined;
}

/** What an attempt tells. Nothing any more once it was ended. */
export interface AttemptHost {
  /** Groups for its `identify`, with what is wanted of each. */
  wanted(): Record<string, ResumeSince>;
  moved(attempt: Attempt): void;
  ready(attempt: Attempt, ready: MemberReady): void;
  message(attempt: Attempt, message: OutgoingToClient2): void;
  lost(attempt: Attempt, loss: Loss): void;
  /** There is no use in another one. */
  stop(reason: StatusReason): void;
}

const NO_SOCKET = 'there is no global WebSocket here: pass a class, as that of ws, as `WebSocket`';
const NOT_OPENED = 'the connection could not be opened; browsers do not say why: address, certificate, origin or a full gateway';
const NOT_READY = 'opened, but no `ready` came in time: a proxy may hold WebSockets up';

/** One try to be connected, and the connection that comes of it: token, socket, `identify`, `ready`. */
export class Attempt {
  phase: 'token' | 'opening' | 'identifying' | 'online' = 'token';
  /** The one that it identified with. */
  token: string | null = null;
  /** Groups that its `identify` named. */
  named: ReadonlySet<string> = new Set();
  readonly startedAt: number;
  readonly #limit: Alarm;
  #socket: Socket | undefined;
  #ended = false;

  constructor(
    private readonly context: Context,
    private readonly host: AttemptHost,
  ) {
    this.startedAt = context.clock.monotonicMs();
    this.#limit = new Alarm(context.clock);
  }

  get bufferedBytes(): number {
    return this.#socket?.bufferedBytes ?? 0;
  }

  /** @param refused a token that is not tried again. */
  async start(tokens: TokenSource, reason: TokenContext['reason'], refused?: string | null): Promise<void> {
    if (this.#ended) return;
    const { url } = this.context.options;
    try {
      const [address, token] = await Promise.all([typeof url === 'function' ? url() : url, tokens.get(reason)]);
      this.#enter(() => {
        if (refused !== undefined && token === refused) this.#stop('UNAUTHORIZED', 'the token was refused');
        else this.#open(address, token);
      });
    } catch (cause) {
      this.#enter(() => {
        if (cause instanceof StopError) {
          this.#stop('UNAUTHORIZED', cause.message);
          return;
        }
        const known = cause instanceof GatewayClientError;
        const error = known
          ? cause
          : new GatewayClientError('UNAUTHORIZED', `url or token: ${cause}`, { cause, retryable: true });
        this.context.report(error);
        this.#lose({ text: error.message, error }, CLOSES.givenUp);
      });
    }
  }

  send(text: string): void {
    this.context.frame('out', text);
    this.#socket?.send(text);
  }

  /** Says who the client is; again, with another token, to renew its credentials in place. */
  identify(id: string, token: string | null, groups?: Record<string, ResumeSince>): void {
    const { options, session } = this.context;
    const { clientType = 'app-client', metadata: said } = options;
    const metadata = typeof said === 'function' ? said() : said;
    this.send(identifyText({ id, clientType, metadata, token, resumeToken: session.resumeToken, groups }));
  }

  /** Ends it. @returns when the socket has closed. */
  end(code: number): Promise<void> {
    this.#ended = true;
    this.#limit.clear();
    return this.#socket?.end(code) ?? Promise.resolve();
  }

  #enter(entry: () => void): void {
    this.context.dispatcher.enter(() => {
      if (!this.#ended) entry();
    });
  }

  #stop(code: 'UNAUTHORIZED' | 'NO_WEBSOCKET' | 'INVALID_URL' | 'INVALID_IDENTIFY', text: string): void {
    this.host.stop({ text, error: new GatewayClientError(code, text) });
  }

  #lose(loss: Loss, code: number): void {
    void this.end(code);
    this.host.lost(this, loss);
  }

  #move(phase: Attempt['phase'], timeoutMs: number, late: string): void {
    this.phase = phase;
    this.#limit.setWithGrace(timeoutMs, () => this.#enter(() => this.#lose({ text: late }, CLOSES.givenUp)));
    this.host.moved(this);
  }

  #open(address: string | URL, token: string | null): void {
    const { options, timings } = this.context;
    const WebSocket = options.WebSocket ?? platform.WebSocket;
    if (WebSocket === undefined) {
      this.#stop('NO_WEBSOCKET', NO_SOCKET);
      return;
    }
    this.token = token;
    try {
      this.#socket = new Socket(WebSocket, socketUrl(address), {
        opened: () => this.#enter(() => this.#opened()),
        text: (text) => this.#enter(() => this.#read(text)),
        closed: (code) => this.#enter(() => this.#closed(code)),
      });
    } catch (cause) {
      this.#stop('INVALID_URL', `url: ${cause}`);
      return;
    }
    this.#move('opening', timings.openTimeoutMs, 'the socket did not open in time');
  }

  #opened(): void {
    this.#move('identifying', this.context.timings.identifyTimeoutMs, NOT_READY);
    const groups = this.host.wanted();
    this.named = new Set(Object.keys(groups));
    try {
      // At once: the greeting of the gateway says nothing that it depends on.
      this.identify('identify', this.token, groups);
    } catch (cause) {
      const error = new GatewayClientError('LISTENER', `metadata: ${cause}`, { cause });
      this.context.report(error);
      this.#lose({ text: error.message, error }, CLOSES.givenUp);
    }
  }

  #read(text: string): void {
    this.context.frame('in', text);
    const { message, error } = { message: undefined, error: undefined, ...decodeGatewayMessage(text) };
    if (error !== undefined) {
      const told = new GatewayClientError('PROTOCOL', `the gateway sent what is not of the contract: ${error}`);
      this.context.report(told);
      this.#lose({ text: told.message, error: told, action: 'back-off' }, CLOSES.notProtocol);
    } else if (message !== undefined) {
      this.#take(message);
    }
  }

  #take(message: OutgoingToClient2): void {
    if (this.phase === 'online') {
      this.host.message(this, message);
    } else if (message.type === 'ready' && isMemberReady(message.payload)) {
      this.#limit.clear();
      this.phase = 'online';
      this.host.ready(this, message.payload);
    } else if (message.type === 'error' && message.payload.code !== 'UNAUTHORIZED') {
      // UNAUTHORIZED is followed by a close, whose code decides.
      const { code, message: said, retryable, retryAfterMs } = message.payload;
      const text = `identify: ${said}`;
      const error = new GatewayClientError(code, text, { retryable, retryAfterMs });
      if (code === 'INVALID_IDENTIFY') this.#stop(code, text);
      else this.#lose({ text, error, retryAfterMs, action: retryable ? 'reconnect' : 'back-off' }, CLOSES.givenUp);
    }
  }

  #closed(code: number): void {
    void this.end(code);
    const action = closeAction(code);
    const error = this.phase === 'opening' ? new GatewayClientError('UNREACHABLE', NOT_OPENED, { retryable: true }) : undefined;
    this.host.lost(this, { text: error?.message ?? `closed with ${code}`, code, action, error });
  }
}
