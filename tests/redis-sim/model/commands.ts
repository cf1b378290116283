import { type Keyspace, ReplyError, type Stream, type StreamEntry } from './keyspace.js';

/** A reply of Redis; a bulk string is text of bytes. */
export type Reply = number | string | null | readonly Reply[];

/** What commands need beside the keys. */
export interface CommandContext {
  readonly keyspace: Keyspace;
  /** From 0 up to 1. */
  random(): number;
}

interface Command {
  run(context: CommandContext, args: readonly string[]): Reply;
  /** Changes keys. */
  readonly isWrite?: true;
  /** Is refused where there is no memory left. */
  readonly takesMemory?: true;
}

const read = (run: Command['run']): Command => ({ run });
const write = (run: Command['run']): Command => ({ run, isWrite: true });
const grow = (run: Command['run']): Command => ({ run, isWrite: true, takesMemory: true });

const whole = (text: string | undefined): number => {
  const value = Number(text);
  if (text === undefined || text === '' || !Number.isSafeInteger(value))
    throw new ReplyError('ERR value is not an integer or out of range');
  return value;
};
const counted = (items: readonly string[], does: (item: string) => boolean) => items.filter(does).length;
const pairs = (items: readonly string[]) =>
  items.flatMap((item, at) => (at % 2 === 0 ? [[item, items[at + 1] as string] as const] : []));

/** A cursor is the hash that a scan goes on at: whatever is there from its beginning to its end is met. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0) + 1;
}

function sortedSet(keyspace: Keyspace, key: string): [member: string, score: number][] {
  const all = [...(keyspace.find(key, 'zset')?.scores ?? [])];
  return all.sort(([one, a], [other, b]) => a - b || (one < other ? -1 : 1));
}

const slice = <T>(items: readonly T[], from: number, to: number) => {
  const place = (at: number) => (at < 0 ? Math.max(items.length + at, 0) : at);
  return items.slice(place(from), to < 0 ? items.length + to + 1 : to + 1);
};

function idOf(id: string): { seq: number; sub: number } {
  const found = /^(\d+)(?:-(\d+))?$/.exec(id);
  if (found === null) throw new ReplyError(`ERR an id that is not known here: ${id}`);
  return { seq: Number(found[1]), sub: Number(found[2] ?? 0) };
}

/** Where a range ends it is of a whole `seq`. */
function seqOf(id: string): number {
  const { seq, sub } = idOf(id);
  if (sub !== 0) throw new ReplyError(`ERR an end that is not known here: ${id}`);
  return seq;
}

const entryReply = ({ seq, sub, fields }: StreamEntry): Reply => [`${seq}-${sub}`, fields];

function range(keyspace: Keyspace, key: string, from: string, to: string): StreamEntry[] {
  const entries = keyspace.find(key, 'stream')?.stream.entries ?? [];
  const [least, most] = [from === '-' ? 0 : seqOf(from), to === '+' ? Number.POSITIVE_INFINITY : seqOf(to)];
  return entries.filter(({ seq }) => seq >= least && seq <= most);
}

function count(args: readonly string[]): number | undefined {
  const at = args.indexOf('COUNT');
  return at < 0 ? undefined : whole(args[at + 1]);
}

function append(stream: Stream, id: string, fields: readonly string[]): void {
  const { seq, sub } = idOf(id);
  if (seq <= stream.last)
    throw new ReplyError('ERR The ID specified in XADD is equal or smaller than the target stream top item');
  stream.entries.push({ seq, sub, fields });
  stream.last = seq;
}

export const COMMANDS: Readonly<Record<string, Command>> = {
  GET: read(({ keyspace }, [key = '']) => keyspace.find(key, 'string')?.text ?? null),
  SET: grow(({ keyspace }, [key = '', text = '']) => {
    keyspace.delete(key);
    keyspace.have(key, 'string').text = text;
    return 'OK';
  }),
  INCR: grow(({ keyspace }, [key = '']) => {
    const next = whole(keyspace.find(key, 'string')?.text ?? '0') + 1;
    keyspace.have(key, 'string').text = String(next);
    return next;
  }),
  DEL: write(({ keyspace }, keys) => counted(keys, (key) => keyspace.delete(key))),
  EXISTS: read(({ keyspace }, keys) => counted(keys, (key) => keyspace.has(key))),
  PERSIST: write(({ keyspace }, [key = '']) => (keyspace.endAt(key, undefined) ? 1 : 0)),
  PEXPIRE: write(({ keyspace }, [key = '', ms]) => (keyspace.endAt(key, Math.floor(keyspace.now) + whole(ms)) ? 1 : 0)),
  PTTL: read(({ keyspace }, [key = '']) => {
    if (!keyspace.has(key)) return -2;
    const end = keyspace.endOf(key);
    return end === undefined ? -1 : Math.floor(end - keyspace.now);
  }),
  TIME: read(({ keyspace: { now } }) => [String(Math.floor(now / 1_000)), String(Math.floor((now % 1_000) * 1_000))]),
  HGET: read(({ keyspace }, [key = '', field = '']) => keyspace.find(key, 'hash')?.fields.get(field) ?? null),
  HMGET: read(({ keyspace }, [key = '', ...fields]) => {
    const known = keyspace.find(key, 'hash')?.fields;
    return fields.map((field) => known?.get(field) ?? null);
  }),
  HSET: grow(({ keyspace }, [key = '', ...rest]) => {
    const { fields } = keyspace.have(key, 'hash');
    const { size } = fields;
    for (const [field, value] of pairs(rest)) fields.set(field, value);
    return fields.size - size;
  }),
  HSETNX: grow(({ keyspace }, [key = '', field = '', value = '']) => {
    const { fields } = keyspace.have(key, 'hash');
    if (fields.has(field)) return 0;
    fields.set(field, value);
    return 1;
  }),
  HDEL: write(({ keyspace }, [key = '', ...fields]) => {
    const known = keyspace.find(key, 'hash')?.fields;
    const gone = counted(fields, (field) => known?.delete(field) === true);
    keyspace.deleteEmpty(key);
    return gone;
  }),
  HINCRBY: grow(({ keyspace }, [key = '', field = '', by]) => {
    const next = whole(keyspace.find(key, 'hash')?.fields.get(field) ?? '0') + whole(by);
    keyspace.have(key, 'hash').fields.set(field, String(next));
    return next;
  }),
  HLEN: read(({ keyspace }, [key = '']) => keyspace.find(key, 'hash')?.fields.size ?? 0),
  HKEYS: read(({ keyspace }, [key = '']) => [...(keyspace.find(key, 'hash')?.fields.keys() ?? [])]),
  HVALS: read(({ keyspace }, [key = '']) => [...(keyspace.find(key, 'hash')?.fields.values() ?? [])]),
  HGETALL: read(({ keyspace }, [key = '']) => [...(keyspace.find(key, 'hash')?.fields ?? [])].flat()),
  SADD: grow(({ keyspace }, [key = '', ...members]) => {
    const known = keyspace.have(key, 'set').members;
    return counted(members, (member) => known.size < known.add(member).size);
  }),
  SREM: write(({ keyspace }, [key = '', ...members]) => {
    const known = keyspace.find(key, 'set')?.members;
    const gone = counted(members, (member) => known?.delete(member) === true);
    keyspace.deleteEmpty(key);
    return gone;
  }),
  SPOP: write(({ keyspace, random }, [key = '', most]) => {
    const known = keyspace.find(key, 'set')?.members;
    const left = [...(known ?? [])];
    const popped: string[] = [];
    while (popped.length < whole(most) && left.length > 0) popped.push(...left.splice(Math.floor(random() * left.length), 1));
    for (const member of popped) known?.delete(member);
    keyspace.deleteEmpty(key);
    return popped;
  }),
  SCARD: read(({ keyspace }, [key = '']) => keyspace.find(key, 'set')?.members.size ?? 0),
  SSCAN: read(({ keyspace }, [key = '', cursor, ...rest]) => {
    const all = [...(keyspace.find(key, 'set')?.members ?? [])].map((member) => ({ member, hash: hashOf(member) }));
    const ahead = all.filter(({ hash }) => hash >= whole(cursor)).sort((one, other) => one.hash - other.hash);
    const page = ahead.slice(0, count(rest) ?? 10);
    return [String(ahead[page.length]?.hash ?? 0), page.map(({ member }) => member)];
  }),
  ZADD: grow(({ keyspace }, [key = '', ...rest]) => {
    const { scores } = keyspace.have(key, 'zset');
    const { size } = scores;
    for (const [score, member] of pairs(rest)) scores.set(member, Number(score));
    return scores.size - size;
  }),
  ZREM: write(({ keyspace }, [key = '', ...members]) => {
    const known = keyspace.find(key, 'zset')?.scores;
    const gone = counted(members, (member) => known?.delete(member) === true);
    keyspace.deleteEmpty(key);
    return gone;
  }),
  ZSCORE: read(({ keyspace }, [key = '', member = '']) => {
    const score = keyspace.find(key, 'zset')?.scores.get(member);
    return score === undefined ? null : String(score);
  }),
  ZCARD: read(({ keyspace }, [key = '']) => keyspace.find(key, 'zset')?.scores.size ?? 0),
  ZRANGE: read(({ keyspace }, [key = '', from, to]) =>
    slice(sortedSet(keyspace, key), whole(from), whole(to)).map(([member]) => member),
  ),
  ZRANGEBYSCORE: read(({ keyspace }, [key = '', from, to, , offset = '0', most = '-1']) => {
    if (from !== '-inf') throw new ReplyError('ERR only -inf is known here');
    const found = sortedSet(keyspace, key).filter(([, score]) => score <= Number(to));
    const end = whole(most) < 0 ? undefined : whole(offset) + whole(most);
    return found.slice(whole(offset), end).map(([member]) => member);
  }),
  RPUSH: grow(({ keyspace }, [key = '', ...items]) => keyspace.have(key, 'list').items.push(...items)),
  LPOP: write(({ keyspace }, [key = '', most]) => {
    const items = keyspace.find(key, 'list')?.items;
    if (items === undefined) return null;
    const popped = items.splice(0, whole(most));
    keyspace.deleteEmpty(key);
    return popped;
  }),
  LTRIM: write(({ keyspace }, [key = '', from, to]) => {
    const list = keyspace.find(key, 'list');
    if (list !== undefined) list.items = slice(list.items, whole(from), whole(to));
    keyspace.deleteEmpty(key);
    return 'OK';
  }),
  XADD: grow(({ keyspace }, [key = '', id = '', ...fields]) => {
    append(keyspace.have(key, 'stream').stream, id, fields);
    return id;
  }),
  XTRIM: write(({ keyspace }, [key = '', minid, least = '']) => {
    if (minid !== 'MINID') throw new ReplyError('ERR only XTRIM with MINID is known here');
    const entries = keyspace.find(key, 'stream')?.stream.entries ?? [];
    const kept = entries.findIndex(({ seq }) => seq >= seqOf(least));
    return entries.splice(0, kept < 0 ? entries.length : kept).length;
  }),
  XRANGE: read(({ keyspace }, [key = '', from = '', to = '', ...rest]) =>
    range(keyspace, key, from, to).slice(0, count(rest)).map(entryReply),
  ),
  XREVRANGE: read(({ keyspace }, [key = '', to = '', from = '', ...rest]) =>
    range(keyspace, key, from, to).reverse().slice(0, count(rest)).map(entryReply),
  ),
};
