import type { ReadyLimits, ReadyPayload } from 'gateway-protocol';
import type { ClientEvents } from './client.js';
import { type ClientClock, systemClock } from './clock.js';
import { createEmitter, type Dispatcher, type Emitter } from './emitter.js';
import { GatewayClientError, textOf } from './errors.js';
import { type ClientOptions, type ClientTimings, DEFAULT_CLIENT_TIMINGS, withDefaults } from './options.js';

/** Longest delay that timers take; a longer one would run at once. */
export const DELAY_MAX_MS = 2 ** 31 - 1;
/** A timer this late has slept with its machine, or was throttled: what has arrived meanwhile is not read yet. */
const LATE_MS = 1_000;
/** How many earlier ids of its own a client knows again. */
const MEMBER_IDS_MAX = 64;

/** What a `ready` that answers an `identify` says; the greeting has no member. */
export interface MemberReady extends ReadyPayload {
  memberId: string;
  resume: { token: string; ttlMs: number };
}

/** What the gateway has said of this client. */
export interface Session {
  memberId?: string | undefined;
  resumeToken?: string | undefined;
  limits: Partial<ReadyLimits>;
  /** Its ids, earlier ones too: a message from one of them is its own. */
  memberIds: Set<string>;
}

/** Of a client that is not known yet, or no longer. */
export const emptySession = (): Session => ({ memberId: undefined, resumeToken: undefined, limits: {}, memberIds: new Set() });

/** `ready` has said who the client is. */
export function identified(session: Session, { limits, memberId, resume }: MemberReady): void {
  Object.assign(session, { memberId, limits: limits ?? {}, resumeToken: resume.token });
  session.memberIds.add(memberId);
  trim(session.memberIds, MEMBER_IDS_MAX);
}

/** Drops the oldest of what is more than `max`. */
export function trim<Key>(all: Set<Key> | Map<Key, unknown>, max: number): void {
  for (const oldest of all.keys()) {
    if (all.size <= max) return;
    all.delete(oldest);
  }
}

/** A task for later is told how late it runs, in milliseconds. */
export type LateTask = (lateMs: number) => void;

/** What all parts of one client share. */
export interface Context extends Dispatcher {
  readonly options: ClientOptions;
  readonly timings: ClientTimings;
  readonly clock: ClientClock;
  readonly random: () => number;
  readonly events: Emitter<ClientEvents>;
  readonly session: Session;
  /** Names one request of this client. */
  serial(): string;
  /** Runs an entry in `delayMs`; any number of them share one timer. @returns what takes it back. */
  later(delayMs: number, task: LateTask): () => void;
  /** Takes back all that is for later. */
  forgetLater(): void;
  /** What nobody awaits. */
  report(error: GatewayClientError): void;
}

/** One task for later in place of the one before; without a task, none. */
export function createAlarm({ later }: Pick<Context, 'later'>): (delayMs?: number, task?: LateTask) => void {
  let undo = () => {};
  return (delayMs = 0, task) => {
    undo();
    undo = task ? later(delayMs, task) : () => {};
  };
}

/** An overdue timer first lets the platform hand over what has arrived: what it waits for may be among it. */
export function withGrace(alarm: ReturnType<typeof createAlarm>, delayMs: number, task: () => void): void {
  alarm(delayMs, (lateMs) => alarm(lateMs < LATE_MS ? 0 : LATE_MS, task));
}

export function createContext(options: ClientOptions): Context {
  const { clock = systemClock, logger, random = () => Math.random() } = options;
  let serials = 0;
  const queue: (() => void)[] = [];
  let depth = 0;
  const enter = <Result>(entry: () => Result): Result => {
    depth += 1;
    try {
      return entry();
    } finally {
      try {
        if (depth === 1) for (let task = queue.shift(); task; task = queue.shift()) task();
      } finally {
        depth -= 1;
      }
    }
  };
  const tell = (task: () => void) => {
    queue.push(task);
    enter(() => {});
  };

  const report = (error: GatewayClientError) => {
    events.emit('error', error);
    try {
      logger?.warn(error.message, { code: error.code, groupId: error.groupId, id: error.id });
    } catch {
      // There is nobody left to tell.
    }
  };
  const call = <Value>(listeners: Iterable<(value: Value) => void>, value: Value) => {
    const failed = (cause: unknown) => {
      // What a listener of `error` throws would be told to it again.
      if ((value as Partial<GatewayClientError>).code === 'LISTENER') return;
      report(new GatewayClientError('LISTENER', `a listener threw: ${textOf(cause)}`, { cause }));
    };
    for (const listener of [...listeners]) {
      try {
        const answer: unknown = listener(value);
        // An async listener's rejection would otherwise end the process.
        if (typeof answer === 'object') Promise.resolve(answer).catch(failed);
      } catch (cause) {
        failed(cause);
      }
    }
  };
  const events = createEmitter<ClientEvents>({ tell, call });

  const waiting = new Set<{ at: number; task: LateTask }>();
  let timer: unknown;
  let armedFor = Number.POSITIVE_INFINITY;
  const disarm = () => {
    clock.clearTimeout(timer);
    armedFor = Number.POSITIVE_INFINITY;
  };
  const arm = (at: number) => {
    if (at >= armedFor) return;
    disarm();
    armedFor = at;
    timer = clock.setTimeout(() => enter(run), Math.min(Math.max(at - clock.monotonicMs(), 0), DELAY_MAX_MS));
  };
  const run = () => {
    disarm();
    const now = clock.monotonicMs();
    try {
      for (const one of [...waiting]) if (one.at <= now && waiting.delete(one)) one.task(now - one.at);
    } finally {
      for (const { at } of waiting) arm(at);
    }
  };
  return {
    options,
    clock,
    random,
    timings: withDefaults(DEFAULT_CLIENT_TIMINGS, options.timings),
    events,
    session: emptySession(),
    enter,
    tell,
    call,
    report,
    serial() {
      serials += 1;
      return `request-${serials}`;
    },
    later(delayMs, task) {
      const one = { at: clock.monotonicMs() + delayMs, task };
      waiting.add(one);
      arm(one.at);
      return () => {
        waiting.delete(one);
        if (waiting.size === 0) disarm();
      };
    },
    forgetLater() {
      waiting.clear();
      disarm();
    },
  };
}
