import type { CloseAction } from 'gateway-protocol';
import type { GatewayClientError } from './errors.js';
import type { Group, JoinOptions } from './group.js';
import type { Readable } from './readable.js';

/** What `createClient` makes. */
export interface Client {
  /** Whether it is online, and why not. The same object until something changes. */
  readonly status: Readable<ClientStatus>;
  /** This member's id, after the first `ready`; it survives reconnects for as long as the gateway knows the member. */
  readonly memberId: string | undefined;
  /** Groups that are joined or being joined, by id. */
  readonly groups: ReadonlyMap<string, { readonly id: string }>;
  /**
   * Connects; does nothing where it does so already. Resolves when online, and rejects when the client stops or closes first, or on
   * `signal`. Never because of the network: it goes on trying. Need not be awaited.
   */
  connect(options?: { signal?: AbortSignal | undefined }): Promise<void>;
  /**
   * Leaves: a clean close, so the member ends at once. Forgets token, member, positions and outbox; what is pending rejects with `CLOSED`.
   * Resolves when the socket is closed, at the latest after a second. `connect()` may follow, and is a new member.
   */
  close(): Promise<void>;
  /**
   * One more user of the connection, until what it returns is called: connects now, and closes `lingerMs` after the last release. For
   * providers and effects; `connect()` and `close()` are the other way.
   */
  hold(): () => void;
  /**
   * Joins a group, or counts one more user of it. Answers at once. Listeners added in the same turn miss nothing. Connects where nobody did;
   * on a closed client `ready` rejects with `CLOSED`.
   * @throws GatewayClientError `INVALID_DATA`, where `groupId` or `since` is none (PROTOCOL.md, "Ids" and "since").
   */
  join<Data = unknown, State = unknown>(groupId: string, options?: JoinOptions<Data>): Group<Data, State>;
  /** Asks the token function now, and identifies again in place. Resolves when it is taken. */
  refreshToken(): Promise<void>;
  /** Drops the connection and comes back at once, resuming. For a "try again" button; also leaves `stopped`. */
  reconnect(): void;
  /** From a heartbeat to its answer, in milliseconds. Rejects with `NOT_CONNECTED` or `TIMEOUT`. */
  ping(): Promise<number>;
  /** @returns what ends it. */
  on<Name extends keyof ClientEvents>(event: Name, listener: (event: ClientEvents[Name]) => void): () => void;
}

/** How the connection stands. */
export interface ClientStatus {
  /**
   * `stopped`: the gateway said not to come back, and `reason` says why. `closed`: the application said so. Only these two end the trying.
   */
  state: 'idle' | 'connecting' | 'online' | 'reconnecting' | 'stopped' | 'closed';
  /** When the state began, in Unix milliseconds; 0 before the first one. */
  since: number;
  /** Not online for `lostAfterMs`: now is the time to tell people. */
  lost: boolean;
  /** Attempts since the last stable connection. */
  attempt: number;
  /** When the next attempt is due, in Unix milliseconds. */
  retryAt?: number | undefined;
  /** Why it is not online. */
  reason?: StatusReason | undefined;
  /** `false` where the platform says that there is no network: a hint, not a fact. */
  network: boolean;
  /** From a heartbeat to its answer, in milliseconds; a moving average. */
  rttMs?: number | undefined;
  /** Names the connection in the gateway's logs. */
  connectionId?: string | undefined;
}

/** Why a client is not online. */
export interface StatusReason {
  /** For people. */
  text: string;
  /** The close code, where there was one. */
  code?: number | undefined;
  /** What it asks for. */
  action?: CloseAction | undefined;
  error?: GatewayClientError | undefined;
}

/** What a client tells. */
export interface ClientEvents {
  /** As `status`, for those who would rather have an event. */
  status: ClientStatus;
  /** What failed and nobody awaited: a listener that threw, a token function, a publish without `await`, an error of the gateway that answers nothing. */
  error: GatewayClientError;
  /** Every message in and out, tokens masked, for tools. Costs nothing while nobody listens. */
  frame: { direction: 'in' | 'out'; text: string; at: number };
}
