import type { Session, SessionMeta, SessionStore, SessionUpsert } from 'gateway-core';
import type { Connection } from './connection.js';
import { EXPIRE_SESSIONS, LIST_SESSIONS, TOUCH_SESSION, UPSERT } from './session-scripts.js';
import { escaped, pairOf, unescaped } from './texts.js';

/** Sessions that one call takes out. */
const EXPIRED_TOGETHER = 256;
const FIELDS = 7;

/** The sessions of all groups, in Redis. */
export class RedisSessionStore implements SessionStore {
  readonly #sessions: string;
  readonly #groups: string;
  readonly #ends: string;
  readonly #ended: string;

  constructor(private readonly connection: Connection) {
    this.#sessions = connection.key('s', '');
    this.#groups = connection.key('sg', '');
    this.#ends = connection.key('sd');
    this.#ended = connection.key('se');
  }

  async upsert({ groupId, sessionId, meta, ttlMs, sessionsMax }: SessionUpsert) {
    const pair = pairOf(groupId, sessionId);
    const said = [meta.label, meta.createdBy, meta.tags].map((value) => (value === undefined ? '' : JSON.stringify(value)));
    const keys = [this.#sessions + pair, this.#groups + escaped(groupId), this.#ends, this.#ended, this.connection.key('so')];
    const args = [pair, escaped(groupId), escaped(sessionId), ...said, String(ttlMs), String(sessionsMax)];
    const [status, created, ...fields] = (await this.connection.run(UPSERT, keys, () => args)) as string[];
    return status === 'full' ? undefined : { session: sessionOf(fields), created: created === '1' };
  }

  async touch(groupId: string, sessionId: string, ttlMs: number): Promise<boolean> {
    const args = [pairOf(groupId, sessionId), String(ttlMs)];
    return (await this.connection.run(TOUCH_SESSION, [this.#ends], () => args))[1] === 1;
  }

  async list(groupId: string): Promise<Session[]> {
    const keys = [this.#groups + escaped(groupId), this.#ends];
    const [, ...fields] = (await this.connection.run(LIST_SESSIONS, keys, () => [this.#sessions])) as string[];
    const sessions: Session[] = [];
    for (let at = 0; at < fields.length; at += FIELDS) sessions.push(sessionOf(fields.slice(at, at + FIELDS)));
    return sessions;
  }

  async expire(countMax: number = Number.POSITIVE_INFINITY): Promise<Session[]> {
    const expired: Session[] = [];
    while (expired.length < countMax) {
      const count = Math.min(EXPIRED_TOGETHER, countMax - expired.length);
      const args = [this.#sessions, this.#groups, String(count)];
      const [, ...ended] = (await this.connection.run(EXPIRE_SESSIONS, [this.#ended, this.#ends], () => args)) as string[];
      for (const text of ended) expired.push(sessionOf(JSON.parse(text) as string[]));
      if (ended.length < count) break;
    }
    return expired;
  }
}

function sessionOf([
  groupId = '',
  sessionId = '',
  label = '',
  createdBy = '',
  tags = '',
  openedAt,
  updatedAt,
]: readonly string[]): Session {
  const meta: SessionMeta = {};
  if (label !== '') meta.label = JSON.parse(label) as string;
  if (createdBy !== '') meta.createdBy = JSON.parse(createdBy) as string;
  if (tags !== '') meta.tags = JSON.parse(tags) as string[];
  return {
    groupId: unescaped(groupId),
    sessionId: unescaped(sessionId),
    meta,
    openedAt: Number(openedAt),
    updatedAt: Number(updatedAt),
  };
}
