import type { ClientType, GroupPresence, PresenceMember, PresenceStore } from 'gateway-core';
import type { Connection } from './connection.js';
import type { ConnectionListener } from './connection-listener.js';
import { BURY, ENTER, INFO, LEAVE, LIST, PLACES, TOUCH } from './presence-scripts.js';
import { escaped, idsOf, pairOf, unescaped } from './texts.js';

/** Bounds of a {@link RedisPresenceStore}. */
export interface PresenceStoreOptions {
  connection: Connection;
  /** How long an empty group is remembered as DOWN, in milliseconds. */
  downTtlMs: number;
  /** The lease of a node that enters a member without having one, in milliseconds. */
  untouchedLeaseMs: number;
  failed(error: unknown, where: string): void;
}

/** Who is in which group, in Redis. Members of a node whose lease is over are taken out by the others, as they touch theirs. */
export class RedisPresenceStore implements PresenceStore, ConnectionListener {
  readonly #watchers = new Set<(groupId: string) => void>();
  /** How many members this side has entered into each group: of these it may have missed changes while it did not hear. */
  readonly #entered = new Map<string, Set<string>>();
  /** Those that members were entered of. */
  readonly #nodes = new Set<string>();
  #wasUp = false;
  readonly #channel: string;
  readonly #placesOf: string;

  constructor(private readonly options: PresenceStoreOptions) {
    this.#channel = options.connection.key('presence');
    this.#placesOf = options.connection.key('pn', '');
  }

  async enter(groupId: string, member: PresenceMember): Promise<void> {
    const { connection, untouchedLeaseMs } = this.options;
    const { memberId, nodeId, role, metadataText, state, generation } = member;
    const entered = this.#entered.get(groupId) ?? new Set();
    this.#entered.set(groupId, entered.add(memberId));
    this.#nodes.add(nodeId);
    const node = escaped(nodeId);
    const json = JSON.stringify([
      memberId,
      nodeId,
      member.principal ?? null,
      member.stateText ?? null,
      metadataText !== undefined,
    ]);
    const args = () => [
      connection.term,
      this.#placesOf,
      this.#channel,
      escaped(groupId),
      escaped(memberId),
      pairOf(groupId, memberId),
      node,
      state === 'connected' ? 'c' : 'd',
      generation === undefined ? '' : String(generation),
      json,
      role,
      metadataText ?? '',
      String(untouchedLeaseMs),
    ];
    await connection.run(ENTER, [...this.#keys(groupId), connection.key('pl')], args);
  }

  async leave(groupId: string, memberId: string, generation?: number): Promise<void> {
    const entered = this.#entered.get(groupId);
    if (entered?.delete(memberId) && entered.size === 0) this.#entered.delete(groupId);
    await this.#leave(groupId, memberId, generation === undefined ? '' : String(generation), '');
  }

  async info(groupId: string): Promise<GroupPresence> {
    const { connection, downTtlMs } = this.options;
    const [, members, connected, role, metadataText] = (await connection.run(INFO, this.#keys(groupId), () => [
      String(downTtlMs),
    ])) as string[];
    if (members === undefined) return { status: 'UNKNOWN' };
    const status = members === '0' ? 'DOWN' : Number(connected) > 0 ? 'UP' : 'DEGRADED';
    const details = { role: role as ClientType, members: Number(members) };
    return { status, details: metadataText ? { ...details, metadataText } : details };
  }

  async list(groupId: string): Promise<PresenceMember[]> {
    const { connection } = this.options;
    const [, ...records] = (await connection.run(LIST, this.#keys(groupId).slice(0, 1), () => [])) as string[];
    return records
      .map(memberOf)
      .sort((one, other) => one.order - other.order)
      .map(({ member }) => member);
  }

  async touch(nodeId: string, ttlMs: number): Promise<'alive' | 'lapsed'> {
    const { connection, downTtlMs } = this.options;
    const leases = connection.key('pl');
    const args = () => [connection.term, escaped(nodeId), String(ttlMs)];
    const [answer, ...over] = (await connection.run(TOUCH, [leases, connection.key('since')], args)) as string[];
    for (const node of over) {
      const prefixes = [connection.key('p', ''), connection.key('q', '')];
      const buried = () => [this.#placesOf, this.#channel, node, ...prefixes, String(downTtlMs)];
      for (let left = 1; left > 0; ) left = Number((await connection.run(BURY, [leases, this.#placesOf + node], buried))[1]);
    }
    // What another incarnation of the server has may be from before a leave.
    if (answer === 'lapsed' && this.#nodes.has(nodeId)) await this.#leaveUnknown(escaped(nodeId));
    return answer as 'alive' | 'lapsed';
  }

  watch(listener: (groupId: string) => void): () => void {
    // A wrapper of its own for each call, so that one listener given twice is ended one by one.
    const entry = (groupId: string) => listener(groupId);
    this.#watchers.add(entry);
    return () => this.#watchers.delete(entry);
  }

  channels(): string[] {
    return [this.#channel];
  }

  heard(channel: string, payload: Buffer): void {
    if (channel === this.#channel) this.#tell(unescaped(payload.toString()));
  }

  /** Changes may have been missed since the connection before. */
  up(): void {
    const wasUp = this.#wasUp;
    this.#wasUp = true;
    if (!wasUp) return;
    for (const groupId of this.#entered.keys()) this.#tell(groupId);
  }

  sweep(): void {}

  /** Takes out what is listed of a node and was not entered, or has left since. */
  async #leaveUnknown(node: string): Promise<void> {
    const { connection } = this.options;
    for (let cursor = '0', isFirst = true; isFirst || cursor !== '0'; isFirst = false) {
      const from = cursor;
      const [, next = '0', ...places] = (await connection.run(PLACES, [this.#placesOf + node], () => [from])) as string[];
      cursor = next;
      const unknown = places.map(idsOf).filter(([groupId, memberId]) => !this.#entered.get(groupId)?.has(memberId));
      await Promise.all(unknown.map(([groupId, memberId]) => this.#leave(groupId, memberId, '', node)));
    }
  }

  async #leave(groupId: string, memberId: string, generation: string, node: string): Promise<void> {
    const { connection, downTtlMs } = this.options;
    const ids = [escaped(groupId), escaped(memberId), pairOf(groupId, memberId)];
    const args = [this.#placesOf, this.#channel, ...ids, generation, String(downTtlMs), node];
    await connection.run(LEAVE, this.#keys(groupId), () => args);
  }

  #tell(groupId: string): void {
    for (const watcher of [...this.#watchers]) {
      try {
        watcher(groupId);
      } catch (error) {
        this.options.failed(error, 'presence.watch');
      }
    }
  }

  #keys(groupId: string): [p: string, q: string] {
    const id = escaped(groupId);
    return [this.options.connection.key('p', id), this.options.connection.key('q', id)];
  }
}

function memberOf(record: string): { order: number; member: PresenceMember } {
  const end = record.indexOf(':');
  const [order, state, generation, ...lengths] = record.slice(0, end).split(' ');
  // The lengths are in bytes.
  const bytes = Buffer.from(record.slice(end + 1));
  const [nodes = 0, roles = 0, metadatas = 0] = lengths.map(Number);
  const metadataAt = nodes + roles;
  const role = bytes.toString('utf8', nodes, metadataAt) as ClientType;
  const metadataText = bytes.toString('utf8', metadataAt, metadataAt + metadatas);
  const rest = JSON.parse(bytes.toString('utf8', metadataAt + metadatas)) as [string, string, ...unknown[]];
  const [memberId, nodeId, principal, stateText, hasMetadata] = rest;
  const member: PresenceMember = { memberId, nodeId, role, state: state === 'c' ? 'connected' : 'dropped' };
  if (principal !== null) member.principal = principal as string;
  if (hasMetadata === true) member.metadataText = metadataText;
  if (stateText !== null) member.stateText = stateText as string;
  if (generation !== '') member.generation = Number(generation);
  return { order: Number(order), member };
}
