import type { HistoryEntry } from './history.js';
import type { TraceEntry } from './trace.js';

/** The secrets in a message are of this run alone; nothing depends on them. */
const withoutSecrets = (text: string) => (text.includes('"token":"') ? text.replace(/"token":"[^"]*"/g, '"token":"…"') : text);

/**
 * What a trace says of a happening: who, and what.
 * @param wireText of a message that went over a wire: as it was there. Default: what it says, written down anew.
 */
export function traceText(entry: HistoryEntry, wireText?: string): [who: string, what: string] {
  switch (entry.kind) {
    case 'act':
      return ['plan', JSON.stringify(entry.act)];
    case 'open':
      return [entry.connection, `opens to ${entry.gateway}`];
    case 'sent':
      return [entry.connection, `→ ${withoutSecrets(wireText ?? JSON.stringify(entry.message))}`];
    case 'received':
      return [entry.connection, `← ${withoutSecrets(wireText ?? JSON.stringify(entry.message))}`];
    case 'closed':
      return [entry.connection, `closed ${entry.code}`];
    case 'published':
      return [entry.life, `publishes ${entry.id} to ${entry.groupId}`];
    case 'accepted':
      return [entry.life, `${entry.id} accepted at ${entry.epoch} ${entry.seq}${entry.duplicate ? ', again' : ''}`];
    case 'refused':
      return [entry.life, `${entry.id} ${entry.code}`];
    case 'told':
      return [entry.handle, `tells ${JSON.stringify(entry.told)}`];
    case 'roster':
      return [entry.life, `roster of ${entry.groupId}: +${entry.joins.join(' +')} -${entry.leaves.join(' -')}`];
    case 'revoked':
      return ['host', `revokes ${entry.memberId}${entry.count === 0 ? ', whom no gateway has' : ''}`];
    case 'failed':
      return [entry.where, `failed: ${entry.error}`];
    case 'found':
      // Of a stack only what it says: its lines are of one machine, and of one version of Node.
      return ['check', `${entry.check}: ${entry.check === 'crash' ? entry.text.split('\n    at ', 1)[0] : entry.text}`];
  }
}

/**
 * A trace for people: when, who, what. Long messages are cut.
 * @example
 * const { timeline } = await simulate({ seed, timeline: true });
 * console.log(formatTimeline(timeline));
 */
export function formatTimeline(entries: readonly TraceEntry[]): string {
  return entries
    .map(({ atMs, who, what }) => `${(atMs / 1_000).toFixed(3).padStart(9)}  ${who.padEnd(14)} ${shorten(what)}`)
    .join('\n');
}

const shorten = (text: string) => (text.length > 240 ? `${text.slice(0, 237)}…` : text);
