import type { Broker } from './broker/broker.js';
import { MemoryBroker } from './broker/memory-broker.js';
import { systemClock } from './clock.js';
import type { Connection } from './connection.js';
import { Drain } from './drain.js';
import { Emitter } from './emitter.js';
import { isClosed } from './errors.js';
import type { GatewayEvents } from './events.js';
import type { Gateway } from './gateway.js';
import { groupEvents } from './groups/group-events.js';
import { Groups } from './groups/groups.js';
import { PresenceAnnouncer } from './groups/presence-announcer.js';
import { paceOf } from './groups/presence-intervals.js';
import { guardedTracer } from './guarded-tracer.js';
import { HostMembers } from './host-members.js';
import { Hub } from './hub.js';
import { Lifecycle } from './lifecycle.js';
import { Asker } from './members/asker.js';
import { MemberKeeper } from './members/member-keeper.js';
import type { MemberStore } from './members/member-store.js';
import { Members } from './members/members.js';
import { MemoryMemberStore } from './members/memory-member-store.js';
import { Resumes } from './members/resumes.js';
import { type GatewayOptions, resolveOptions } from './options.js';
import { PartTimeouts } from './part-timeouts.js';
import { MemoryPresenceStore } from './presence/memory-presence-store.js';
import { OwnPresence } from './presence/own-presence.js';
import { presenceInfo } from './presence/presence-info.js';
import { PresenceKeeper } from './presence/presence-keeper.js';
import type { PresenceStore } from './presence/presence-store.js';
import { describe, quietly } from './quietly.js';
import { randomId } from './random-id.js';
import { RecentEnds } from './recent-ends.js';
import { Router } from './router.js';
import { RunningGateway } from './running-gateway.js';
import { MemorySessionStore } from './sessions/memory-session-store.js';
import { SessionKeeper } from './sessions/session-keeper.js';
import type { SessionStore } from './sessions/session-store.js';
import { Slices } from './slices.js';
import { Tally } from './tally.js';
import { UpgradeDoor } from './transport/upgrade-door.js';
import { listenForUpgrades } from './transport/upgrade-listener.js';
import { requireWebSockets, WsTransport } from './transport/ws-transport.js';

/**
 * Makes a gateway and, given a `server`, attaches it: clients can connect as soon as the server listens.
 * @throws GatewayError `INVALID_OPTION`, naming the option.
 * @example
 * const server = createServer();
 * const gateway = createGateway({ server });
 * server.listen(4100);
 */
export function createGateway(options: GatewayOptions = {}): Gateway {
  const resolved = resolveOptions(options);
  if (options.server !== undefined) requireWebSockets();
  const { timings, limits } = resolved;
  const { authenticate, authorize, logger, clock = systemClock, generateId = randomId } = options;
  let isOver = false;
  const failed = (error: unknown, where: string, about: { connectionId?: string; traceId?: string } = {}): void => {
    // A store that is closed after its gateway refuses what it was still asked: nobody waits for that.
    if (isOver || isClosed(error)) return;
    quietly(() => logger?.error('gateway: failure', { where, ...about, error: describe(error) }));
    // A listener for errors that fails itself is only logged, or it would be told of its own failure for ever.
    if (where !== 'listener of error') events.emit('error', { error, where, connectionId: about.connectionId });
  };
  const events = new Emitter<GatewayEvents>((error, event) => failed(error, `listener of ${event}`));
  const tracer = options.tracer && guardedTracer(options.tracer, failed);
  const counters = { delivered: 0, published: 0, resets: 0, passedOver: 0, lost: 0, gaps: 0 };

  const ownPresence = new MemoryPresenceStore({
    clock,
    downTtlMs: Number.isFinite(limits.logAgeMaxMs) ? limits.logAgeMaxMs : undefined,
  });
  const presence: PresenceStore = options.presence ?? ownPresence;
  const sessionStore: SessionStore =
    options.sessions ?? new MemorySessionStore({ clock, sessionBytesTotalMax: limits.sessionBytesTotalMax });
  // Alone on its broker, a gateway's own logs are all the history there is. What a client says again is known for as long as they reach back.
  const broker: Broker =
    options.broker ??
    new MemoryBroker({
      historyMessagesMax: 0,
      historyAgeMaxMs: limits.logAgeMaxMs,
      idempotencyKeysMax: Math.max(1_024, limits.logMessagesMax),
      idleGroupsMax: 0,
      generateId,
      clock,
    });
  const timeouts = new PartTimeouts(clock, timings.partTimeoutMs);
  const slices = new Slices(clock, timings.flushSliceMs, (error) => failed(error, 'flush'));
  const { wasReset, logged } = groupEvents(events);
  const groups = new Groups(broker, clock, slices, limits, timeouts, counters, failed, wasReset, logged, tracer);
  const ends = new RecentEnds(clock, limits.recentEndsMax);
  const teller =
    options.presence === undefined
      ? new OwnPresence(ownPresence, generateId(), timings.presenceLeaseMs)
      : new PresenceKeeper(
          presence,
          clock,
          {
            generateId,
            leaseMs: timings.presenceLeaseMs,
            unsaidLeavesMax: limits.droppedMembersMax,
            closeTimeoutMs: timings.closeTimeoutMs,
          },
          failed,
        );
  // Nobody else has members of this gateway in a store that it has made for itself: they need no lease.
  const memberStore: MemberStore =
    options.members ?? new MemoryMemberStore({ clock, untouchedLeaseMs: Number.POSITIVE_INFINITY });
  const asker = new Asker(timeouts, failed);
  const keeper = new MemberKeeper(
    memberStore,
    clock,
    asker,
    {
      generateId,
      isShared: options.members !== undefined,
      resumeTtlMs: timings.resumeTtlMs,
      leaseMs: timings.presenceLeaseMs,
      timeoutMs: timings.partTimeoutMs,
      unsaidEndsMax: limits.droppedMembersMax,
      closeTimeoutMs: timings.closeTimeoutMs,
    },
    {
      all: () => members.resumables(),
      replaced: (member) => members.replaced(member),
      overtaken: (...taken) => members.overtaken(...taken),
      failed,
    },
  );
  const members: Members = new Members(
    teller,
    keeper,
    groups,
    clock,
    { resumeTtlMs: timings.resumeTtlMs, droppedMembersMax: limits.droppedMembersMax },
    {
      left: ({ memberId, identity: { principal } }, groupId, place) => {
        if (place !== undefined) ends.left(memberId, place);
        events.emit('leave', { memberId, groupId, principal });
      },
      detached: ({ memberId, identity: { principal } }) => events.emit('detached', { memberId, principal }),
      expired: ({ memberId, identity: { principal } }) => events.emit('expired', { memberId, principal }),
      moved: ({ memberId, identity: { principal } }) => events.emit('moved', { memberId, principal }),
      // What a member calls its connection is one.
      fenced: ({ resume }) => drain.replaced(resume.connection as Connection),
    },
  );
  const resumes = new Resumes(memberStore, clock, asker, keeper, members, timings.presenceLeaseMs);
  const announcer = new PresenceAnnouncer(presence, groups, clock, slices, timeouts, paceOf(timings, limits), {
    announced: (groupId, info) => {
      if (events.has('presence')) events.emit('presence', { groupId, info: presenceInfo(info) });
    },
    failed,
  });
  const sessions = new SessionKeeper(sessionStore, events, {
    ttlMs: timings.orphanSessionTtlMs,
    sessionsMax: Number.isFinite(limits.sessionsPerGroupMax) ? limits.sessionsPerGroupMax : 0,
    sessionsPerOwnerMax: limits.sessionsPerConnectionMax,
    bytesMax: limits.sessionBytesTotalMax,
    now: () => clock.monotonicMs(),
  });
  const router = new Router(
    {
      clock,
      timings,
      limits,
      timeouts,
      groups,
      members,
      resumes,
      presence,
      announcer,
      sessions,
      events,
      authenticate,
      authorize,
      tracer,
      fencesMembers: keeper.isShared && broker.fencesMembers === true,
      generateId,
      replaced: (connection) => drain.replaced(connection),
      refuse: (connection, refusal) => router.refuse(connection, refusal),
      failed,
    },
    limits,
    {
      close: (connection, cause) => hub.end(connection, cause),
      refused: ({ connectionId, member }, { code, message, traceId }) => {
        events.emit('refused', { connectionId, memberId: member?.memberId, code, message, traceId });
        quietly(() => logger?.debug('gateway: message refused', { connectionId, code, message, traceId }));
      },
      failed,
    },
  );
  const lifecycle = new Lifecycle({ clock, timings, events, groups, members, resumes, sessions, ends, failed });
  const hub = new Hub(clock, timings, limits, generateId, slices, router, lifecycle);
  const transport = new WsTransport(limits, timings.closeTimeoutMs, resolved.perMessageDeflate);
  const door = new UpgradeDoor(transport, resolved, hub.counts, clock, failed);
  let detach = () => {};
  const hostMembers = new HostMembers({ hub, groups, members, presence, timeouts, events, announcer, slices, limits });
  const drain = new Drain({
    clock,
    hub,
    router,
    slices,
    delayMs: timings.drainDelayMs,
    perSecondMax: limits.drainsPerSecondMax,
    shut: () => door.shut(),
    release: async () => {
      hub.stop();
      door.close();
      timeouts.close();
      members.close();
      announcer.close();
      groups.dispose();
      detach();
      // Stores and a broker that were passed in are not the gateway's to close, and those that it makes hold nothing open.
      await Promise.all([teller.close(keeper.isShared ? timings.resumeTtlMs : 0), keeper.close()]);
      isOver = true;
    },
  });
  const gateway = new RunningGateway({
    options: resolved,
    clock,
    events,
    counters,
    groups,
    members,
    presence,
    sessions,
    router,
    hub,
    door,
    hostMembers,
    ends,
    tally: new Tally(events),
    drain,
    timeouts,
    tracer,
    keepRequests: authenticate !== undefined,
  });
  if (options.server !== undefined) {
    detach = listenForUpgrades(options.server, {
      path: resolved.path,
      take: (request, socket, head) => gateway.handleUpgrade(request, socket, head),
      stopping: () => void gateway.close().catch((error: unknown) => failed(error, 'close')),
    });
  }
  return gateway;
}
