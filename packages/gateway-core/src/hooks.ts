import type { IncomingMessage } from 'node:http';
import type { ClientType, IdentifyPayload } from 'gateway-protocol';
import type { MaybePromise } from './maybe-promise.js';

/** Who a connection is, as the `authorize` hook sees it. */
export interface AuthorizedMember {
  /** The same over reconnects. */
  memberId: string;
  connectionId: string;
  /** `clientType` and `metadata` are the client's own words. */
  role: ClientType;
  metadata?: Record<string, unknown> | undefined;
  /** What `authenticate` answered beside yes. */
  claims?: Record<string, unknown> | undefined;
}

/** What there is to decide by. */
export interface AuthenticateContext {
  /** `token` of the `identify`, unchecked. */
  token: string | undefined;
  /** The upgrade request; absent for sockets that came by `gateway.accept` without one. */
  request: IncomingMessage | undefined;
  /** The payload, checked against the contract. */
  identify: IdentifyPayload;
}

/**
 * Decides whether an `identify` is who it says. `false`: `UNAUTHORIZED`, then close 4001. `{ claims }`: yes, and kept for `authorize`.
 * Runs for every `identify`. A throw or a rejection is answered `INTERNAL`.
 */
export type Authenticate = (context: AuthenticateContext) => MaybePromise<boolean | { claims: Record<string, unknown> }>;

/** Decides whether a member may enter a group or publish to it. `false`: `FORBIDDEN`. A throw or a rejection is answered `INTERNAL`. */
export type Authorize = (context: {
  member: AuthorizedMember;
  action: 'join' | 'publish';
  groupId: string;
}) => MaybePromise<boolean>;
