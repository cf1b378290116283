import type { ClientType } from 'gateway-core';
import { compilePatterns, type GroupPatterns } from './group-patterns.js';
import { TokenRefused } from './token-refused.js';

/** What a token allows. */
export interface Grants {
  /** Groups that may be joined: ids, and patterns like `team-*` and `user-{sub}`. */
  groups: readonly string[];
  /**
   * `true`: to publish, and to say something of itself in presence, in every group that it is in; `false`: in none, it only reads; or the
   * ids and patterns of the groups in which it may.
   */
  publish: boolean | readonly string[];
  /** What the client may say that it is. Absent: anything. */
  clientTypes?: readonly ClientType[] | undefined;
}

/** {@link Grants} of one subject, ready to be asked for every message. */
export interface Rights {
  mayJoin(groupId: string): boolean;
  mayPublish(groupId: string): boolean;
  mayBe(clientType: ClientType): boolean;
}

const CLIENT_TYPES: readonly unknown[] = ['app-client', 'service-node', 'dashboard'] satisfies ClientType[];

/**
 * What the claims `groups`, `publish` and `clientType` say. One that is of another kind than it should be is no grant of less: the issuer
 * means something that is not known here.
 * @param groups of a token without that claim.
 * @throws TokenRefused
 */
export function grantsOf(claims: Readonly<Record<string, unknown>>, groups: readonly string[]): Grants {
  const { publish = true, clientType } = claims;
  if (typeof publish !== 'boolean' && !Array.isArray(publish)) {
    throw new TokenRefused('claim publish: must be true, false, or a list of group ids and patterns');
  }
  const clientTypes = clientType === undefined ? undefined : Array.isArray(clientType) ? clientType : [clientType];
  // Lists are looked into where they are compiled.
  return { groups: claims.groups === undefined ? groups : (claims.groups as string[]), publish, clientTypes };
}

/** @throws TokenRefused */
export function rightsOf({ groups, publish, clientTypes }: Grants, subject: string): Rights {
  if (clientTypes !== undefined && !(Array.isArray(clientTypes) && clientTypes.every((name) => CLIENT_TYPES.includes(name)))) {
    throw new TokenRefused(`claim clientType: must be one or several of ${CLIENT_TYPES.join(', ')}`);
  }
  const joins = patternsOf('groups', groups, subject);
  const publishes = typeof publish === 'boolean' ? undefined : patternsOf('publish', publish, subject);
  return {
    mayJoin: (groupId) => joins.has(groupId),
    mayPublish: (groupId) => publishes?.has(groupId) ?? publish === true,
    mayBe: (clientType) => clientTypes?.includes(clientType) ?? true,
  };
}

function patternsOf(claim: string, list: unknown, subject: string): GroupPatterns {
  const patterns = compilePatterns(list, subject);
  if (typeof patterns === 'string') throw new TokenRefused(`claim ${claim}: ${patterns}`);
  return patterns;
}
