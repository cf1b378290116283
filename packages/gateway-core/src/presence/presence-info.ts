import type { PresenceInfo } from 'gateway-protocol';
import type { GroupPresence } from './presence-store.js';

/** `metadata` as an object, made anew by each call: what a host does to it changes nothing here. */
export function metadataOf(text: string | undefined): Record<string, unknown> | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as Record<string, unknown>);
}

/** A group's presence as hosts and clients see it. */
export function presenceInfo({ status, details }: GroupPresence): PresenceInfo {
  if (details === undefined) return { status };
  return { status, details: { role: details.role, metadata: metadataOf(details.metadataText), members: details.members } };
}
