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
  /** The host's own name for the user, as `authenticate` answered it. */
  principal?: string | undefined;
}

/** What there is to decide by. */
export interface AuthenticateContext {
  /** `token` of the `identify`, unchecked. */
  token: string | undefined;
  /** The upgrade request; absent for sockets that came by `gateway.accept` without one. */
  request: IncomingMessage | undefined;
  /** The payload, checked against the contract. */
  identify: IdentifyPayload;
  connectionId: string;
  /** Of the client, see `trustProxyHops`. */
  remoteAddress: string;
}

/** What `authenticate` answers. `true` and an object with `claims`, `principal` or `expiresAt` are yes, anything else is no. */
export type Authenticated =
  | boolean
  | {
      /** Kept for `authorize`, events and `connections()`; never sent to a client. */
      claims?: Record<string, unknown> | undefined;
      /**
       * The host's own name for the user, like a user id: the same principal is the same member over a connection's `identify`s, another one
       * is another member. Shown to the host (`members`, events), never to a client.
       */
      principal?: string | undefined;
      /**
       * When these credentials end, in Unix milliseconds: the connection is closed with 4001 then, unless it has identified anew. A
       * client of dialect 2 renews them in place.
       */
      expiresAt?: number | undefined;
      /** What presence shows instead of the `metadata` that the client sent. */
      metadata?: Record<string, unknown> | undefined;
    };

/**
 * Decides whether an `identify` is who it says. No: `UNAUTHORIZED`, then close 4001. Runs for every `identify`. A throw, a rejection, and no
 * answer within `timings.partTimeoutMs` are answered `INTERNAL`.
 */
export type Authenticate = (context: AuthenticateContext) => MaybePromise<Authenticated>;

/** `presence`: to say something of itself in the group, for the others to see (dialect 2). */
export type AuthorizedAction = 'join' | 'publish' | 'presence';

/** Decides whether a member may enter a group, publish to it, or say something of itself there. `false`: `FORBIDDEN`. A throw, a rejection and a time-out are answered `INTERNAL`. */
export type Authorize = (context: {
  member: AuthorizedMember;
  action: AuthorizedAction;
  groupId: string;
}) => MaybePromise<boolean>;
