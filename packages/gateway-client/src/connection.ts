import { type Attempt, type AttemptHost, CLOSES, createAttempt, type Loss } from './attempt.js';
import { DEFAULT_BACKOFF, delayBefore } from './backoff.js';
import type { ClientStatus } from './client.js';
import type { ConnectionHost, GroupSignal, Link } from './connection-host.js';
import { type Context, createAlarm, DELAY_MAX_MS, emptySession, identified, type MemberReady } from './context.js';
import { GatewayClientError } from './errors.js';
import { type Input, nextState, type State } from './machine.js';
import { type TokenContext, withDefaults } from './options.js';
import type { Readable } from './readable.js';
import { createSleep } from './sleep.js';
import { createStatus } from './status.js';
import { createTokens } from './tokens.js';
import { createUpkeep, type Upkeep } from './upkeep.js';

/** `close()` waits no longer for the other end, in milliseconds. */
const CLOSE_TIMEOUT_MS = 1_000;

/** Keeps a connection up: which state follows, what is done in it, and when the next attempt is made. */
export interface Connection<Host> extends Link {
  /** What stands on it. */
  readonly host: Host;
  readonly status: Readable<ClientStatus>;
  readonly upkeep: Upkeep;
  state(): State;
  start(): void;
  /** `rest` is as `close`, and the next one who wants it may begin anew. Resolves when the socket is closed. */
  close(input?: 'close' | 'rest'): Promise<void>;
  /** Drops the connection, and comes back at once; also from `stopped`. */
  reconnect(): void;
}

/** @param createHost makes what stands on it. */
export function createConnection<Host extends ConnectionHost>(
  context: Context,
  createHost: (context: Context, link: Link) => Host,
): Connection<Host> {
  const backoff = withDefaults(DEFAULT_BACKOFF, context.options.backoff);
  const status = createStatus(context);
  const tokens = createTokens(context);
  const wait = createAlarm(context);
  let state: State = 'idle';
  let attempt: Attempt | undefined;
  /** The attempt that is made before the connection breaks, where the gateway drains. */
  let successor: Attempt | undefined;
  let attempts = 0;
  /** Such attempts in a row, and when the newest begins. */
  let moves = 0;
  let movedAt = Number.NEGATIVE_INFINITY;
  let onlineAt = Number.POSITIVE_INFINITY;
  /** A token that was refused: the function is asked once more. */
  let refused: string | null | undefined;

  const isOnline = () => state === 'online';
  const go = (input: Input, reason?: Loss): boolean => {
    const next = nextState(state, input);
    if (next === null) return false;
    state = next;
    status.show(next, attempts, reason);
    return true;
  };
  const begin = (reason: TokenContext['reason']) => {
    attempts += 1;
    attempt = createAttempt(context, tokens, attemptHost);
    status.set({ attempt: attempts });
    void attempt.start(reason, refused);
  };
  const again = (reason: TokenContext['reason'] = 'reconnect') => {
    wait();
    if (go('begin')) begin(reason);
  };
  const waitFor = (delayMs: number) => {
    status.set({ retryAt: context.clock.now() + delayMs });
    wait(delayMs, () => again());
  };
  /** Nothing is connected any more. */
  const letGo = () => {
    attempt = undefined;
    wait();
    if (!successor) tokens.abort();
    upkeep.stop();
    host.offline();
  };
  const endAll = (code: number) => {
    void attempt?.end(code);
    void successor?.end(CLOSES.givenUp);
    successor = undefined;
    letGo();
  };
  const finish = (error: GatewayClientError) => {
    endAll(CLOSES.leave);
    sleep.stop();
    host.ended(error);
  };
  const stop = (reason: Loss) => {
    if (go('stop', reason)) finish(new GatewayClientError('STOPPED', reason.text, { cause: reason.error }));
  };
  const drop = (loss: Loss, code: number) => {
    if (!attempt) return;
    void attempt.end(code);
    attemptHost.lost(attempt, loss);
  };

  const attemptHost: AttemptHost = {
    wanted: () => host.wanted(),
    ready(from, ready) {
      if (from === successor) {
        void attempt?.end(CLOSES.givenUp);
        attempt = successor;
        successor = undefined;
        host.offline();
      } else {
        go('ready');
      }
      refused = undefined;
      onlineAt = context.clock.monotonicMs();
      take(ready);
      host.online(ready, from.named);
    },
    message(from, message) {
      if (from !== attempt) return;
      if (message.type === 'reconnect') prepare(message.payload.afterMs);
      else if (!upkeep.takes(message)) host.signal(message as GroupSignal);
    },
    lost(from, loss) {
      if (from !== attempt) {
        // The connection is still there; when it is lost, an attempt follows as ever.
        if (from === successor) successor = undefined;
        return;
      }
      const { code, action = 'reconnect', error } = loss;
      const asksAgain = code === 4001 && tokens.canRenew && refused === undefined;
      // 4004 may overtake the `ready` of the attempt that it was replaced by.
      if (action === 'stop' && !asksAgain && !(code === 4004 && successor)) return stop(loss);
      if (context.clock.monotonicMs() - onlineAt >= backoff.stableMs) attempts = 0;
      onlineAt = Number.POSITIVE_INFINITY;
      go('lost', loss);
      letGo();
      attempt = successor;
      successor = undefined;
      // It has the resume token: of two attempts with it the one that is answered first would be the member, whichever that is.
      if (attempt) {
        go('begin');
        return;
      }
      if (asksAgain) {
        refused = from.token;
        return again('refused');
      }
      const delayMs = loss.alone && attempts === 0 ? 0 : delayBefore(backoff, attempts, action, context.random);
      waitFor(Math.max(delayMs, error?.retryAfterMs ?? 0, sleep.isAway() ? context.timings.hiddenDelayMs : 0));
    },
  };
  const take = (ready: MemberReady) => {
    identified(context.session, ready);
    upkeep.ready(ready);
    status.set({ connectionId: ready.connectionId });
  };
  /**
   * The gateway has spread its clients: this one comes back at its time, whether the connection breaks first or not. Asked again before it has
   * stood for `stableMs`, not before its backoff: a gateway that asks each time would otherwise have it come without end.
   */
  const prepare = (afterMs: number) => {
    if (successor) return;
    const prepared = createAttempt(context, tokens, attemptHost);
    successor = prepared;
    const now = context.clock.monotonicMs();
    moves = now - movedAt < backoff.stableMs ? moves + 1 : 0;
    const delayMs = moves && delayBefore(backoff, moves, 'reconnect', context.random);
    movedAt = now + Math.min(Math.max(afterMs, delayMs), DELAY_MAX_MS);
    context.later(movedAt - now, () => void prepared.start('reconnect'));
  };

  const link: Link = {
    isOnline,
    bufferedBytes: () => attempt?.bufferedBytes() ?? 0,
    send(message) {
      if (!isOnline()) return false;
      upkeep.said();
      attempt?.send(message);
      return true;
    },
  };
  const host = createHost(context, link);
  const upkeep = createUpkeep(context, tokens, status, {
    ...link,
    identify: (id, token) => attempt?.identify(id, token),
    silent: () => drop({ text: 'nothing was heard any more', alone: true }, CLOSES.silent),
    renewed(ready) {
      take(ready);
      // Another user is another member: it is in no group yet.
      if (ready.resumed === false) host.online(ready, new Set());
    },
    stop,
  });
  const sleep = createSleep(context, status, {
    state: () => state,
    attempt: () => attempt,
    probe: () => upkeep.probe(),
    drop,
    suspend(code) {
      if (go('suspend')) endAll(code);
    },
    waitFor,
    anew() {
      attempts = 0;
      again();
    },
    isBusy: host.isBusy,
  });

  const start = () => {
    if (!go('start')) return;
    attempts = 0;
    refused = undefined;
    sleep.start();
    begin('initial');
  };
  return {
    status: status.store,
    upkeep,
    state: () => state,
    host,
    ...link,
    start,
    close(input = 'close') {
      if (!go(input)) return Promise.resolve();
      const closed = attempt?.end(CLOSES.leave);
      Object.assign(context.session, emptySession());
      finish(new GatewayClientError('CLOSED', 'the client was closed'));
      context.forgetLater();
      return new Promise((resolve) => {
        const undo = context.later(CLOSE_TIMEOUT_MS, () => resolve());
        void Promise.resolve(closed).then(() => {
          undo();
          resolve();
        });
      });
    },
    reconnect() {
      if (state === 'stopped') return start();
      drop({ text: 'the application asked for it' }, CLOSES.givenUp);
      again();
    },
  };
}
