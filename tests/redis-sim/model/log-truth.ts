import type { BrokerMessage, MemberFence } from 'gateway-core';
import { entryOf } from '../../../packages/gateway-redis/src/entry-text.js';
import { fromBytes } from '../bytes.js';
import type { Owner } from './member-owners.js';

/** One line of a log's history. A server that has lost its newest messages, or has left another one behind, goes on in a line of its own. */
export class Line {
  readonly #texts = new Map<number, { text: string; change: number }>();
  head: number;

  constructor(
    /** What it goes on from, and up to which `seq`. */
    readonly parent: { readonly line: Line; readonly upTo: number } | undefined,
  ) {
    this.head = parent?.upTo ?? 0;
  }

  append(seq: number, text: string, change: number): void {
    this.#texts.set(seq, { text, change });
    this.head = seq;
  }

  /** The message at a place; `undefined`: none was ever there. */
  at(seq: number): string | undefined {
    const own = this.#texts.get(seq);
    if (own !== undefined) return own.text;
    return this.parent !== undefined && seq <= this.parent.upTo ? this.parent.line.at(seq) : undefined;
  }

  /** How far it goes where only so many changes are left of what its server has written down. */
  headAt(changes: number): number {
    let head = this.parent === undefined ? 0 : Math.min(this.parent.upTo, this.parent.line.headAt(changes));
    for (const [seq, { change }] of this.#texts) if (change < changes) head = Math.max(head, seq);
    return head;
  }

  /** Whether everything up to a place of another line is in this one, too. */
  has(line: Line, seq: number): boolean {
    let upTo = Number.POSITIVE_INFINITY;
    for (let one: Line | undefined = this; one !== undefined; one = one.parent?.line) {
      if (one === line) return seq <= upTo;
      upTo = Math.min(upTo, one.parent?.upTo ?? 0);
    }
    return false;
  }

  /** All messages, the lines before included. */
  texts(upTo = this.head): string[] {
    const before = this.parent?.line.texts(Math.min(upTo, this.parent.upTo)) ?? [];
    return [...before, ...[...this.#texts].filter(([seq]) => seq <= upTo).map(([, { text }]) => text)];
  }
}

/** Of one server: in which line each group's log is. */
export type Lines = Map<string, Line>;

/**
 * What was in the logs, and what servers have lost of it, as the faults know it: not what gateways say. Of theirs it takes the name of an epoch
 * alone, and holds them to that one is of one line.
 */
export class LogTruth {
  readonly #epochs = new Map<string, Line>();
  readonly #lost = new Set<string>();
  /** By group and body, what gateways have fenced a message with. */
  readonly #fences = new Map<string, (MemberFence | undefined)[]>();

  constructor(readonly found: (text: string) => void) {}

  /** A gateway is about to publish a message. */
  published(groupId: string, { body, fence }: BrokerMessage): void {
    const name = `${groupId} ${body}`;
    this.#fences.set(name, [...(this.#fences.get(name) ?? []), fence]);
  }

  /** A message that was appended is not of somebody whom another gateway had before. */
  checkFence(groupId: string, seq: number, text: string, ownerOf: (memberId: string) => Owner | undefined): void {
    const fences = this.#fences.get(`${groupId} ${entryOf(seq, fromBytes(text) as string).body}`) ?? [];
    const late = fences.map((fence) => fence && { ...fence, owner: ownerOf(fence.memberId) });
    if (late.length === 0 || !late.every((one) => one?.owner !== undefined && one.owner.since > one.generation)) return;
    this.found(`${groupId}: ${seq} is accepted of who was taken over before: ${JSON.stringify(late)}`);
  }

  /** The line that an epoch is of. */
  lineOf(groupId: string, epoch: string): Line | undefined {
    return this.#epochs.get(`${groupId} ${epoch}`);
  }

  /** Whether everything up to a position of one epoch is in another one, too. */
  goesOn(groupId: string, from: { readonly epoch: string; readonly seq: number }, epoch: string): boolean {
    const line = this.lineOf(groupId, from.epoch);
    return from.epoch === epoch || (line !== undefined && this.lineOf(groupId, epoch)?.has(line, from.seq) === true);
  }

  /** Whether anything was ever lost that was said of the group: a message, or an epoch. */
  hasLost(groupId: string): boolean {
    return this.#lost.has(groupId);
  }

  /** A server has named an epoch. */
  named(lines: Lines, groupId: string, epoch: string): void {
    const line = lines.get(groupId) ?? new Line(undefined);
    lines.set(groupId, line);
    const known = this.lineOf(groupId, epoch);
    if (known === undefined) this.#epochs.set(`${groupId} ${epoch}`, line);
    else if (known !== line) this.found(`${groupId}: ${epoch} names two histories`);
  }

  appended(lines: Lines, groupId: string, epoch: string, seq: number, text: string, change: number): void {
    this.named(lines, groupId, epoch);
    const line = lines.get(groupId) as Line;
    if (seq !== line.head + 1) this.found(`${groupId}: ${seq} of ${epoch} comes after ${line.head}`);
    line.append(seq, text, change);
  }

  /**
   * The lines of a server that has what another one had written down, up to so many changes.
   * @param isLossy that is not all of them.
   */
  forked(lines: Lines, changes: number, isLossy: boolean, isLeft: (groupId: string) => boolean): Lines {
    const forked: Lines = new Map();
    for (const [groupId, line] of lines) {
      const upTo = line.headAt(changes);
      if (isLeft(groupId)) forked.set(groupId, new Line({ line, upTo }));
      if (isLossy || !isLeft(groupId)) this.#lost.add(groupId);
    }
    return forked;
  }

  /** A server has lost everything. */
  emptied(lines: Lines): void {
    for (const groupId of lines.keys()) this.#lost.add(groupId);
    lines.clear();
  }
}
