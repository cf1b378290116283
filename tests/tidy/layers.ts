/**
 * The files of gateway-core from the bottom up. A file imports only what stands above it in this table, types included;
 * inside a layer the order counts as well. A new file takes the highest line that its imports allow.
 * `folder/*` stands for whatever is in a folder.
 */
export const CORE_LAYERS: Readonly<Record<string, readonly string[]>> = {
  leaves: [
    'clock.ts',
    'slices.ts',
    'stall-watch.ts',
    'errors.ts',
    'part-checks.ts',
    'emitter.ts',
    'maybe-promise.ts',
    'durations.ts',
    'part-timeouts.ts',
    'quietly.ts',
    'end-causes.ts',
    'timings.ts',
    'limits.ts',
    'address.ts',
    'connection-counts.ts',
    'rate-limit.ts',
    'data-body.ts',
    'text-bytes.ts',
    'random-id.ts',
    'unanswered.ts',
    'next-state.ts',
    'sessions/end-order.ts',
    'transport/frame.ts',
    'transport/deflate.ts',
    'host-input.ts',
    'transport/path.ts',
    'transport/origins.ts',
    'transport/client-address.ts',
    'transport/wrap-method.ts',
    'hooks.ts',
    'groups/chunk.ts',
    'groups/former-epochs.ts',
    'groups/replay.ts',
    'groups/place-states.ts',
    'groups/group-states.ts',
    'groups/cursor.ts',
    'presence/lease.ts',
    'members/member-states.ts',
    'members/resume-tokens.ts',
  ],
  interfaces: [
    'transport/socket.ts',
    'presence/presence-store.ts',
    'presence/presence-info.ts',
    'answers.ts',
    'members/member-store.ts',
    'sessions/session-store.ts',
    'broker/broker.ts',
    'events.ts',
    'tally.ts',
    'gateway-info.ts',
    'explanation.ts',
    'connection-states.ts',
    'gateway.ts',
    'publish-input.ts',
    'options.ts',
  ],
  implementations: [
    'transport/ws-transport.ts',
    'presence/memory-presence-store.ts',
    'members/memory-member-store.ts',
    'sessions/memory-session-store.ts',
    'broker/largest-first.ts',
    'broker/idempotency-keys.ts',
    'broker/topic.ts',
    'broker/memory-broker.ts',
  ],
  state: [
    'groups/log-budget.ts',
    'groups/log-memory.ts',
    'groups/conflation.ts',
    'presence/calls-under-way.ts',
    'presence/kept-members.ts',
    'presence/presence-teller.ts',
    'presence/presence-keeper.ts',
    'presence/own-presence.ts',
    'groups/log-slab.ts',
    'groups/older-entries.ts',
    'groups/deflated-frames.ts',
    'groups/collect-slabs.ts',
    'groups/group-log.ts',
    'groups/chunk-cache.ts',
    'groups/roster.ts',
    'groups/replay-pace.ts',
    'groups/cursor-writer.ts',
    'groups/fan-out.ts',
    'groups/group-context.ts',
    'groups/group-events.ts',
    'groups/feed.ts',
    'groups/group.ts',
    'groups/reaching.ts',
    'groups/groups.ts',
    'groups/presence-intervals.ts',
    'groups/presence-announcer.ts',
    'recent-ends.ts',
    'members/member.ts',
    'members/members-report.ts',
    'members/asker.ts',
    'members/expiries.ts',
    'members/member-records.ts',
    'members/member-keeper-listener.ts',
    'members/member-keeper.ts',
    'members/moved-members.ts',
    'members/members.ts',
    'members/resumes.ts',
    'sessions/opened-sessions.ts',
    'sessions/session-keeper.ts',
    'flow-control.ts',
    'connection.ts',
  ],
  behaviour: [
    'transport/handshake.ts',
    'transport/closing-refusals.ts',
    'transport/plain-request.ts',
    'transport/upgrade-door.ts',
    'transport/upgrade-listener.ts',
    'handlers/context.ts',
    'handlers/refusals.ts',
    'handlers/authenticated.ts',
    'handlers/authorized.ts',
    'handlers/enter-group.ts',
    'handlers/prepare-group.ts',
    'handlers/arrival.ts',
    'handlers/commit-arrival.ts',
    'handlers/identify-member.ts',
    'handlers/join.ts',
    'handlers/leave.ts',
    'handlers/presence.ts',
    'handlers/identify.ts',
    'handlers/heartbeat.ts',
    'handlers/data-update.ts',
    'turns.ts',
    'router.ts',
    'due-end.ts',
    'connection-context.ts',
    'hub.ts',
    'revocation.ts',
    'ledger.ts',
    'member-here.ts',
    'explain.ts',
    'metrics.ts',
    'lifecycle.ts',
    'drain.ts',
    'host-members.ts',
    'running-gateway.ts',
  ],
  composition: ['create-gateway.ts'],
  entries: ['testing/*', 'index.ts'],
};

const places = Object.values(CORE_LAYERS).flat();

const standsOn = (entry: string, file: string) => (entry.endsWith('/*') ? file.startsWith(entry.slice(0, -1)) : entry === file);

/** The line of the table that a file stands on; undefined where it has none. */
export function placeOf(file: string): number | undefined {
  const place = places.findIndex((entry) => standsOn(entry, file));
  return place < 0 ? undefined : place;
}

/** Lines of the table that no file stands on. */
export function emptyPlaces(files: readonly string[]): string[] {
  const taken = new Set(files.map(placeOf));
  return places.filter((_, place) => !taken.has(place));
}

/** Whether `file` may import `target`: it stands on a line above, or in the same folder of a `folder/*` line. */
export function pointsDown(file: string, target: string): boolean {
  const [from, to] = [placeOf(file), placeOf(target)];
  if (from === undefined || to === undefined) return false;
  return to < from || (to === from && file !== target);
}
