import type { BrokerMessage, MemberFence } from 'gateway-core';
import { entryOf } from '../../../packages/gateway-redis/src/entry-text.js';
import { fromBytes } from '../bytes.js';
import type { Owner } from './member-owners.js';

/** One line of a log's history. A server that has lost its newest messages, or has left another one behind, goes on in a line of its own. */
export class Line {
  readonly #texts = new Map<number, { text: string; change: number }>();
  /** With the change that has named it. */
  readonly #epochs = new Map<string, number>();
  head: number;

  constructor(
    /** What it goes on from: up to which `seq`, and which of its server's changes. */
    readonly parent: { readonly line: Line; readonly upTo: number; readonly changes: number } | undefined,
  ) {
    this.head = parent?.upTo ?? 0;
  }

  append(seq: number, text: string, change: number): void {
    this.#texts.set(seq, { text, change });
    this.head = seq;
  }

  named(epoch: string, change: number): void {
    if (!this.#epochs.has(epoch)) this.#epochs.set(epoch, change);
  }

  /** Whether its server has, of its first changes, ever called it so. */
  knows(epoch: string, changes = Number.POSITIVE_INFINITY): boolean {
    const change = this.#epochs.get(epoch);
    if (change !== undefined && change < changes) return true;
    return this.parent?.line.knows(epoch, Math.min(changes, this.parent.changes)) === true;
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

  /** A message that was appended is not there more often than gateways were asked to publish it. */
  #checkCount(groupId: string, line: Line, seq: number, text: string): void {
    const { body } = entryOf(seq, fromBytes(text) as string);
    const asked = this.#fences.get(`${groupId} ${body}`)?.length ?? 0;
    const count = line.texts().filter((one) => one === text).length;
    if (count > asked) this.found(`${groupId}: ${body} is in the log ${count} times, and was published ${asked} times`);
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

  /** Whether the server that has one epoch can know that there was the other: what has named it was not lost. */
  isKnown(groupId: string, epoch: string, by: string): boolean {
    return this.lineOf(groupId, by)?.knows(epoch) === true;
  }

  /** A server has named an epoch. */
  named(lines: Lines, groupId: string, epoch: string, change: number): void {
    const line = lines.get(groupId) ?? new Line(undefined);
    lines.set(groupId, line);
    line.named(epoch, change);
    const known = this.lineOf(groupId, epoch);
    if (known === undefined) this.#epochs.set(`${groupId} ${epoch}`, line);
    else if (known !== line) this.found(`${groupId}: ${epoch} names two histories`);
  }

  appended(lines: Lines, groupId: string, epoch: string, seq: number, text: string, change: number): void {
    this.named(lines, groupId, epoch, change);
    const line = lines.get(groupId) as Line;
    if (seq !== line.head + 1) this.found(`${groupId}: ${seq} of ${epoch} comes after ${line.head}`);
    line.append(seq, text, change);
    this.#checkCount(groupId, line, seq, text);
  }

  /** The lines of a server that has what another one had written down, up to so many changes. */
  forked(lines: Lines, changes: number, isLeft: (groupId: string) => boolean): Lines {
    const left = [...lines].filter(([groupId]) => isLeft(groupId));
    return new Map(left.map(([groupId, line]) => [groupId, new Line({ line, upTo: line.headAt(changes), changes })]));
  }
}
