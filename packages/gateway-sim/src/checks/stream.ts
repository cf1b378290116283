import type { WireMessage } from '../history.js';
import type { GoesOn } from '../parts/backend.js';
import type { Found } from './check.js';
import type { Place } from './truth.js';

/** Places that a receiver was never given, and nobody spoke of: right where nothing but `latest` or `volatile` messages were there. */
export interface Hole {
  atMs: number;
  who: string;
  groupId: string;
  epoch: string;
  from: number;
  to: number;
  /** It was acknowledged to who then left: a broker beyond a network may answer before it delivers. */
  isOwed?: boolean | undefined;
}

/** One group's messages on one connection, or for one handle. Says what is wrong with their order. */
export class Stream {
  epoch = '';
  /** The last place that it was given or told of. */
  seq = 0;
  /** A `sync` has said where it stands. */
  isLive = false;
  /** Messages since the last `sync` is awaited: their log is named by it. */
  #replay: { seq: number; message: WireMessage; atMs: number }[] = [];
  /** It was left and joined anew on one connection: what was on the way of the earlier stay comes first. */
  #isAnew = false;

  constructor(
    readonly who: string,
    readonly groupId: string,
    private readonly found: (found: Found) => void,
    private readonly hole: (hole: Hole) => void,
    private readonly place: (place: Place) => void,
    private readonly goesOn: GoesOn,
  ) {}

  rejoin(): void {
    this.isLive = false;
    this.#isAnew = true;
    this.#replay = [];
  }

  message(atMs: number, message: WireMessage): void {
    const seq = message.seq as number;
    if (!this.isLive) {
      const last = this.#replay.at(-1)?.seq;
      if (last !== undefined && seq <= last && !this.#isAnew) this.#wrong(atMs, `replays ${seq} after ${last}`);
      this.#replay.push({ seq, message, atMs });
      return;
    }
    if (seq <= this.seq) this.#wrong(atMs, `gets ${seq} after ${this.seq}`);
    this.#skipTo(atMs, seq);
    this.seq = Math.max(this.seq, seq);
    this.#see(atMs, seq, message);
  }

  /** @param since the position that was asked for, in this log or an earlier one. */
  sync(atMs: number, payload: Record<string, unknown>, since: { epoch?: string; seq?: number; tail?: number } | undefined): void {
    const { epoch, seq, outcome, replayed, reason } = payload as {
      epoch: string;
      seq: number;
      outcome: string;
      replayed: number;
      reason?: string;
    };
    // Of an earlier stay, or of what a `reset` in the middle of a replay has made nothing of.
    const isForgetful = this.#isAnew || outcome === 'reset';
    const earlier = isForgetful ? this.#replay.splice(0, Math.max(0, this.#replay.length - replayed)) : [];
    const seqs = this.#replay.map((entry) => entry.seq);
    if (this.isLive && since === undefined && outcome === 'reset' && reason === 'epoch' && epoch === this.epoch)
      this.#wrong(atMs, `is told that its log was lost, and is in the same one: ${epoch} ${seq}`);
    if (replayed !== seqs.length) this.#wrong(atMs, `was told that ${replayed} were replayed, and got ${seqs.length}`);
    const before = this.epoch;
    this.epoch = epoch;
    if (outcome === 'recovered') {
      // Who has not asked is told that the log has another name.
      const from = since ?? (this.isLive && epoch !== before ? { epoch: before, seq: this.seq } : {});
      const wanted = seq - (from.seq ?? 0);
      const isWhole =
        this.#isAt(from, epoch) && seqs.length === wanted && seqs.every((at, index) => at === (from.seq ?? 0) + 1 + index);
      if (!isWhole) this.#wrong(atMs, `"recovered" from ${JSON.stringify(from)} to ${epoch} ${seq}, with ${seqs.join()}`);
    } else {
      const tail = since?.tail ?? 0;
      const isRun = seqs.every((at, index) => at === (seqs[0] as number) + index);
      const isTail = isRun && seqs.length <= tail && (seqs.at(-1) ?? seq) === seq;
      if (!isTail) this.#wrong(atMs, `"${outcome}" at ${seq} with a tail of ${tail}, and replayed ${seqs.join()}`);
    }
    if (!this.#isAnew) {
      // Which log a tail was of, before the one that the `sync` names, nobody says.
      this.epoch = reason === 'trimmed' ? epoch : ((since?.tail === undefined ? since?.epoch : undefined) ?? '');
      for (const entry of earlier) this.#see(entry.atMs, entry.seq, entry.message);
    }
    this.#isAnew = false;
    this.epoch = epoch;
    for (const entry of this.#replay) this.#see(entry.atMs, entry.seq, entry.message);
    if (outcome === 'reset') this.#reset(atMs, reason, epoch, seq, since);
    this.#replay = [];
    this.seq = seq;
    this.isLive = true;
  }

  gap(atMs: number, from: number, to: number): void {
    if (from !== this.seq + 1 || to < from) this.#skipTo(atMs, from);
    if (to < from || from <= this.seq) this.#wrong(atMs, `is told of a gap ${from} to ${to} after ${this.seq}`);
    this.seq = Math.max(this.seq, to);
  }

  #reset(
    atMs: number,
    reason: string | undefined,
    epoch: string,
    seq: number,
    since: { epoch?: string; seq?: number } | undefined,
  ): void {
    // One that nobody asked for says that the log was lost.
    if (since?.epoch === undefined) return;
    // An earlier epoch of this log: another log has no place that anybody could be ahead of.
    const isFormer = since.epoch !== epoch && this.#isAt({ epoch: since.epoch, seq: 0 }, epoch);
    const is = {
      epoch: since.epoch !== epoch,
      trimmed: this.#isAt(since, epoch) && seq > (since.seq ?? 0),
      ahead: isFormer ? !this.#isAt(since, epoch) : since.epoch === epoch && seq < (since.seq ?? 0),
    };
    if (is[reason as keyof typeof is] !== true)
      this.#wrong(atMs, `"reset ${reason}" from ${JSON.stringify(since)} to ${epoch} ${seq}`);
  }

  /** Whether who stands there can go on in this epoch. */
  #isAt({ epoch, seq = 0 }: { epoch?: string; seq?: number }, inEpoch: string): boolean {
    return epoch !== undefined && this.goesOn(this.groupId, { epoch, seq }, inEpoch);
  }

  #skipTo(atMs: number, seq: number): void {
    if (seq <= this.seq + 1) return;
    const { who, groupId, epoch } = this;
    this.hole({ atMs, who, groupId, epoch, from: this.seq + 1, to: seq - 1 });
  }

  #see(atMs: number, seq: number, { id, from, delivery, key, payload }: WireMessage): void {
    // Of a log that is gone, and was never named.
    if (this.epoch === '') return;
    const text = JSON.stringify(payload?.data);
    this.place({
      groupId: this.groupId,
      epoch: this.epoch,
      seq,
      id,
      from,
      text,
      delivery: delivery ?? 'reliable',
      key,
      seenAtMs: atMs,
    });
  }

  #wrong(atMs: number, text: string): void {
    this.found({ atMs, text: `${this.who} ${this.groupId}: ${text}` });
  }
}
