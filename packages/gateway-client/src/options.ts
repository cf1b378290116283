import type { ClientType, Logger } from 'gateway-protocol';
import type { BackoffOptions } from './backoff.js';
import type { ClientClock } from './clock.js';
import type { SignalSource } from './signals.js';
import type { WebSocketConstructor } from './web-socket.js';

/** A part of an options object; an option that is `undefined` takes its default. */
export type Some<Options> = { [Name in keyof Options]?: Options[Name] | undefined };

/** What a client is made with. Only `url` is required. */
export interface ClientOptions {
  /**
   * `wss://…`, `https://…` (which becomes `wss`) or, in a browser, a path like `/rt`. A function is asked before every attempt. Never put a
   * token here: proxies log URLs.
   */
  url: string | URL | (() => string | URL | Promise<string | URL>);
  /** What kind of client it is; others see it. Default `app-client`. */
  clientType?: ClientType | undefined;
  /** What others see of this member; at most 4 KiB of JSON by default. A function is asked at every `identify`. */
  metadata?: Record<string, unknown> | (() => Record<string, unknown>) | undefined;
  /**
   * For the gateway's `authenticate` hook, or a function that gets one. The function is asked before every attempt and before the token
   * expires, never while an earlier call of it still counts; see {@link TokenContext}. `null` is no token; a `StopError` ends the trying.
   */
  token?: string | ((context: TokenContext) => string | null | Promise<string | null>) | undefined;
  /** The WebSocket class. Default: the global one; Node 20 has none, so pass that of `ws`. */
  WebSocket?: WebSocketConstructor | undefined;
  /** Waiting times between attempts. Default: `DEFAULT_BACKOFF`. */
  backoff?: Some<BackoffOptions> | undefined;
  /** Default: `DEFAULT_CLIENT_TIMINGS`. */
  timings?: Some<ClientTimings> | undefined;
  /** Default: `DEFAULT_OUTBOX`. */
  outbox?: Some<OutboxOptions> | undefined;
  /** After how long a hidden page gives its connection up; it comes back when visible. Waits while a publish is pending. Default `Infinity`: never. */
  hiddenTimeoutMs?: number | undefined;
  /** What a page says that is left for good: `leave` (others see it go at once) or `drop` (it stays for the resume window). Default `leave`. */
  onPageHide?: 'leave' | 'drop' | undefined;
  /** Where wake and sleep signals come from. Default: the browser's, where there is one. `null`: none. */
  signals?: SignalSource | null | undefined;
  /** Default: the platform's time. */
  clock?: ClientClock | undefined;
  /** From 0 up to 1, for waiting times. Default `Math.random`. */
  random?: (() => number) | undefined;
  /** Ids of messages. Default: 128 random bits. */
  generateId?: (() => string) | undefined;
  /** Where what goes wrong is written to. Default: nowhere. */
  logger?: Logger | undefined;
}

/** What a token function is told. */
export interface TokenContext {
  /**
   * `initial`, `reconnect`; `expiring`: the last one is still good, renew it; `refused`: the gateway refused the last one or its time is
   * over, so do not answer from a cache.
   */
  reason: 'initial' | 'reconnect' | 'expiring' | 'refused';
  /** Aborted when the answer is no longer wanted, and after `tokenTimeoutMs`. */
  signal: AbortSignal;
}

/** Durations, in milliseconds. */
export interface ClientTimings {
  /** Until the socket is open. */
  openTimeoutMs: number;
  /** From then until `ready` answers; hooks may be slow. */
  identifyTimeoutMs: number;
  /** Until a token function has answered. */
  tokenTimeoutMs: number;
  /** Silence after a heartbeat before the connection counts as dead. */
  ackTimeoutMs: number;
  /** The same after a wake signal. */
  probeTimeoutMs: number;
  /** An attempt older than this is given up when a wake signal comes. */
  staleAttemptMs: number;
  /** At most one attempt is forced by wake signals in this time. */
  wakeIntervalMs: number;
  /** Not online for this long: `status.lost`. */
  lostAfterMs: number;
  /** Between the last release of a group, or of the connection, and its end. */
  lingerMs: number;
  /** Shortest delay between attempts while the page is hidden, or the platform says that there is no network. */
  hiddenDelayMs: number;
  /** Longest wait that is granted to a gateway which asks for one, by `reconnect` or an error. */
  askedMaxMs: number;
}

/** The defaults of {@link ClientTimings}. */
export const DEFAULT_CLIENT_TIMINGS: Readonly<ClientTimings> = {
  openTimeoutMs: 10_000,
  identifyTimeoutMs: 15_000,
  tokenTimeoutMs: 10_000,
  ackTimeoutMs: 5_000,
  probeTimeoutMs: 2_500,
  staleAttemptMs: 2_000,
  wakeIntervalMs: 1_000,
  lostAfterMs: 5_000,
  lingerMs: 1_000,
  hiddenDelayMs: 30_000,
  askedMaxMs: 300_000,
};

/** How much may wait to be sent, or to be answered. */
export interface OutboxOptions {
  /** Publishes that wait or are not answered yet. */
  messagesMax: number;
  /** Bytes of their JSON. */
  bytesMax: number;
  /** Publishes sent and not answered yet. */
  inFlightMax: number;
  /** Bytes of them. A single larger message goes alone. */
  inFlightBytesMax: number;
  /** A full outbox refuses the newest (`OUTBOX_FULL`), or drops the oldest that was never sent (`DROPPED`). */
  overflow: 'refuse' | 'drop-oldest';
}

/** The defaults of {@link OutboxOptions}. */
export const DEFAULT_OUTBOX: Readonly<OutboxOptions> = {
  messagesMax: 256,
  bytesMax: 1_048_576,
  inFlightMax: 64,
  inFlightBytesMax: 262_144,
  overflow: 'refuse',
};

/** Defaults with what was given laid over them; `undefined` is not given. */
export function withDefaults<Options extends object>(defaults: Readonly<Options>, given: Some<Options> = {}): Options {
  const all: Options = { ...defaults };
  for (const name of Object.keys(given) as (keyof Options)[]) {
    const value = given[name];
    if (value !== undefined) all[name] = value as Options[keyof Options];
  }
  return all;
}
