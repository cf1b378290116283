import { type DecodeLimits, decode, ERROR_CODES, type IncomingFromClient } from 'gateway-protocol';
import { type Accepted, ackText, errorFrame, type Refusal } from './answers.js';
import type { Connection } from './connection.js';
import { END_CAUSES, type EndCause } from './end-causes.js';
import type { Handler, HandlerContext, MessageTexts, UnderWay } from './handlers/context.js';
import { dataUpdate } from './handlers/data-update.js';
import { heartbeat } from './handlers/heartbeat.js';
import { identify } from './handlers/identify.js';
import { join } from './handlers/join.js';
import { leave } from './handlers/leave.js';
import { presence } from './handlers/presence.js';
import { spanOf, traced } from './handlers/traced.js';
import type { Limits } from './limits.js';
import { isPromise, type MaybePromise } from './maybe-promise.js';
import { RateLimit } from './rate-limit.js';
import { Turns } from './turns.js';

/** One handler for each signal of each dialect. Which one a connection speaks is chosen by its first `identify`. */
const dialect1 = { identify, heartbeat, data_update: dataUpdate } satisfies HandlerTable;
const dialect2 = { ...dialect1, join, leave, presence } satisfies HandlerTable;
type HandlerTable = { [Type in IncomingFromClient['type']]?: Handler<Type> };

/** Signals that need no `identify` before them. */
const BEFORE_IDENTIFY: ReadonlySet<string> = new Set(['identify', 'heartbeat']);
/** Signals that change who is where: each costs hooks, stores and everybody's presence, so they have a rate of their own. */
const JOINING: ReadonlySet<string> = new Set(['identify', 'join']);
/** Those that change where the connection speaks: what it has said before is answered first. */
const MOVING: ReadonlySet<string> = new Set(['identify', 'join', 'leave']);
/** What a ping or pong counts in bytes: its header and mask (RFC 6455 §5.2); its payload is 125 at most. */
const CONTROL_FRAME_BYTES = 6;

export interface RouterReport {
  /** Ends a connection whose refusal says so. */
  close: (connection: Connection, cause: EndCause) => void;
  /** A message was not accepted. */
  refused: (connection: Connection, refusal: Refusal) => void;
  failed: (error: unknown, where: string, about: { connectionId: string; traceId?: string }) => void;
}

/** Decides what becomes of a client's message: the rate, the contract, the connection's state, then the handler. */
export class Router {
  messagesIn = 0;
  bytesIn = 0;
  errorsSent = 0;
  readonly #turns: Turns;
  readonly #decodeLimits: DecodeLimits;
  readonly #messageRate: RateLimit;
  readonly #byteRate: RateLimit;
  readonly #joinRate: RateLimit;
  readonly #errorRate: RateLimit;

  constructor(
    private readonly context: HandlerContext,
    limits: Limits,
    private readonly report: RouterReport,
  ) {
    this.#turns = new Turns(limits, (connection, text) => this.#handle(connection, text));
    this.#decodeLimits = {
      jsonDepthMax: limits.jsonDepthMax,
      metadataBytesMax: limits.metadataBytesMax,
      presenceStateBytesMax: limits.presenceStateBytesMax,
    };
    this.#messageRate = new RateLimit(limits.messagesPerSecondMax, limits.messagesBurst);
    this.#byteRate = new RateLimit(limits.bytesPerSecondMax, limits.bytesBurst);
    this.#joinRate = new RateLimit(limits.joinsPerSecondMax, limits.joinsBurst);
    this.#errorRate = new RateLimit(limits.errorsPerSecondMax, limits.errorsBurst);
  }

  /** Takes the next message of a connection. Messages of one connection are handled one after the other, in order. */
  receive(connection: Connection, text: string, byteLength: number): void {
    this.messagesIn += 1;
    this.bytesIn += byteLength;
    // As it comes: what waited for its turn was sent before the token was.
    if (connection.unconfirmed && connection.member !== undefined) {
      connection.unconfirmed = false;
      this.context.resumes.confirm(connection.member);
    }
    // As it comes, not when it is handled: a read that is inflated can be a thousand times as long, and would all wait.
    const tooFast = this.#overRate(connection, byteLength);
    if (tooFast !== undefined) this.#refuse(connection, tooFast);
    else this.#turns.take(connection, text);
  }

  /** Counts a ping or pong, which is no message, against the connection's rate. */
  spend(connection: Connection): void {
    const refusal = this.#overRate(connection, CONTROL_FRAME_BYTES);
    if (refusal !== undefined) this.#refuse(connection, refusal);
  }

  /** Resolves when the messages that are being handled now are answered; clients that go on sending keep nobody waiting. */
  settled(): Promise<void> {
    return this.#turns.settled();
  }

  /** Answers a promise, which does not reject, where the next message has to wait. */
  #handle(connection: Connection, text: string): Promise<void> | undefined {
    const decoded = decode(text, this.#decodeLimits);
    if (!decoded.ok) {
      // It would be refused again.
      if (decoded.error.code === 'INVALID_IDENTIFY') connection.identifyRefused = true;
      this.#turns.answer(connection, () => this.#refuse(connection, decoded.error));
      return undefined;
    }
    const { message } = decoded;
    if (connection.unanswered !== undefined && MOVING.has(message.type))
      return this.#turns.untilAnswered(connection).then(() => this.#act(connection, message, decoded));
    return this.#act(connection, message, decoded);
  }

  #act(connection: Connection, message: IncomingFromClient, texts: MessageTexts): Promise<void> | undefined {
    const { expiresAt, sentence, live } = connection;
    if (!live) return undefined;
    if (sentence !== undefined || (expiresAt !== undefined && expiresAt <= this.context.clock.now())) {
      this.report.close(connection, sentence ?? END_CAUSES.expired);
      return undefined;
    }
    try {
      const outcome = this.#dispatch(connection, message, texts);
      if (isPromise(outcome)) {
        return outcome.then(
          (answer) => this.#answer(connection, message, answer),
          (error) => this.#turns.answer(connection, () => this.#failed(connection, message, error)),
        );
      }
      this.#answer(connection, message, outcome);
    } catch (error) {
      this.#turns.answer(connection, () => this.#failed(connection, message, error));
    }
    return undefined;
  }

  /** Answers in the order of the connection's messages. */
  #answer(connection: Connection, message: IncomingFromClient, answer: Refusal | Accepted | UnderWay | undefined): void {
    if (answer !== undefined && 'later' in answer) {
      const known = answer.later.then(
        (accepted) => () => this.#settle(connection, message, accepted),
        (error) => () => this.#failed(connection, message, error),
      );
      this.#turns.answerLater(connection, known, answer.length);
    } else if (connection.unanswered === undefined) this.#settle(connection, message, answer);
    else this.#turns.answer(connection, () => this.#settle(connection, message, answer));
  }

  #settle(connection: Connection, { type, id, traceId }: IncomingFromClient, answer: Refusal | Accepted | undefined): void {
    const refusal = answer === undefined || 'ack' in answer ? undefined : answer;
    if (refusal !== undefined) this.#refuse(connection, { ...refusal, inReplyTo: id, traceId });
    else if (answer !== undefined && 'ack' in answer && id !== undefined && connection.dialect === 2)
      connection.hold(ackText(this.context.clock.now(), id, answer.ack));
    if (type !== 'identify') return;
    connection.identifyRefused = refusal !== undefined && !ERROR_CODES[refusal.code].retryable;
    connection.arriving = undefined;
  }

  #failed(connection: Connection, { type, id: inReplyTo, traceId }: IncomingFromClient, error: unknown): void {
    this.report.failed(error, type, { connectionId: connection.connectionId, traceId });
    if (type === 'identify') {
      connection.identifyFrom = this.context.clock.monotonicMs();
      connection.arriving = undefined;
    }
    this.#refuse(connection, { code: 'INTERNAL', message: 'the gateway failed on this message', inReplyTo, traceId });
  }

  #dispatch(
    connection: Connection,
    message: IncomingFromClient,
    texts: MessageTexts,
  ): MaybePromise<Refusal | Accepted | UnderWay | undefined> {
    if (connection.state === 'open' && !BEFORE_IDENTIFY.has(message.type)) {
      return { code: 'NOT_IDENTIFIED', message: `type: identify before ${message.type}` };
    }
    if (JOINING.has(message.type)) {
      const tooFast = this.#overJoinRate(connection);
      if (tooFast !== undefined) return tooFast;
    }
    const handlers: HandlerTable = connection.dialect === 2 ? dialect2 : dialect1;
    const handler = handlers[message.type] as Handler<IncomingFromClient['type']> | undefined;
    if (handler === undefined) return { code: 'UNKNOWN_TYPE', message: `type: ${message.type} is of dialect "2"` };
    const { tracer } = this.context;
    const span = tracer && spanOf(tracer, connection, message);
    if (span === undefined) return handler(this.context, connection, message, texts);
    return traced(span, () => handler(this.context, connection, message, texts, span));
  }

  #overRate(connection: Connection, byteLength: number): Refusal | undefined {
    // When it was last heard is now.
    const { seenAt } = connection;
    // What it sent at its rate while it was not read from comes at once.
    const since = seenAt - Math.min(connection.unheardMs, this.context.timings.heartbeatTimeoutMs);
    const messagesFullAt = this.#messageRate.after(connection.messagesFullAt, 1, since);
    const bytesFullAt = this.#byteRate.after(connection.bytesFullAt, byteLength, since);
    if (Math.max(messagesFullAt, bytesFullAt) > seenAt) connection.unheardMs = 0;
    const retryAfterMs = Math.max(this.#messageRate.waitMs(messagesFullAt, seenAt), this.#byteRate.waitMs(bytesFullAt, seenAt));
    if (retryAfterMs > 0) return { code: 'RATE_LIMITED', message: 'too many messages or bytes', retryAfterMs };
    connection.messagesFullAt = messagesFullAt;
    connection.bytesFullAt = bytesFullAt;
    return undefined;
  }

  #overJoinRate(connection: Connection): Refusal | undefined {
    const now = this.context.clock.monotonicMs();
    const joinsFullAt = this.#joinRate.after(connection.joinsFullAt, 1, now);
    const retryAfterMs = this.#joinRate.waitMs(joinsFullAt, now);
    if (retryAfterMs > 0) return { code: 'RATE_LIMITED', message: 'too many identifies or joins', retryAfterMs };
    connection.joinsFullAt = joinsFullAt;
    return undefined;
  }

  /** Tells a client what was refused. */
  refuse(connection: Connection, refusal: Refusal): void {
    this.#refuse(connection, refusal);
  }

  #refuse(connection: Connection, refusal: Refusal): undefined {
    if (!connection.live) return undefined;
    this.errorsSent += 1;
    this.report.refused(connection, refusal);
    connection.answer(errorFrame(this.context.clock.now(), refusal));
    if (refusal.overtaken !== undefined) {
      const { memberId, generation } = refusal.overtaken;
      this.context.members.overtaken(memberId, generation + 1);
    }
    if (refusal.close !== undefined) {
      this.report.close(connection, refusal.close);
      return undefined;
    }
    // It is no fault of the client's, who may have many messages in flight and say each of them again.
    if (refusal.code === 'INTERNAL') return undefined;
    const now = this.context.clock.monotonicMs();
    const errorsFullAt = this.#errorRate.after(connection.errorsFullAt, 1, now);
    if (this.#errorRate.waitMs(errorsFullAt, now) === 0) {
      connection.errorsFullAt = errorsFullAt;
    } else {
      this.report.close(connection, refusal.code === 'RATE_LIMITED' ? END_CAUSES.rateLimited : END_CAUSES.tooManyErrors);
    }
    return undefined;
  }
}
