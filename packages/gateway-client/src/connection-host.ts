import type { IncomingFromClient, OutgoingToClient2, ResumeSince } from 'gateway-protocol';
import type { MemberReady } from './context.js';
import type { GatewayClientError } from './errors.js';

/** What the groups and the outbox are given. */
export type GroupSignal = Exclude<OutgoingToClient2, { type: 'ready' | 'heartbeat_ack' | 'reconnect' }>;

/** What the connection is to what stands on it. */
export interface Link {
  isOnline(): boolean;
  /** Bytes that the socket has not handed to the network. */
  bufferedBytes(): number;
  /** A message, or its text. @returns whether it was given to the socket. */
  send(message: IncomingFromClient | string): boolean;
}

/** What stands on the connection: groups and outbox. */
export interface ConnectionHost {
  /** Groups to come back to, with what is wanted of each. */
  wanted(): Record<string, ResumeSince>;
  /** `ready` has come; `named` are the groups that its `identify` named. */
  online(ready: MemberReady, named: ReadonlySet<string>): void;
  signal(signal: GroupSignal): void;
  /** There is no connection any more, or another one. */
  offline(): void;
  /** The client has stopped or was closed: what is pending fails with this. */
  ended(error: GatewayClientError): void;
  /** Whether something is pending that a hidden page should wait for. */
  isBusy(): boolean;
}
