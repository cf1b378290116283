import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { CLOSE_CODES, type DataUpdateSignal, decode, type LogPosition, type PresenceInfo, type Result } from 'gateway-protocol';
import type { Clock } from './clock.js';
import type { Connection } from './connection.js';
import type { Emitter } from './emitter.js';
import { GatewayError } from './errors.js';
import type { GatewayEvents } from './events.js';
import type { ConnectionContext, Gateway, GatewayStats, GroupInfo, Peer, PublishOptions } from './gateway.js';
import type { Groups } from './groups/groups.js';
import type { PresenceAnnouncer } from './groups/presence-announcer.js';
import type { Hub } from './hub.js';
import type { Lifecycle } from './lifecycle.js';
import { isPromise } from './maybe-promise.js';
import type { Members } from './members/members.js';
import { DELAY_MAX, type ResolvedOptions } from './options.js';
import { presenceInfo } from './presence/presence-info.js';
import type { PresenceStore } from './presence/presence-store.js';
import type { Publisher } from './publisher.js';
import type { Router } from './router.js';
import type { SessionKeeper } from './sessions/session-keeper.js';
import type { Session } from './sessions/session-store.js';
import type { GatewaySocket } from './transport/socket.js';
import type { UpgradeDoor } from './transport/upgrade-door.js';

/** What `createGateway` puts together. */
export interface GatewayParts {
  options: ResolvedOptions;
  clock: Clock;
  events: Emitter<GatewayEvents>;
  counters: { delivered: number };
  groups: Groups;
  members: Members;
  announcer: PresenceAnnouncer;
  presence: PresenceStore;
  sessions: SessionKeeper;
  publisher: Publisher;
  router: Router;
  lifecycle: Lifecycle;
  hub: Hub;
  door: UpgradeDoor;
  /** Whether hooks need the upgrade request. */
  keepRequests: boolean;
  /** Lets go of the HTTP server and the presence store. */
  release: () => Promise<void>;
  failed: (error: unknown, where: string) => void;
}

/** The public face of the parts. */
export class RunningGateway implements Gateway {
  #closing: Promise<void> | undefined;
  /** Calls of `publish` that have not ended. */
  readonly #publishing = new Set<Promise<LogPosition>>();

  constructor(private readonly parts: GatewayParts) {}

  get path(): string {
    return this.parts.options.path;
  }

  on<Name extends keyof GatewayEvents>(name: Name, listener: (event: GatewayEvents[Name]) => void): () => void {
    return this.parts.events.on(name, listener);
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.parts.door.enter(request, socket, head, (opened, peer) => this.accept(opened, peer));
  }

  accept(socket: GatewaySocket, { remoteAddress, request }: Peer): void {
    const { hub, keepRequests } = this.parts;
    // A request is kilobytes; without a hook that reads it, nothing holds on to it.
    const connection = hub.accept(socket, { remoteAddress, request: keepRequests ? request : undefined });
    if (this.#closing !== undefined) this.#dismiss(connection);
  }

  publish(groupId: string, data: unknown, options: PublishOptions = {}): Promise<LogPosition> {
    const publishing = this.#publish(groupId, data, options);
    this.#publishing.add(publishing);
    const done = () => this.#publishing.delete(publishing);
    publishing.then(done, done);
    return publishing;
  }

  async #publish(groupId: string, data: unknown, options: PublishOptions): Promise<LogPosition> {
    if (this.#closing !== undefined) throw new GatewayError('CLOSED', 'the gateway is closing or closed');
    const { sessionId, traceId, id } = options;
    const dataText = stringify(data);
    if (Buffer.byteLength(dataText) > this.parts.options.limits.messageBytesMax) {
      throw new GatewayError(
        'MESSAGE_TOO_BIG',
        `data: over limits.messageBytesMax (${this.parts.options.limits.messageBytesMax})`,
      );
    }
    // The same check as for a client's message, so that nobody receives what the contract does not allow.
    const checked = decode(
      stringify({ type: 'data_update', groupId, sessionId, traceId, id, payload: { data: null, meta: options.meta } }),
    );
    if (!checked.ok) throw new GatewayError('INVALID_ARGUMENT', checked.error.message);
    if (typeof groupId !== 'string') throw new GatewayError('INVALID_ARGUMENT', 'groupId: must be a string');
    // As decoded: what the contract does not know is left behind.
    const { meta } = (checked.message as DataUpdateSignal).payload;
    const within = sessionId === undefined || this.parts.sessions.named(groupId, sessionId, meta);
    // A store that answers at once is not waited for, or a later call would overtake this one.
    if (!(isPromise(within) ? await within : within)) {
      throw new GatewayError('TOO_MANY_SESSIONS', `no room for one more session in ${groupId}`);
    }
    return this.parts.publisher.publish({ ts: this.parts.clock.now(), groupId, sessionId, traceId, id, dataText, meta });
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
    this.parts.hub.end(connection, code, reason, 'ended');
    return true;
  }

  connections(): ConnectionContext[] {
    return [...this.parts.hub.values()].map((connection) => connection.info());
  }

  groups(): GroupInfo[] {
    return [...this.parts.groups.values()].map(({ groupId, memberships, position, log }) => ({
      groupId,
      connections: memberships.size,
      position,
      logMessages: log.messages,
      logBytes: log.bytes,
    }));
  }

  async presence(groupId: string): Promise<PresenceInfo> {
    return presenceInfo(await this.parts.presence.info(groupId));
  }

  async sessions(groupId: string): Promise<Session[]> {
    return this.parts.sessions.list(groupId);
  }

  stats(): GatewayStats {
    const { hub, members, groups, lifecycle, publisher, counters, router, door } = this.parts;
    return {
      connections: hub.size,
      closing: hub.closingSize,
      droppedMembers: members.droppedCount,
      groups: groups.size,
      logBytes: groups.logBytes,
      connectionsTotal: hub.accepted,
      refusedTotal: door.refused,
      messagesInTotal: lifecycle.messagesIn,
      bytesInTotal: lifecycle.bytesIn,
      publishedTotal: publisher.published,
      deliveredTotal: counters.delivered,
      errorsSentTotal: router.errorsSent,
      slowConsumersTotal: hub.slowConsumers,
    };
  }

  health(): Result<{ status: 'ok' }> {
    if (this.#closing === undefined) return { ok: true, data: { status: 'ok' } };
    return { ok: false, error: { code: 'DRAINING', message: 'the gateway is closing or closed', retryable: true } };
  }

  close({ graceMs = this.parts.options.timings.closeTimeoutMs }: { graceMs?: number } = {}): Promise<void> {
    if (!Number.isInteger(graceMs) || graceMs < 0 || graceMs > DELAY_MAX) {
      return Promise.reject(new GatewayError('INVALID_ARGUMENT', `graceMs: must be an integer from 0 to ${DELAY_MAX}`));
    }
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  async #close(graceMs: number): Promise<void> {
    const { clock, hub, door, router, groups, members, announcer, release, failed } = this.parts;
    door.shut();
    let deadlineHasPassed = false;
    const deadline = clock.setTimeout(() => {
      deadlineHasPassed = true;
      for (const connection of [...hub.values()]) this.#sayGoodbye(connection);
      hub.terminateAll();
    }, graceMs);
    // What handlers have begun, or the server has published, is accepted and goes out first.
    void Promise.allSettled([router.settled(), ...this.#publishing]).then(() => {
      for (const connection of [...hub.values()]) if (!deadlineHasPassed) this.#dismiss(connection);
    });
    await hub.empty();
    clock.clearTimeout(deadline);
    hub.stop();
    members.endDropped();
    announcer.close();
    groups.dispose();
    await release().catch((error: unknown) => failed(error, 'close'));
  }

  /** Closes a connection once it has everything, as slow as it is; the deadline does not wait. */
  #dismiss(connection: Connection): void {
    if (connection.catchUp()) this.#sayGoodbye(connection);
    else void connection.untilDrained().then(() => this.#dismiss(connection));
  }

  #sayGoodbye(connection: Connection): void {
    const { code, meaning } = CLOSE_CODES.SERVICE_RESTART;
    this.parts.hub.end(connection, code, meaning, 'ended');
  }
}

/** @throws GatewayError `INVALID_ARGUMENT` for what JSON cannot say. */
function stringify(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new GatewayError('INVALID_ARGUMENT', 'data: must be a JSON value', { cause });
  }
  if (text === undefined) throw new GatewayError('INVALID_ARGUMENT', 'data: must be a JSON value');
  return text;
}
