import type { Ledger } from './ledger.js';

/** What one client has seen of one group, and whether that is what it was promised. */
export class Account {
  #epoch = '';
  /** Everything up to here it has seen, or been told that it will not. */
  #seq = -1;
  /** Its connection's `sync` has come: what comes follows. */
  #whole = false;
  /** In this replay something was left out: only a `reset` may end it. */
  #hole = false;
  /** What came in a replay: in which log that is, its `sync` says. */
  #unproven: [seq: number, id: string][] = [];
  /** The last message of each sender that it has seen. */
  readonly #lastOf = new Map<string, number>();
  seen = 0;
  replayed = 0;
  gaps = 0;
  resets = 0;

  constructor(
    private readonly owner: string,
    private readonly groupId: string,
    private readonly ledger: Ledger,
  ) {}

  /** What to resume from; nothing before its first `sync`. */
  get since(): object {
    return this.#epoch === '' ? {} : { epoch: this.#epoch, seq: this.#seq };
  }

  get seq(): number {
    return this.#seq;
  }

  get whole(): boolean {
    return this.#whole;
  }

  /** A new connection: what comes first is a replay. */
  reconnected(): void {
    this.#whole = false;
    this.#hole = false;
    this.#unproven = [];
  }

  message(seq: number, id: string): void {
    const isFirst = this.#epoch === '' && this.#unproven.length === 0;
    if (!isFirst && seq !== this.#seq + 1) {
      if (this.#whole || seq <= this.#seq) this.#fault(`got ${seq} after ${this.#seq}`);
      else this.#hole = true;
    }
    if (!this.#hole) this.#seq = seq;
    if (this.#whole) this.#note(seq, id);
    else this.#unproven.push([seq, id]);
  }

  gap(from: number, to: number): void {
    if (!this.#whole || from !== this.#seq + 1 || to < from) this.#fault(`was told of a gap ${from}-${to} after ${this.#seq}`);
    this.#seq = to;
    this.gaps += 1;
  }

  sync({ epoch, seq, outcome, replayed }: { epoch: string; seq: number; outcome: string; replayed: number }): void {
    if (replayed !== this.#unproven.length) this.#fault(`was told of ${replayed} replayed, and got ${this.#unproven.length}`);
    if (outcome === 'recovered' && (this.#hole || epoch !== this.#epoch || seq !== this.#seq))
      this.#fault(`"recovered" at ${epoch} ${seq}, and is at ${this.#epoch} ${this.#seq}${this.#hole ? ', with a hole' : ''}`);
    if (outcome === 'reset') this.resets += 1;
    this.#epoch = epoch;
    this.#seq = seq;
    this.#whole = true;
    for (const [at, id] of this.#unproven) this.#note(at, id);
    this.replayed += this.#unproven.length;
    this.#unproven = [];
  }

  #note(seq: number, id: string): void {
    this.seen += 1;
    this.ledger.note(this.groupId, this.#epoch, seq, id);
    const [sender = '', number] = id.split('#');
    if (Number(number) <= (this.#lastOf.get(sender) ?? 0)) this.#fault(`got ${id} after number ${this.#lastOf.get(sender)}`);
    this.#lastOf.set(sender, Number(number));
  }

  #fault(what: string): void {
    this.ledger.fault(`${this.owner} in ${this.groupId} ${what}`);
  }
}
