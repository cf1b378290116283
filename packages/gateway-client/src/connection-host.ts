import type { ResumeSince } from 'gateway-protocol';
import type { GatewayClientError } from './errors.js';
import type { GroupSignal, MemberReady } from './wire.js';

/** What stands on the connection: groups and outbox. */
export interface ConnectionHost {
  /** Groups to come back to, with what is wanted of each. */
  wanted(): Record<string, ResumeSince>;
  /** `ready` has come; `named` are the groups that its `identify` named. */
  online(ready: MemberReady, named: ReadonlySet<string>): void;
  signal(signal: GroupSignal): void;
  offline(): void;
  /** The client has stopped or was closed: what is pending fails with this. */
  ended(error: GatewayClientError): void;
}
