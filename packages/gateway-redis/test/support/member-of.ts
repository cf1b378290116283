import type { StoredMember } from 'gateway-core';

/** A connected member of `node-1` in its first generation. */
export const memberOf = (memberId: string, more: Partial<StoredMember> = {}): StoredMember => ({
  memberId,
  generation: 1,
  nodeId: 'node-1',
  tokenHash: 't1',
  role: 'app-client',
  user: 'u',
  groups: [],
  state: 'connected',
  resumeTtlMs: 60_000,
  ...more,
});
