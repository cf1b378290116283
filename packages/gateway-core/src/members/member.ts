import type { ClientType } from 'gateway-protocol';

/** Who stays the same over reconnects: outlives its connection by the resume window. */
export interface Member {
  readonly memberId: string;
  role: ClientType;
  /** JSON text: kept once for presence, answers and hooks. */
  metadataText: string | undefined;
  claims: Record<string, unknown> | undefined;
  /** Ids of the groups that it is in. */
  groupIds: readonly string[];
  /** When its connection dropped, in monotonic milliseconds; `undefined` while connected. */
  droppedAt: number | undefined;
}
