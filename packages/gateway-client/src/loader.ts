import type { LogPosition } from 'gateway-protocol';
import { type Context, createAlarm } from './context.js';
import { GatewayClientError, textOf } from './errors.js';
import type { Load, Loaded, LoadReason } from './group.js';
import { retryDelay } from './promises.js';
import type { Arrived, SharedGroup } from './shared-group.js';

const BUFFERED_MAX = 1_024;
/** Of their data, roughly, in characters of JSON. */
const BUFFERED_CHARS_MAX = 4 * 1_048_576;

/** What it needs of its handle. */
export interface LoaderHost {
  /** The state is there, and stands for everything up to `after`. */
  loaded(loaded: Loaded, after: LogPosition | undefined): void;
  deliver(arrived: Arrived): void;
  moved(): void;
}

/**
 * Snapshot, then stream: what comes while the snapshot is loaded is kept and follows it. Joined first and loaded then, nothing can fall
 * between the two.
 */
export interface Loader {
  isLoaded(): boolean;
  /** @returns whether it keeps the message for later. */
  holds(arrived: Arrived): boolean;
  synced(outcome: string): void;
  start(reason: LoadReason): void;
  stop(): void;
}

export function createLoader(context: Context, group: SharedGroup, load: Load, host: LoaderHost): Loader {
  const { id: groupId } = group;
  const again = createAlarm(context);
  const buffer = new Map<number, Arrived>();
  let chars = 0;
  let failures = 0;
  let isFirst = true;
  let isLoaded = false;
  let call: AbortController | undefined;
  /** Goes on with a state that is older than the place where the group was joined: joined again from there. */
  let catchUp: (() => void) | undefined;

  const failed = (reason: LoadReason, error: GatewayClientError) => {
    context.report(error);
    loader.stop();
    again(retryDelay(failures), () => loader.start(reason));
    failures += 1;
  };
  const go = (loaded: Loaded, after: LogPosition | undefined) => {
    const buffered = [...buffer.values()].sort((one, other) => one.signal.seq - other.signal.seq);
    loader.stop();
    isLoaded = true;
    host.loaded(loaded, after);
    buffered.forEach(host.deliver);
    host.moved();
  };
  const loader: Loader = {
    isLoaded: () => isLoaded,
    holds(arrived) {
      if (isLoaded) return false;
      buffer.set(arrived.signal.seq, arrived);
      chars += JSON.stringify(arrived.signal.payload.data)?.length ?? 0;
      if (buffer.size > BUFFERED_MAX || chars > BUFFERED_CHARS_MAX)
        failed('gap', new GatewayClientError('TIMEOUT', 'load: too much came meanwhile', { groupId }));
      return true;
    },
    synced(outcome) {
      if (isFirst) loader.start('join');
      else if (outcome !== 'recovered') loader.start('reset');
      else catchUp?.();
    },
    start(reason) {
      loader.stop();
      isFirst = isLoaded = false;
      const from = group.position;
      const own = new AbortController();
      call = own;
      host.moved();
      const enterOwn = (entry: () => void) => context.enter(() => call === own && entry());
      // In a turn of its own: what it throws at once is a failure like any other.
      Promise.resolve()
        .then(() => load({ groupId, reason, signal: own.signal }))
        .then(
          ({ state, position }) =>
            enterOwn(() => {
              const loaded: Loaded = { type: 'state', state, reason };
              call = undefined;
              failures = 0;
              // Without a position of this log nobody knows which of the messages are in the state: all follow it.
              if (!position || position.epoch !== from?.epoch) return go(loaded, from);
              if (position.seq >= from.seq) return go(loaded, position);
              catchUp = () => go(loaded, position);
              group.ask(position);
            }),
          (cause) =>
            enterOwn(() => failed(reason, new GatewayClientError('LISTENER', `load: ${textOf(cause)}`, { groupId, cause }))),
        );
    },
    stop() {
      again();
      call?.abort();
      call = catchUp = undefined;
      buffer.clear();
      chars = 0;
    },
  };
  return loader;
}
