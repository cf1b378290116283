import type { FaultKind } from './fault.js';
import type { Ledger } from './ledger.js';

/** Runs of missing messages that are remembered at most, so that late ones are told from repeated ones. The oldest is forgotten first. */
const GAPS_MAX = 1_000;

/** Messages `from` up to and without `to` of one publisher, which were passed over. */
interface Gap {
  stream: number;
  from: number;
  to: number;
}

/** What one member of a group has got: every message of every publisher has to come once, each publisher's in order. */
export class Receipts {
  received = 0;
  /** Passed over, and not come since. */
  lost = 0;
  /** Come after a later one of the same publisher. */
  late = 0;
  repeated = 0;
  mangled = 0;
  private readonly ledgers: readonly Ledger[];
  /** Number of the message that is due, by publisher; -1 outside the group. */
  private readonly due: number[];
  private gaps: Gap[] | undefined;

  /** `ledgers`: one for each publisher of the group. */
  constructor(ledgers: readonly Ledger[]) {
    this.ledgers = ledgers;
    this.due = ledgers.map(() => -1);
  }

  /** From now on every message counts. A member that is not `awaited` may miss some: no ledger waits for it. */
  enter(awaited: boolean): void {
    for (const [stream, ledger] of this.ledgers.entries()) this.due[stream] = awaited ? ledger.enter() : ledger.sent;
  }

  leave(awaited: boolean): void {
    for (const [stream, ledger] of this.ledgers.entries()) {
      if (awaited && this.due[stream] !== -1) ledger.leave(this.due[stream]!);
      this.due[stream] = -1;
    }
  }

  /** Messages of the group that were published since it joined and have not come, those that are counted as lost aside. */
  get outstanding(): number {
    return this.ledgers.reduce((sum, { sent }, stream) => sum + (this.due[stream] === -1 ? 0 : sent - this.due[stream]!), 0);
  }

  get isMember(): boolean {
    return this.due[0] !== -1;
  }

  /** Takes the message that is due; false for any other one. */
  takeDue(stream: number, number: number): boolean {
    if (number !== this.due[stream] || number >= this.ledgers[stream]!.sent) return false;
    this.due[stream] = number + 1;
    this.received++;
    return true;
  }

  /** Takes a message that was not due, and answers what is wrong. After `lost` this message itself is good, and is the one that was due. */
  takeOther(stream: number, number: number): FaultKind {
    const due = this.dueOf(stream);
    if (due === -1 || number < 0 || number >= this.ledgers[stream]!.sent) {
      this.mangled++;
      return 'mangled';
    }
    if (number > due) {
      this.passOver({ stream, from: due, to: number });
      return 'lost';
    }
    if (this.fill(stream, number)) {
      this.lost--;
      this.late++;
      this.received++;
      return 'late';
    }
    this.repeated++;
    return 'repeated';
  }

  /** Number of the publisher's message that is due; -1 where there is no such publisher, and outside the group. */
  dueOf(stream: number): number {
    return this.due[stream] ?? -1;
  }

  private passOver(gap: Gap): void {
    this.lost += gap.to - gap.from;
    this.due[gap.stream] = gap.to;
    this.gaps ??= [];
    this.gaps.push(gap);
    if (this.gaps.length > GAPS_MAX) this.gaps.shift();
  }

  /** Takes a number out of the gap that it is in; false where it is in none. */
  private fill(stream: number, number: number): boolean {
    const index = this.gaps?.findIndex((gap) => gap.stream === stream && gap.from <= number && number < gap.to) ?? -1;
    if (index === -1) return false;
    const { from, to } = this.gaps![index]!;
    const rest = [
      { stream, from, to: number },
      { stream, from: number + 1, to },
    ].filter((gap) => gap.from < gap.to);
    this.gaps!.splice(index, 1, ...rest);
    return true;
  }
}
