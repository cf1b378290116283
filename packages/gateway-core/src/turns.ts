import type { Connection } from './connection.js';
import type { Limits } from './limits.js';
import { Unanswered } from './unanswered.js';

/**
 * The order of each connection's messages. They are handled one after the other; one whose answer comes later lets the next ones go on once
 * it has its place with whoever answers, and all are answered in their order.
 */
export class Turns {
  /** Handlers that need time, and answers that are still to come. */
  readonly #pending = new Set<Promise<void>>();

  constructor(
    private readonly limits: Limits,
    /** Handles a message. @returns a promise, which does not reject, where the next one has to wait. */
    private readonly handle: (connection: Connection, text: string) => Promise<void> | undefined,
  ) {}

  /** Takes the next message of a connection. */
  take(connection: Connection, text: string): void {
    if (!connection.busy) {
      this.#run(connection, text);
      return;
    }
    // Only what the transport had read already can still come: the inbox stays as short as one read.
    if (connection.inbox === undefined) {
      connection.inbox = { texts: [], next: 0 };
      connection.pause();
    }
    connection.inbox.texts.push(text);
  }

  /** Answers a message: at once, or behind those before it. */
  answer(connection: Connection, send: () => void): void {
    if (connection.unanswered === undefined) send();
    else connection.unanswered.add(send);
  }

  /**
   * Answers a message later.
   * @param answer resolves with what sends it; does not reject.
   * @param length characters that are held in memory until then.
   */
  answerLater(connection: Connection, answer: Promise<() => void>, length: number): void {
    connection.unanswered ??= new Unanswered(this.limits.publishesInFlightMax, this.limits.messageBytesMax);
    const { unanswered } = connection;
    const known = unanswered.reserve(length);
    this.#wait(
      answer.then((send) => {
        known(send);
        if (unanswered.isEmpty) connection.unanswered = undefined;
      }),
    );
  }

  /** Resolves when all messages before are answered. */
  async untilAnswered(connection: Connection): Promise<void> {
    while (connection.unanswered !== undefined) await connection.unanswered.untilNext();
  }

  /** Resolves when the handlers that are at work now have finished and their answers have left; clients that go on sending keep nobody waiting. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  /** Handles a message and those that came behind it, until one needs time. */
  #run(connection: Connection, text: string | undefined): void {
    // From here on, for a client without a network can answer before the handler has returned.
    connection.busy = true;
    for (let next = text; next !== undefined && connection.live; next = nextOf(connection)) {
      const pending = this.handle(connection, next);
      if (pending !== undefined) {
        this.#wait(pending);
        pending.then(() => this.#goOn(connection));
      }
      if (pending !== undefined || this.#waitsForRoom(connection)) {
        listenAgain(connection);
        return;
      }
    }
    connection.busy = false;
    listenAgain(connection);
  }

  #goOn(connection: Connection): void {
    if (!this.#waitsForRoom(connection)) this.#run(connection, nextOf(connection));
  }

  #waitsForRoom(connection: Connection): boolean {
    const { unanswered } = connection;
    if (unanswered === undefined || !unanswered.isFull) return false;
    unanswered.untilNext().then(() => this.#goOn(connection));
    return true;
  }

  #wait(pending: Promise<void>): void {
    this.#pending.add(pending);
    pending.then(() => this.#pending.delete(pending));
  }
}

/** Reads on where no message waits any more, or none counts. */
function listenAgain(connection: Connection): void {
  const { inbox, live } = connection;
  if (inbox === undefined || (live && inbox.next < inbox.texts.length)) return;
  connection.inbox = undefined;
  connection.resume();
}

/** The oldest message that waits. */
function nextOf({ inbox }: Connection): string | undefined {
  if (inbox === undefined) return undefined;
  inbox.next += 1;
  return inbox.texts[inbox.next - 1];
}
