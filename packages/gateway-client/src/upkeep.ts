import type { OutgoingToClient2 } from 'gateway-protocol';
import { isMemberReady, type Loss } from './attempt.js';
import type { Link } from './connection-host.js';
import { type Context, createAlarm, DELAY_MAX_MS, type MemberReady, withGrace } from './context.js';
import { GatewayClientError, gatewayError, StopError } from './errors.js';
import { type Deferred, deferred, retryDelay } from './promises.js';
import type { Status } from './status.js';
import { type Tokens, tokenError } from './tokens.js';

/** A beat this late has slept with its machine: whether the path is still there is asked with less patience. */
const SLEPT_MS = 5_000;
/** Weight of the newest round trip in the average, as in TCP (RFC 6298 §2). */
const RTT_WEIGHT = 1 / 8;
/** Credentials are renewed so long before their end, or a tenth of the time that is left, whichever is longer. */
const RENEWAL_LEAD_MS = 30_000;

/** What it needs of the connection. */
export interface UpkeepHost extends Link {
  identify(id: string, token: string | null): void;
  /** Nothing was heard after a heartbeat: the connection is dead, whatever its socket says. */
  silent(): void;
  /** Another identify was taken. */
  renewed(ready: MemberReady): void;
  /** The token function has said that there is no use in another attempt. */
  stop(reason: Loss): void;
}

/** What is done for a connection while it is online: heartbeats, round trips, and credentials that do not run out. */
export interface Upkeep {
  /** `ready` has come, the first one or another: credentials were taken. */
  ready(ready: MemberReady): void;
  stop(): void;
  /** Something was sent. */
  said(): void;
  /** @returns whether the message is of no further concern. */
  takes(message: OutgoingToClient2): boolean;
  /** Asks whether the other end is still there. */
  probe(timeoutMs?: number): void;
  ping(): Promise<number>;
  /** Resolves when the gateway has taken another token. */
  renew(): Promise<void>;
}

export function createUpkeep(context: Context, tokens: Tokens, status: Status, host: UpkeepHost): Upkeep {
  const silence = createAlarm(context);
  const renewal = createAlarm(context);
  const pings = new Set<Deferred<number>>();
  let beat: unknown;
  let intervalMs = 0;
  let armedAt = 0;
  let sentAt = 0;
  let rttMs: number | undefined;
  let failures = 0;
  /** The renewal that waits for its `ready`. */
  let waiting: (Deferred<void> & { id: string }) | undefined;

  const answer = <Value>(timeoutMs: number): Deferred<Value> => {
    const answered = deferred<Value>();
    const undo = context.later(timeoutMs, () => answered.reject(new GatewayClientError('TIMEOUT', 'no answer')));
    answered.promise.then(undo, undo);
    return answered;
  };
  /**
   * The timer of the next heartbeat is set in socket events only, never by a timer, and not shared with others: browsers slow down timers
   * that set one another to one a minute in hidden pages.
   */
  const arm = (now: number) => {
    armedAt = now;
    context.clock.clearTimeout(beat);
    const beats = () => {
      armedAt = Number.NEGATIVE_INFINITY;
      const lateMs = context.clock.monotonicMs() - now - intervalMs;
      upkeep.probe(lateMs < SLEPT_MS ? context.timings.ackTimeoutMs : context.timings.probeTimeoutMs);
    };
    beat = context.clock.setTimeout(() => context.enter(beats), Math.min(intervalMs, DELAY_MAX_MS));
  };
  const sendHeartbeat = () => {
    host.send({ type: 'heartbeat', ts: context.clock.now() });
  };
  const heard = () => {
    const now = context.clock.monotonicMs();
    silence();
    // Not for each of many messages.
    if (now - armedAt >= intervalMs / 4) arm(now);
    if (now - sentAt >= intervalMs) sendHeartbeat();
  };
  const renewByItself = () => {
    upkeep.renew().catch((cause) =>
      context.enter(() => {
        const error = tokenError(cause);
        if (error.cause instanceof StopError) return host.stop({ text: error.message, error });
        // Taken back by a newer call, or by the end of the connection.
        if (error.code === 'ABORTED' || error.code === 'NOT_CONNECTED') return;
        context.report(error);
        renewal(retryDelay(failures), renewByItself);
        failures += 1;
      }),
    );
  };

  const upkeep: Upkeep = {
    ready({ expiresAt, heartbeat, serverTs }) {
      intervalMs = heartbeat.intervalMs;
      silence();
      upkeep.said();
      arm(sentAt);
      failures = 0;
      waiting?.resolve();
      waiting = undefined;
      renewal();
      if (expiresAt === undefined || serverTs === undefined || !tokens.canRenew) return;
      // The gateway's clock counts: the client's may be wrong.
      const leftMs = expiresAt - serverTs;
      const leadMs = Math.min(Math.max(RENEWAL_LEAD_MS, leftMs / 10), leftMs / 2);
      renewal(leftMs - leadMs * (0.95 + context.random() / 10), renewByItself);
    },
    stop() {
      const error = new GatewayClientError('NOT_CONNECTED', 'the connection was lost');
      context.clock.clearTimeout(beat);
      silence();
      renewal();
      rttMs = undefined;
      for (const pending of [waiting, ...pings]) pending?.reject(error);
      waiting = undefined;
      pings.clear();
    },
    said() {
      sentAt = context.clock.monotonicMs();
    },
    takes({ type, payload }) {
      heard();
      if (type === 'heartbeat_ack') {
        if (payload.echoTs === undefined) return true;
        const latestMs = Math.max(context.clock.now() - payload.echoTs, 0);
        rttMs = (rttMs ?? latestMs) + (latestMs - (rttMs ?? latestMs)) * RTT_WEIGHT;
        for (const ping of pings) ping.resolve(latestMs);
        pings.clear();
        status.set({ rttMs });
      } else if (type === 'ready') {
        if (isMemberReady(payload)) host.renewed(payload);
      } else if (type === 'error' && waiting !== undefined && payload.inReplyTo === waiting.id) {
        waiting.reject(gatewayError(payload));
        waiting = undefined;
      } else {
        return false;
      }
      return true;
    },
    probe(timeoutMs = context.timings.probeTimeoutMs) {
      withGrace(silence, timeoutMs, host.silent);
      sendHeartbeat();
    },
    ping() {
      const ping = answer<number>(context.timings.ackTimeoutMs);
      pings.add(ping);
      upkeep.probe(context.timings.ackTimeoutMs);
      return ping.promise;
    },
    async renew() {
      const token = await tokens.get('expiring');
      if (!host.isOnline()) throw new GatewayClientError('NOT_CONNECTED', 'not online');
      waiting?.reject(new GatewayClientError('ABORTED', 'another renewal has begun'));
      const id = context.serial();
      const renewing = { id, ...answer<void>(context.timings.identifyTimeoutMs) };
      waiting = renewing;
      context.enter(() => host.identify(id, token));
      return renewing.promise;
    },
  };
  return upkeep;
}
