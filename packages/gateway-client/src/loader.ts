import type { LogPosition } from 'gateway-protocol';
import type { Context } from './context.js';
import { GatewayClientError } from './errors.js';
import type { Load, Loaded, LoadReason } from './group.js';
import type { Arrived } from './shared-group.js';

const BUFFERED_MAX = 1_024;
/** Of their data, roughly, in characters of JSON. */
const BUFFERED_CHARS_MAX = 4 * 1_048_576;
const RETRY_MS = 1_000;
const RETRY_MAX_MS = 30_000;

/** What it needs of its handle. */
export interface LoaderHost {
  readonly groupId: string;
  /** Where the group stands now. */
  readonly position: LogPosition | undefined;
  /** The state is there, and stands for everything up to `after`. */
  loaded(loaded: Loaded, after: LogPosition | undefined): void;
  deliver(arrived: Arrived): void;
  /** Brings the group back to an earlier position. */
  rejoin(since: LogPosition): void;
  moved(): void;
}

/** A state that is older than the place where the group was joined. */
interface Behind {
  loaded: Loaded;
  position: LogPosition;
}

/**
 * Snapshot, then stream: what comes while the snapshot is loaded is kept and follows it. Joined first and loaded then, nothing can fall
 * between the two.
 */
export class Loader {
  /** `idle`: loaded, messages pass. `behind`: loaded, but older than where the group was joined: joined again from there. */
  #phase: 'idle' | 'first' | 'loading' | 'behind' = 'first';
  #call: AbortController | undefined;
  #buffer = new Map<number, Arrived>();
  #chars = 0;
  #from: LogPosition | undefined;
  #behind: Behind | undefined;
  #failures = 0;
  #undoRetry = () => {};

  constructor(
    private readonly context: Context,
    private readonly load: Load,
    private readonly host: LoaderHost,
  ) {}

  get isLoaded(): boolean {
    return this.#phase === 'idle';
  }

  /** @returns whether it keeps the message for later. */
  holds(arrived: Arrived): boolean {
    if (this.isLoaded) return false;
    this.#buffer.set(arrived.signal.seq, arrived);
    this.#chars += JSON.stringify(arrived.signal.payload.data)?.length ?? 0;
    if (this.#buffer.size > BUFFERED_MAX || this.#chars > BUFFERED_CHARS_MAX) {
      this.#failed('gap', new GatewayClientError('TIMEOUT', 'load: too much came meanwhile', { groupId: this.host.groupId }));
    }
    return true;
  }

  synced(outcome: string): void {
    if (this.#phase === 'behind' && outcome === 'recovered') this.#catchUp();
    else if (this.#phase === 'first') this.start('join');
    else if (outcome !== 'recovered') this.start('reset');
  }

  start(reason: LoadReason): void {
    this.stop();
    this.#phase = 'loading';
    this.#from = this.host.position;
    const call = new AbortController();
    this.#call = call;
    const { groupId } = this.host;
    this.host.moved();
    const isMeant = () => this.#call === call;
    // In a turn of its own: what it throws at once is a failure like any other.
    Promise.resolve()
      .then(() => this.load({ groupId, reason, signal: call.signal }))
      .then(
        ({ state, position }) =>
          this.context.dispatcher.enter(() => isMeant() && this.#came({ type: 'state', state, reason }, position)),
        (cause) =>
          this.context.dispatcher.enter(
            () => isMeant() && this.#failed(reason, new GatewayClientError('LISTENER', `load: ${cause}`, { groupId, cause })),
          ),
      );
  }

  stop(): void {
    this.#undoRetry();
    this.#call?.abort();
    this.#call = undefined;
    this.#buffer.clear();
    this.#chars = 0;
  }

  #failed(reason: LoadReason, error: GatewayClientError): void {
    this.context.report(error);
    this.stop();
    this.#phase = 'loading';
    const delayMs = Math.min(RETRY_MS * 2 ** this.#failures, RETRY_MAX_MS);
    this.#failures += 1;
    this.#undoRetry = this.context.deadlines.add(delayMs, () => this.context.dispatcher.enter(() => this.start(reason)));
  }

  #came(loaded: Loaded, position: LogPosition | undefined): void {
    this.#call = undefined;
    this.#failures = 0;
    const from = this.#from;
    const isOfThisLog = position !== undefined && position.epoch === from?.epoch;
    if (isOfThisLog && position.seq < (from as LogPosition).seq) {
      this.#phase = 'behind';
      this.#behind = { loaded, position };
      this.host.rejoin(position);
    } else {
      // Without a position of this log nobody knows which of the messages are in the state: all follow it.
      this.#go(loaded, isOfThisLog ? position : from);
    }
  }

  #catchUp(): void {
    const { loaded, position } = this.#behind as Behind;
    this.#go(loaded, position);
  }

  #go(loaded: Loaded, after: LogPosition | undefined): void {
    const buffered = [...this.#buffer.values()].sort((one, other) => one.signal.seq - other.signal.seq);
    this.stop();
    this.#phase = 'idle';
    this.host.loaded(loaded, after);
    for (const arrived of buffered) this.host.deliver(arrived);
    this.host.moved();
  }
}
