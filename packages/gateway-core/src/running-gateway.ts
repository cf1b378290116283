import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { CLOSE_CODES, type LogPosition, type PresenceInfo, parseTraceparent, type Result } from 'gateway-protocol';
import type { Clock } from './clock.js';
import { contextOf } from './connection-context.js';
import type { Drain } from './drain.js';
import type { Emitter } from './emitter.js';
import { GatewayError } from './errors.js';
import { EVENT_NAMES, type GatewayEvents } from './events.js';
import { explain } from './explain.js';
import type { Explained, Explanation } from './explanation.js';
import type { Gateway, Peer, PublishOptions } from './gateway.js';
import type {
  ConnectionContext,
  GatewayMetrics,
  GatewayStats,
  GroupInfo,
  LedgerEntry,
  MemberInfo,
  Revoked,
} from './gateway-info.js';
import type { GatewayCounters, Groups } from './groups/groups.js';
import { checkHostInput } from './host-input.js';
import type { HostMembers } from './host-members.js';
import type { Hub } from './hub.js';
import { ledgerOf } from './ledger.js';
import { isPromise } from './maybe-promise.js';
import type { Members } from './members/members.js';
import { metricsOf } from './metrics.js';
import { DELAY_MAX, type ResolvedOptions } from './options.js';
import type { PartTimeouts } from './part-timeouts.js';
import { presenceInfo } from './presence/presence-info.js';
import type { PresenceStore } from './presence/presence-store.js';
import { type CheckedPublish, checkPublish } from './publish-input.js';
import type { RecentEnds } from './recent-ends.js';
import type { Router } from './router.js';
import type { SessionKeeper } from './sessions/session-keeper.js';
import type { Session } from './sessions/session-store.js';
import type { Tally } from './tally.js';
import type { MessageSpan, Tracer } from './tracer.js';
import type { GatewaySocket } from './transport/socket.js';
import type { UpgradeDoor } from './transport/upgrade-door.js';

/** What `createGateway` puts together. */
export interface GatewayParts {
  options: ResolvedOptions;
  clock: Clock;
  events: Emitter<GatewayEvents>;
  counters: GatewayCounters;
  groups: Groups;
  members: Members;
  presence: PresenceStore;
  sessions: SessionKeeper;
  router: Router;
  hub: Hub;
  door: UpgradeDoor;
  hostMembers: HostMembers;
  /** For `metrics`. */
  tally: Tally;
  /** For `explain`. */
  ends: RecentEnds;
  drain: Drain;
  /** The time limit of each part that is asked. */
  timeouts: PartTimeouts;
  tracer: Tracer | undefined;
  /** Whether hooks need the upgrade request. */
  keepRequests: boolean;
}

/** The public face of the parts. */
export class RunningGateway implements Gateway {
  constructor(private readonly parts: GatewayParts) {}

  get path(): string {
    return this.parts.options.path;
  }

  on<Name extends keyof GatewayEvents>(name: Name, listener: (event: GatewayEvents[Name]) => void): () => void {
    if (!Object.hasOwn(EVENT_NAMES, name))
      throw new GatewayError('INVALID_ARGUMENT', `name: there is no event ${JSON.stringify(String(name))}`);
    if (typeof listener !== 'function') throw new GatewayError('INVALID_ARGUMENT', 'listener: must be a function');
    return this.parts.events.on(name, listener);
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.parts.door.enter(request, socket, head, (opened, peer) => this.accept(opened, peer));
  }

  accept(socket: GatewaySocket, { remoteAddress, request }: Peer): void {
    const { hub, door, drain, tracer, keepRequests } = this.parts;
    // A transport of the host's own has no door that has looked already.
    if (hub.counts.full(remoteAddress) !== undefined) {
      door.refused += 1;
      hub.turnAway(socket);
      return;
    }
    // A request is kilobytes; without a hook that reads it, nothing holds on to it.
    const traceparent = tracer && parseTraceparent(request?.headers.traceparent);
    const connection = hub.accept(socket, { remoteAddress, request: keepRequests ? request : undefined, traceparent });
    drain.came(connection);
  }

  publish(groupId: string, data: unknown, options: PublishOptions = {}): Promise<LogPosition> {
    // What is returned is the caller's to handle: nothing here is to hide that nobody does.
    return this.parts.drain.waitFor(this.#publish(groupId, data, options));
  }

  async #publish(groupId: string, data: unknown, options: PublishOptions): Promise<LogPosition> {
    if (this.parts.drain.begun) throw new GatewayError('CLOSED', 'the gateway is closing or closed');
    const said = checkPublish(groupId, data, options, this.parts.options.limits);
    const { traceparent, id, traceId } = said;
    const span = this.parts.tracer?.message({ operation: 'publish', traceparent, groupId, id, traceId });
    if (span === undefined) return this.#append(groupId, said, span);
    try {
      const position = await this.#append(groupId, { ...said, traceparent: span.traceparent }, span);
      span.end({ position });
      return position;
    } catch (error) {
      span.end({ error });
      throw error;
    }
  }

  async #append(groupId: string, { sessionId, ...said }: CheckedPublish, span: MessageSpan | undefined): Promise<LogPosition> {
    const { clock, timeouts, groups, sessions } = this.parts;
    const within = sessionId === undefined || timeouts.ask(span, 'sessions', () => sessions.named(groupId, sessionId, said.meta));
    // A store that answers at once is not waited for, or a later call would overtake this one.
    if (!(isPromise(within) ? await within : within)) {
      throw new GatewayError('TOO_MANY_SESSIONS', `no room for one more session in ${groupId}`);
    }
    const body = { ts: clock.now(), groupId, sessionId, ...said };
    return timeouts.ask(span, 'broker.publish', () => groups.publish(body));
  }

  disconnect(connectionId: string, code: number = CLOSE_CODES.FORBIDDEN.code, reason = ''): boolean {
    if (code !== 1000 && !(Number.isInteger(code) && code >= 4000 && code <= 4999)) {
      throw new GatewayError('INVALID_ARGUMENT', 'code: must be 1000 or 4000 to 4999');
    }
    if (typeof reason !== 'string' || Buffer.byteLength(reason) > 123) {
      throw new GatewayError('INVALID_ARGUMENT', 'reason: must be a string of at most 123 bytes');
    }
    const connection = this.parts.hub.get(connectionId);
    if (connection === undefined) return false;
    this.parts.hub.end(connection, { code, reason, ending: 'ended', by: 'host' });
    return true;
  }

  async join(connectionId: string, groupId: string): Promise<void> {
    return this.parts.hostMembers.join(connectionId, groupId);
  }

  leave(connectionId: string, groupId: string): boolean {
    return this.parts.hostMembers.leave(connectionId, groupId);
  }

  remove(memberId: string, groupId: string): boolean {
    return this.parts.hostMembers.remove(memberId, groupId);
  }

  revoke(revoked: Revoked): number {
    return this.parts.hostMembers.revoke(revoked);
  }

  async position(groupId: string): Promise<LogPosition> {
    if (typeof groupId !== 'string') throw new GatewayError('INVALID_ARGUMENT', 'groupId: must be a string');
    checkHostInput({ groupId }, this.parts.options.limits);
    return (await this.parts.groups.open(groupId)).position;
  }

  async setMetadata(connectionId: string, metadata: Record<string, unknown>): Promise<void> {
    return this.parts.hostMembers.setMetadata(connectionId, metadata);
  }

  connections(): ConnectionContext[] {
    return [...this.parts.hub.values()].map((connection) => contextOf(connection, this.parts.clock));
  }

  groups(): GroupInfo[] {
    return [...this.parts.groups.values()].map(({ groupId, memberships, position, logSize }) => ({
      groupId,
      connections: memberships.size,
      position,
      logMessages: logSize.messages,
      logBytes: logSize.bytes,
    }));
  }

  async presence(groupId: string): Promise<PresenceInfo> {
    const { presence, timeouts } = this.parts;
    return presenceInfo(await timeouts.limit(presence.info(groupId), 'presence.info'));
  }

  async members(groupId: string, page: Parameters<Gateway['members']>[1] = {}): Promise<MemberInfo[]> {
    return this.parts.hostMembers.list(groupId, page);
  }

  async sessions(groupId: string): Promise<Session[]> {
    const { sessions, timeouts } = this.parts;
    return timeouts.limit(sessions.list(groupId), 'sessions.list');
  }

  ledger(groupId: string): LedgerEntry[] {
    return ledgerOf(this.parts, groupId);
  }

  explain(explained: Explained): Explanation {
    return explain(this.parts, explained);
  }

  stats(): GatewayStats {
    const { hub, members, groups, counters, router, door } = this.parts;
    return {
      connections: hub.size,
      closing: hub.closingSize,
      droppedMembers: members.droppedCount,
      groups: groups.size,
      logBytes: groups.logBytes,
      connectionsTotal: hub.accepted,
      refusedTotal: door.refused,
      messagesInTotal: router.messagesIn,
      bytesInTotal: router.bytesIn,
      publishedTotal: counters.published,
      deliveredTotal: counters.delivered,
      errorsSentTotal: router.errorsSent,
      slowConsumersTotal: hub.slowConsumers,
      resetsTotal: counters.resets,
      passedOverTotal: counters.passedOver,
      lostTotal: counters.lost,
      gapsTotal: counters.gaps,
    };
  }

  metrics(): GatewayMetrics {
    return metricsOf(this.stats(), this.parts);
  }

  health(): Result<{ status: 'ok' }> {
    if (!this.parts.drain.begun) return { ok: true, data: { status: 'ok' } };
    return { ok: false, error: { code: 'DRAINING', message: 'the gateway is closing or closed', retryable: true } };
  }

  close(options?: { graceMs?: number | undefined }): Promise<void> {
    const { graceMs = this.parts.options.timings.closeTimeoutMs } = options ?? {};
    if (!Number.isInteger(graceMs) || graceMs < 0 || graceMs > DELAY_MAX) {
      return Promise.reject(new GatewayError('INVALID_ARGUMENT', `graceMs: must be an integer from 0 to ${DELAY_MAX}`));
    }
    return this.parts.drain.close(graceMs);
  }
}
