import type { WireMessage } from '../history.js';

/** The group that a message is of. */
export function groupOf({ groupId, payload }: WireMessage): string | undefined {
  return groupId ?? (payload?.groupId as string | undefined);
}

/** The groups that an `identify` or a `join` asks for; of anything else, none. */
export function askedIn({ type, payload = {} }: WireMessage): string[] {
  if (type !== 'identify' && type !== 'join') return [];
  const { groupId, resume } = payload as { groupId?: string; resume?: { groups?: Record<string, unknown> } };
  return [...Object.keys(resume?.groups ?? {}), ...(groupId === undefined ? [] : [groupId])];
}
