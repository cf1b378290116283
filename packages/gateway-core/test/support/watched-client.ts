import type { Gateway } from 'gateway-core';
import type { ConnectOptions, MemoryClient } from 'gateway-core/testing';
import { expect } from 'vitest';
import { type Received, ResumingClient } from './resuming-client.js';

/** What a client and others like it know together: what stands where in each log, and whose each member is. */
export class Ledger {
  /** By group, epoch and `seq`. An epoch is known only once a `sync` has named it. */
  readonly texts = new Map<string, unknown>();
  /** Which user's each member is. */
  readonly users = new Map<string, string>();
  /** Which member each token stands for. */
  readonly tokens = new Map<string, string>();
  /** How often what was reached. */
  readonly reached = new Map<string, number>();
  /** What was said by a connection that somebody else had replaced: nobody may ever hear it. */
  readonly ghosts = new Set<unknown>();
}

/** A place in a log, as a client that keeps to the rules remembers it. */
interface Place {
  epoch: string;
  /** Everything up to here it has seen, or been told that it will not. */
  seq: number;
  /** The first that it must have: it stood here, and nothing before counts. */
  from: number;
  seen: Set<number>;
  gaps: [from: number, to: number][];
  /** Since its connection's `sync`: what comes follows. */
  whole: boolean;
  /** In this replay something was left out: only a `reset` may end it. */
  hole: boolean;
}

let names = 0;

const count = ({ reached }: Ledger, what: string) => reached.set(what, (reached.get(what) ?? 0) + 1);

/** A {@link ResumingClient} that also keeps account of where it is, of what it may hear, and of every hole. */
export class WatchedClient extends ResumingClient {
  readonly places = new Map<string, Place>();
  /** Groups that it may hear of, with the last `seq` that it may hear where it was taken out. */
  readonly expected = new Map<string, number>();
  /** Tokens that it has had, oldest first. */
  readonly tokens: string[] = [];
  /** Tokens that cannot be good any more. */
  readonly spent = new Set<string>();
  /** Whether the next `ready` must say that it was resumed. */
  mustResume = false;
  /** Groups of which it cannot know whether it is in. */
  readonly unsure = new Set<string>();
  /** Every connection that it had but the newest, with the member that it was there. */
  readonly former: { connection: MemoryClient; memberId: string | undefined }[] = [];
  /** Of the last connection whose `ready` has come. */
  connectionId: string | undefined;
  /** The `ready` of its newest connection has come. */
  isIn = false;
  readonly #leaving = new Map<string, string>();
  readonly #joining = new Map<string, string>();
  /** Which of its tokens was the newest as it said what, by id: of what it has said on its newest connection, after its `ready`. */
  readonly #spoken = new Map<string, number>();
  /** What it has said, by id. */
  readonly #sayings = new Map<string, { groupId: string; text: string }>();
  /** What came before the first `sync` of a group; then, what a replay tells, whose log only its `sync` names; and that after a hole. */
  readonly #firsts = new Map<string, { from: number; next: number; texts: unknown[] }>();
  readonly #unproven = new Map<string, [seq: number, data: unknown][]>();
  readonly #tail = new Map<string, [seq: number, data: unknown][]>();
  readonly name = String(names++);
  #said = 0;
  #sentToken: string | undefined;
  /** It could not be good any more as it was sent. */
  #wasSpent = false;

  constructor(
    gateway: Gateway,
    readonly user: string,
    private readonly ledger: Ledger,
  ) {
    super(gateway, { token: user });
  }

  get isOpen(): boolean {
    return this.connection !== undefined && this.connection.closed === undefined;
  }

  /** What it would resume from. A place that no `sync` has confirmed is none. */
  positions(): Record<string, object> {
    return Object.fromEntries([...this.places].map(([groupId, { epoch, seq }]) => [groupId, { epoch, seq }]));
  }

  override connect(groups: Record<string, object> = {}, options?: ConnectOptions): MemoryClient {
    this.take();
    if (this.connection !== undefined) {
      this.former.push({ connection: this.connection, memberId: this.isIn ? this.memberId : undefined });
    }
    this.logs.clear();
    const wanted = { ...groups, ...this.positions() };
    for (const place of this.places.values()) {
      place.whole = false;
      place.hole = false;
    }
    this.expected.clear();
    for (const groupId of Object.keys(wanted)) this.expected.set(groupId, Number.POSITIVE_INFINITY);
    for (const map of [this.#joining, this.#leaving, this.#firsts, this.#tail, this.#unproven]) map.clear();
    this.unsure.clear();
    this.#spoken.clear();
    this.isIn = false;
    this.#sentToken = this.token;
    this.#wasSpent = this.spent.has(this.token ?? '');
    return super.connect(wanted, options);
  }

  sayNext(groupId: string, size: number): void {
    this.#said += 1;
    const id = `${this.name}-${this.#said}`;
    if (this.isIn) this.#spoken.set(id, this.tokens.length - 1);
    const text = `${id} ${'x'.repeat(size)}`;
    this.#sayings.set(id, { groupId, text });
    this.say(groupId, text, id);
  }

  join(groupId: string, since?: object): void {
    this.#said += 1;
    const id = `j${this.name}-${this.#said}`;
    if (this.isIn) this.#spoken.set(id, this.tokens.length - 1);
    this.expected.set(groupId, Number.POSITIVE_INFINITY);
    this.#joining.set(id, groupId);
    for (const [leave, left] of this.#leaving) if (left === groupId) this.#leaving.delete(leave);
    this.send({ type: 'join', id, payload: { groupId, since } });
  }

  leave(groupId: string): void {
    this.#said += 1;
    const id = `l${this.name}-${this.#said}`;
    if (this.isIn) this.#spoken.set(id, this.tokens.length - 1);
    this.#leaving.set(id, groupId);
    this.send({ type: 'leave', id, payload: { groupId } });
  }

  /** The host has taken it out: nothing later than this may come, unless it was on its way in, or other things are still on their way to it. */
  removed(groupId: string, lastSeq: number | undefined): void {
    if (lastSeq === undefined || !this.isIn || [...this.#joining.values()].includes(groupId)) {
      this.unsure.add(groupId);
      return;
    }
    this.expected.set(groupId, lastSeq);
    this.places.delete(groupId);
  }

  protected override one(message: Received): void {
    const { type, payload, groupId = '', seq = 0 } = message;
    if (type === 'ready' && payload.resume !== undefined) this.#ready(payload);
    if (type === 'data_update') this.#update(groupId, seq, payload.data);
    if (type === 'gap') this.#gap(groupId, payload);
    if (type === 'sync') this.#sync(groupId, payload);
    if (type === 'ack') this.#acked(payload);
    if (type === 'error') this.#refused(groupId, payload);
    this.received.push(message);
  }

  #ready({ connectionId, memberId, resumed, resume, groups }: Received['payload']): void {
    const { ledger } = this;
    expect(ledger.users.get(memberId) ?? this.user, 'a member is one user for ever').toBe(this.user);
    ledger.users.set(memberId, this.user);
    if (resumed && !this.isIn) {
      expect(ledger.tokens.get(this.#sentToken ?? ''), 'the token was that member’s').toBe(memberId);
      expect(this.#wasSpent, 'the token was spent').toBe(false);
    }
    if (this.mustResume) count(ledger, 'resumed because it had to be');
    if (this.#wasSpent && !this.isIn) count(ledger, 'came with a spent token');
    if (this.mustResume) expect(resumed, 'inside the window, with the newest token').toBe(true);
    this.mustResume = false;
    this.resumed.push(resumed);
    this.isIn = true;
    this.memberId = memberId;
    this.connectionId = connectionId;
    this.token = resume.token;
    this.tokens.push(resume.token);
    ledger.tokens.set(resume.token, memberId);
    for (const groupId of groups) if (!this.expected.has(groupId)) this.expected.set(groupId, Number.POSITIVE_INFINITY);
    // What it has that the gateway does not name is refused, which an error says, or it was taken out meanwhile.
  }

  #update(groupId: string, seq: number, data: unknown): void {
    expect(this.expected.has(groupId), `${this.name} hears ${groupId}`).toBe(true);
    expect(seq, `${this.name} was taken out of ${groupId}`).toBeLessThanOrEqual(this.expected.get(groupId) as number);
    expect(this.ledger.ghosts.has(data), `said after it was fenced: ${data}`).toBe(false);
    const place = this.places.get(groupId);
    // Before its first `sync` it has no place: that will say where it stands.
    if (place === undefined) {
      let first = this.#firsts.get(groupId);
      // Past a hole it has begun anew, and its `sync` must not count what was before.
      if (first?.next !== seq) first = { from: seq, next: seq, texts: [] };
      this.#firsts.set(groupId, first);
      first.next += 1;
      first.texts.push(data);
      return;
    }
    if (place.whole) expect(seq, `${this.name}: live in ${groupId}`).toBe(place.seq + 1);
    else if (seq !== place.seq + 1) place.hole = true;
    if (place.hole) {
      this.#tail.set(groupId, [...(this.#tail.get(groupId) ?? []), [seq, data]]);
      return;
    }
    expect(place.seen.has(seq), `${this.name}: ${seq} of ${groupId} twice`).toBe(false);
    this.#write(place, groupId, seq, data);
  }

  #write(place: Place, groupId: string, seq: number, data: unknown): void {
    place.seen.add(seq);
    place.seq = seq;
    if (place.whole) this.#note(place.epoch, groupId, seq, data);
    else this.#pending(groupId, seq, data);
  }

  /** Told in a replay: in which log it stands, its `sync` says. */
  #pending(groupId: string, seq: number, data: unknown): void {
    this.#unproven.set(groupId, [...(this.#unproven.get(groupId) ?? []), [seq, data]]);
  }

  #note(epoch: string, groupId: string, seq: number, data: unknown): void {
    const at = `${groupId} ${epoch} ${seq}`;
    const { texts } = this.ledger;
    if (texts.has(at)) expect(data, at).toBe(texts.get(at));
    texts.set(at, data);
  }

  #gap(groupId: string, { from, to }: Received['payload']): void {
    expect(this.expected.has(groupId)).toBe(true);
    const place = this.places.get(groupId) as Place;
    expect(place?.whole, `${this.name}: a gap in ${groupId} beside a replay`).toBe(true);
    expect(from, `${this.name}: a gap in ${groupId}`).toBe(place.seq + 1);
    expect(to).toBeGreaterThanOrEqual(from);
    count(this.ledger, 'gap');
    place.gaps.push([from, to]);
    place.seq = to;
  }

  #sync(groupId: string, { epoch, seq, outcome, reason, replayed }: Received['payload']): void {
    expect(this.expected.has(groupId), `${this.name}: a sync of ${groupId}`).toBe(true);
    const known = this.places.get(groupId);
    const first = this.#firsts.get(groupId);
    const tail = this.#tail.get(groupId) ?? [];
    const unproven = this.#unproven.get(groupId) ?? [];
    for (const map of [this.#firsts, this.#tail, this.#unproven]) map.delete(groupId);
    count(this.ledger, `${outcome}${reason === undefined ? '' : ` ${reason}`}${unproven.length > 0 ? ' after a replay' : ''}`);
    if (outcome === 'recovered') {
      expect(known, `${this.name}: recovered, and nothing was asked for`).toBeDefined();
      expect(known?.hole, `${this.name}: recovered with a hole in ${groupId}`).toBe(false);
      expect(known?.epoch).toBe(epoch);
      expect(known?.seq, `${this.name}: recovered in ${groupId}`).toBe(seq);
      expect(replayed).toBe(unproven.length);
      (known as Place).whole = true;
      for (const [at, data] of unproven) this.#note(epoch, groupId, at, data);
      return;
    }
    const all: [number, unknown][] = first?.texts.map((text, index) => [first.from + index, text]) ?? [...unproven, ...tail];
    // What came before the log was lost or trimmed under a replay counts no more.
    const told = outcome === 'reset' ? all.slice(Math.max(0, all.length - replayed)) : all;
    expect(replayed, `${this.name}: ${outcome} in ${groupId}`).toBe(told.length);
    expect(told.at(-1)?.[0] ?? seq, `${this.name}: ${outcome} in ${groupId}`).toBe(seq);
    // A reset begins anew, with what of the replay belongs to its end.
    const seen = new Set<number>();
    for (const [at, data] of told) this.#note(epoch, groupId, at, data);
    this.places.set(groupId, { epoch, seq, from: seq + 1, seen, gaps: [], whole: true, hole: false });
  }

  #acked({ id, epoch, seq }: Received['payload']): void {
    const said = this.#sayings.get(id);
    if (said !== undefined) this.#note(epoch, said.groupId, seq, said.text);
    // Said with that token in its hands, and heard: every token of this member before that one is spent.
    for (const before of this.tokens.slice(0, this.#spoken.get(id) ?? 0)) {
      if (this.ledger.tokens.get(before) === this.memberId) this.spent.add(before);
    }
    const left = this.#leaving.get(id);
    this.#leaving.delete(id);
    this.#joining.delete(id);
    if (left === undefined) return;
    this.expected.delete(left);
    this.places.delete(left);
  }

  #refused(groupId: string, { code, inReplyTo }: Received['payload']): void {
    const joined = this.#joining.get(inReplyTo);
    if (joined !== undefined) this.expected.delete(joined);
    if (groupId !== '' && inReplyTo === undefined) {
      this.expected.delete(groupId);
      this.places.delete(groupId);
    }
    expect(['FORBIDDEN', 'NOT_A_MEMBER', 'TOO_MANY_GROUPS', 'INTERNAL'], code).toContain(code);
  }

  /** Nothing that counts is missing, up to `seq`. */
  checkWhole(groupId: string, seq: number): void {
    const place = this.places.get(groupId);
    expect(place, `${this.name} is in ${groupId}`).toMatchObject({ whole: true, seq });
    if (place === undefined) return;
    const missing: number[] = [];
    for (let at = place.from; at <= seq; at += 1) {
      const isTold = place.gaps.some(([from, to]) => from <= at && at <= to);
      expect(place.seen.has(at) && isTold, `${this.name}: ${at} of ${groupId} was seen and called lost`).toBe(false);
      if (!place.seen.has(at) && !isTold) missing.push(at);
    }
    expect(missing, `${this.name} in ${groupId}`).toEqual([]);
  }
}
