import type { OutgoingToClient2, ResumeSince } from 'gateway-protocol';
import { Alarm } from './alarm.js';
import { Attempt, type AttemptHost, type Loss } from './attempt.js';
import { type BackoffOptions, DEFAULT_BACKOFF, delayBefore } from './backoff.js';
import type { StatusReason } from './client.js';
import { closing } from './closing.js';
import type { ConnectionHost } from './connection-host.js';
import type { Context } from './context.js';
import { GatewayClientError } from './errors.js';
import { type Input, nextState, type State } from './machine.js';
import { type TokenContext, withDefaults } from './options.js';
import { CLOSES } from './socket.js';
import { Status } from './status.js';
import { Successor } from './successor.js';
import { TokenSource } from './token-source.js';
import { Upkeep } from './upkeep.js';
import { Waiters } from './waiters.js';
import type { GroupSignal, MemberReady } from './wire.js';

/** Keeps a connection up: which state follows, what is done in it, and when the next attempt is made. */
export class Connection implements AttemptHost {
  readonly status: Status;
  readonly upkeep: Upkeep;
  readonly tokens: TokenSource;
  readonly #backoff: BackoffOptions;
  readonly #wait: Alarm;
  readonly #next: Successor;
  readonly #waiters = new Waiters();
  /** Called when the machine begins and when it comes to rest. */
  onActive: (active: boolean) => void = () => {};
  /** Shortest delay between attempts, as the platform has it. */
  delayMinMs = 0;
  state: State = 'idle';
  attempt: Attempt | undefined;
  #attempts = 0;
  #onlineAt = Number.POSITIVE_INFINITY;
  /** A token that was refused: the function is asked once more. */
  #refused: string | null | undefined;

  constructor(
    private readonly context: Context,
    private readonly host: ConnectionHost,
  ) {
    const { clock, timings, dispatcher, options, events } = context;
    this.status = new Status(dispatcher, clock, timings.lostAfterMs, (status) => events.emit('status', status));
    this.tokens = new TokenSource(options.token, clock, timings.tokenTimeoutMs);
    this.upkeep = new Upkeep(context, this.tokens, {
      send: (text) => this.attempt?.send(text),
      identify: (id, token) => this.attempt?.identify(id, token),
      silent: () => this.drop({ text: 'nothing was heard any more', alone: true }, CLOSES.silent),
      // Another user is another member: it is in no group yet.
      replaced: (ready) => host.online(ready, new Set()),
      measured: (rttMs) => this.status.set({ rttMs }),
      stop: (reason) => this.stop(reason),
    });
    this.#backoff = withDefaults(DEFAULT_BACKOFF, options.backoff);
    this.#wait = new Alarm(clock);
    this.#next = new Successor(context, this.tokens, this);
  }

  get isOnline(): boolean {
    return this.state === 'online';
  }

  /** Bytes that the socket has not handed to the network. */
  get bufferedBytes(): number {
    return this.attempt?.bufferedBytes ?? 0;
  }

  /** Resolves when online. */
  whenOnline(signal?: AbortSignal): Promise<void> {
    const online = this.#waiters.wait(signal);
    if (this.isOnline) this.#waiters.resolve();
    return online;
  }

  start(): void {
    if (!this.#go('start')) return;
    this.#attempts = 0;
    this.#refused = undefined;
    this.onActive(true);
    this.#begin('initial');
  }

  /** `rest` is as `close`, and the next one who wants it may begin anew. */
  async close(input: 'close' | 'rest' = 'close'): Promise<void> {
    const { clock, session } = this.context;
    if (!this.#go(input)) return;
    const closed = this.attempt?.end(CLOSES.leave);
    session.forget();
    this.#finish(new GatewayClientError('CLOSED', 'the client was closed'));
    await closing(clock, closed);
  }

  /** Gives the connection up, as a drop. */
  drop(loss: Loss, code: number): void {
    const { attempt } = this;
    if (attempt === undefined) return;
    void attempt.end(code);
    this.lost(attempt, loss);
  }

  /** Drops the connection, and comes back at once. */
  reconnect(): void {
    this.drop({ text: 'the application asked for it' }, CLOSES.givenUp);
    this.again();
  }

  /** The page sleeps: nothing is tried until it wakes. */
  suspend(code: number): void {
    const wasOnline = this.isOnline;
    if (this.#go('suspend')) this.#letGo(code, wasOnline);
  }

  /** An attempt now; `anew`: counted from the first. */
  again(reason: TokenContext['reason'] = 'reconnect', anew = false): void {
    if (anew) this.#attempts = 0;
    this.#wait.clear();
    if (this.#go('begin')) this.#begin(reason);
  }

  /** An attempt in `delayMs`, where one is waited for. */
  waitFor(delayMs: number): void {
    this.status.set({ retryAt: this.context.clock.now() + delayMs });
    this.#wait.set(delayMs, () => this.context.dispatcher.enter(() => this.again()));
  }

  send(text: string): boolean {
    if (!this.isOnline) return false;
    this.upkeep.liveness.said();
    this.attempt?.send(text);
    return true;
  }

  wanted(): Record<string, ResumeSince> {
    return this.host.wanted();
  }

  /** Brings the machine to where the attempt stands. */
  moved(attempt: Attempt): void {
    if (attempt !== this.attempt) return;
    if (attempt.phase !== 'token') this.#go('token');
    if (attempt.phase === 'identifying') this.#go('open');
  }

  ready(attempt: Attempt, ready: MemberReady): void {
    const { context } = this;
    if (attempt === this.#next.attempt) {
      void this.attempt?.end(CLOSES.givenUp);
      this.attempt = this.#next.take();
      this.host.offline();
    } else {
      this.#go('ready');
    }
    this.#refused = undefined;
    this.#onlineAt = context.clock.monotonicMs();
    context.session.take(ready);
    this.status.set({ connectionId: ready.connectionId });
    this.upkeep.start(ready);
    this.#waiters.resolve();
    this.host.online(ready, attempt.named);
  }

  message(attempt: Attempt, message: OutgoingToClient2): void {
    if (attempt !== this.attempt) return;
    if (message.type === 'reconnect') this.#next.prepare(message.payload.afterMs);
    else if (!this.upkeep.takes(message)) this.host.signal(message as GroupSignal);
  }

  lost(attempt: Attempt, loss: Loss): void {
    if (attempt !== this.attempt) {
      // The connection is still there; when it is lost, an attempt follows as ever.
      this.#next.take();
      return;
    }
    const { code, action = 'reconnect' } = loss;
    if (code === 4001 && this.tokens.canRenew && this.#refused === undefined) {
      this.#refused = attempt.token;
      this.#give(loss);
      this.again('refused');
      return;
    }
    // 4004 may overtake the `ready` of the attempt that it was replaced by.
    if (action === 'stop' && !(code === 4004 && this.#next.attempt !== undefined)) {
      this.stop(loss);
      return;
    }
    this.#give(loss);
    this.attempt = this.#next.take();
    if (this.attempt !== undefined) {
      this.#go('begin');
      this.moved(this.attempt);
      return;
    }
    const isAlone = loss.alone === true && this.#attempts === 0;
    const delayMs = isAlone ? 0 : delayBefore(this.#backoff, this.#attempts, action, this.context.random);
    this.waitFor(Math.max(delayMs, loss.retryAfterMs ?? 0, this.delayMinMs));
  }

  stop(reason: StatusReason): void {
    if (!this.#go('stop', { reason })) return;
    this.#finish(new GatewayClientError('STOPPED', reason.text, { cause: reason.error }));
  }

  #give({ text, code, action, error }: Loss): void {
    const wasOnline = this.isOnline;
    if (this.context.clock.monotonicMs() - this.#onlineAt >= this.#backoff.stableMs) this.#attempts = 0;
    this.#onlineAt = Number.POSITIVE_INFINITY;
    this.#go('lost', { reason: { text, code, action, error } });
    this.#still(wasOnline);
  }

  /** Nothing is connected any more. */
  #still(wasOnline: boolean): void {
    this.attempt = undefined;
    this.#wait.clear();
    if (this.#next.attempt === undefined) this.tokens.abort();
    this.upkeep.stop();
    if (wasOnline) this.host.offline();
  }

  #letGo(code: number, wasOnline: boolean): void {
    void this.attempt?.end(code);
    this.#next.end();
    this.#still(wasOnline);
  }

  #finish(error: GatewayClientError): void {
    this.#letGo(CLOSES.leave, false);
    this.onActive(false);
    this.#waiters.reject(error);
    this.host.ended(error);
  }

  #begin(reason: TokenContext['reason']): void {
    this.#attempts += 1;
    this.attempt = new Attempt(this.context, this);
    this.status.set({ attempt: this.#attempts });
    void this.attempt.start(this.tokens, reason, this.#refused);
  }

  #go(input: Input, more?: { reason: StatusReason }): boolean {
    const next = nextState(this.state, input);
    if (next === null) return false;
    this.state = next;
    this.status.show(next, { attempt: this.#attempts, ...more });
    return true;
  }
}
