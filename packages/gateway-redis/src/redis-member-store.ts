import type { MemberStore, StoredMember, Takeover } from 'gateway-core';
import type { Connection } from './connection.js';
import type { ConnectionListener } from './connection-listener.js';
import { isLost } from './errors.js';
import { BURY_MEMBERS, END, EXPIRE, FIND, PUT, TAKE_OVER, TAKEN, TOUCH_MEMBERS } from './member-scripts.js';
import { escaped, unescaped } from './texts.js';

export interface MemberStoreOptions {
  connection: Connection;
  /** The lease of a gateway that puts a member without having one; also how long one is waited for after Redis has come back, in milliseconds. */
  untouchedLeaseMs: number;
  failed(error: unknown, where: string): void;
}

/** What only clients and gateways make something of, as JSON. */
type Rest = Pick<StoredMember, 'role' | 'metadataText' | 'user' | 'groups'>;

/** Members that can be resumed, in Redis. */
export class RedisMemberStore implements MemberStore, ConnectionListener {
  readonly #listeners = new Map<string, Set<(memberId: string, generation: number) => void>>();
  readonly #leases: string;
  readonly #since: string;
  readonly #members: string;
  readonly #membersOf: string;
  readonly #takenFrom: string;
  readonly #channel: string;

  constructor(private readonly options: MemberStoreOptions) {
    const { connection } = options;
    this.#leases = connection.key('ml');
    this.#since = connection.key('since');
    this.#members = connection.key('r', '');
    this.#membersOf = connection.key('mn', '');
    this.#takenFrom = connection.key('mt', '');
    this.#channel = connection.key('taken');
  }

  async put(member: StoredMember): Promise<boolean> {
    const { memberId, generation, nodeId, tokenHash, usedTokenHash = '', state, resumeTtlMs } = member;
    const { role, metadataText, user, groups } = member;
    const rest: Rest = { role, metadataText, user, groups };
    const id = escaped(memberId);
    const node = escaped(nodeId);
    const said = [id, node, String(generation), tokenHash, usedTokenHash, state, String(resumeTtlMs), JSON.stringify(rest)];
    const keys = [this.#leases, this.#members + id, this.#membersOf + node];
    return (await this.#run(PUT, keys, [this.#membersOf, ...said]))[1] === 1;
  }

  async find(memberId: string, tokenHash: string, holdMs: number): Promise<StoredMember | undefined> {
    const keys = [this.#leases, this.#members + escaped(memberId), this.#since];
    return memberOf(memberId, await this.#run(FIND, keys, [tokenHash, String(holdMs)]));
  }

  async takeOver(
    memberId: string,
    tokenHash: string,
    { generation, nodeId, tokenHash: next }: Takeover,
  ): Promise<StoredMember | undefined> {
    const id = escaped(memberId);
    const node = escaped(nodeId);
    const keys = [this.#leases, this.#members + id, this.#membersOf + node];
    const args = [this.#membersOf, id, tokenHash, String(generation), node, next, this.#channel, this.#takenFrom];
    return memberOf(memberId, await this.#run(TAKE_OVER, keys, args));
  }

  async end(memberId: string, generation: number): Promise<boolean> {
    const id = escaped(memberId);
    const args = [this.#membersOf, id, String(generation)];
    return (await this.#run(END, [this.#leases, this.#members + id], args))[1] === 1;
  }

  async expire(memberId: string, generation: number): Promise<'expired' | 'open' | 'replaced'> {
    const id = escaped(memberId);
    const keys = [this.#leases, this.#members + id, this.#since];
    const [answer] = await this.#run(EXPIRE, keys, [this.#membersOf, id, String(generation)]);
    return answer as 'expired' | 'open' | 'replaced';
  }

  async touch(nodeId: string, ttlMs: number): Promise<'alive' | 'lapsed'> {
    const { connection } = this.options;
    const args = () => [connection.term, escaped(nodeId), String(ttlMs)];
    const [answer, ...over] = (await connection.run(TOUCH_MEMBERS, [this.#leases, this.#since], args)) as string[];
    for (const node of over) {
      const keys = [this.#leases, this.#membersOf + node, this.#since];
      let cursor = '0';
      do cursor = (await this.#run(BURY_MEMBERS, keys, [node, this.#members, cursor]))[1] as string;
      while (cursor !== '0');
    }
    return answer as 'alive' | 'lapsed';
  }

  onReplaced(nodeId: string, listener: (memberId: string, generation: number) => void): () => void {
    // A wrapper of its own for each call, so that one listener given twice is ended one by one.
    const entry = (memberId: string, generation: number) => listener(memberId, generation);
    const listeners = this.#listeners.get(nodeId) ?? new Set();
    this.#listeners.set(nodeId, listeners.add(entry));
    return () => {
      listeners.delete(entry);
      if (listeners.size === 0 && this.#listeners.get(nodeId) === listeners) this.#listeners.delete(nodeId);
    };
  }

  channels(): string[] {
    return [this.#channel];
  }

  heard(channel: string, payload: Buffer): void {
    if (channel !== this.#channel) return;
    const [node, id, generation] = JSON.parse(payload.toString()) as [string, string, number];
    this.#tell(unescaped(node), unescaped(id), generation);
  }

  /** What was published while the connection was away was not heard. */
  up(): void {
    for (const nodeId of this.#listeners.keys()) void this.#catchUp(nodeId);
  }

  sweep(): void {}

  async #catchUp(nodeId: string): Promise<void> {
    const { connection, failed } = this.options;
    try {
      const [, ...taken] = (await connection.runNow(TAKEN, [this.#takenFrom + escaped(nodeId)], [])) as string[];
      for (let at = 0; at < taken.length; at += 2) this.#tell(nodeId, unescaped(taken[at] as string), Number(taken[at + 1]));
    } catch (error) {
      // Asked again on the next connection.
      if (!isLost(error)) failed(error, 'members.taken');
    }
  }

  #tell(nodeId: string, memberId: string, generation: number): void {
    for (const listener of [...(this.#listeners.get(nodeId) ?? [])]) {
      try {
        listener(memberId, generation);
      } catch (error) {
        this.options.failed(error, 'members.onReplaced');
      }
    }
  }

  #run(script: typeof PUT, keys: readonly string[], args: readonly string[]): Promise<unknown[]> {
    const { connection, untouchedLeaseMs } = this.options;
    return connection.run(script, keys, () => [connection.term, String(untouchedLeaseMs), ...args]);
  }
}

function memberOf(memberId: string, reply: readonly unknown[]): StoredMember | undefined {
  const [status, generation, node, tokenHash = '', usedTokenHash, state, resumeTtlMs, rest] = reply as string[];
  if (status !== 'ok') return undefined;
  return {
    memberId,
    generation: Number(generation),
    nodeId: unescaped(node as string),
    tokenHash,
    usedTokenHash: usedTokenHash || undefined,
    ...(JSON.parse(rest as string) as Rest),
    state: state as StoredMember['state'],
    resumeTtlMs: Number(resumeTtlMs),
  };
}
