import { randomUUID } from 'node:crypto';
import type { TimerHandle } from 'gateway-core';
import { closeAction, decodeGatewayMessage, type LogPosition, type OutgoingToClient2 } from 'gateway-protocol';
import { WebSocket } from 'ws';
import { Attempts } from './attempts.js';
import { Liveness } from './liveness.js';
import type { ConnectOptions } from './options.js';
import { Outbox, type Publish } from './outbox.js';
import { Pace } from './pace.js';
import { OPEN_TIMEOUT_MS, WIRE_PARTS, type WireParts } from './wire-parts.js';

/** After an error that says to be slower, and not for how long. */
const HOLD_MS = 500;

/** Why one is over that was asked to close. */
export const CLOSED = 'closed';

/** What a client that only shows what comes is told. */
export interface WireListener {
  /** An envelope came, `undefined` where its type is not known here; `text` is as it was sent. */
  received(envelope: OutgoingToClient2 | undefined, text: string): void;
  /** For people: what becomes of the connection. */
  note(text: string): void;
  /** It does not come back. */
  over(reason: string): void;
}

/** Speaks dialect 2 with nothing in between: every envelope is shown. Comes back and resumes, as PROTOCOL.md says. */
export class WireClient {
  #socket: WebSocket | undefined;
  #retry: TimerHandle;
  /** Why the connection was given up, or is lost. */
  #problem = '';
  #resumeToken: string | undefined;
  #leaving = false;
  #identified = false;
  readonly #attempts: Attempts;
  readonly #pace: Pace;
  readonly #outbox = new Outbox();
  readonly #liveness: Liveness;
  readonly positions = new Map<string, LogPosition | undefined>();
  memberId: string | undefined;
  /** Resolves when it is identified for the first time. */
  readonly online: Promise<void>;
  #cameOnline: () => void = () => {};

  constructor(
    private readonly options: ConnectOptions,
    private readonly listener: WireListener,
    private readonly parts: WireParts = WIRE_PARTS,
  ) {
    const { clock, random } = parts;
    this.#attempts = new Attempts(clock, random);
    this.#pace = new Pace(clock);
    this.#liveness = new Liveness(clock, {
      beat: () => void this.ping(),
      silent: (afterMs) => {
        this.#problem = `nothing was heard for ${afterMs / 1_000} s`;
        this.#cut();
      },
    });
    for (const group of options.groups) this.positions.set(group, undefined);
    this.online = new Promise((resolve) => {
      this.#cameOnline = resolve;
    });
  }

  /** The group that what is typed goes to. */
  get group(): string | undefined {
    return this.positions.keys().next().value;
  }

  connect(): void {
    const socket = this.parts.open(this.options.url);
    this.#socket = socket;
    this.#problem = '';
    socket.on('open', () => {
      this.#liveness.expect(OPEN_TIMEOUT_MS);
      this.#identify();
    });
    socket.on('message', (data) => this.#take(String(data)));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#problem = error.code ?? error.message;
    });
    socket.on('close', (code, reason) => this.#closed(code, this.#problem || String(reason)));
  }

  /** Sends an envelope. `false`: there is no connection. */
  send(envelope: object): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(envelope));
    return true;
  }

  /** A heartbeat. `false`: there is no connection. */
  ping(): boolean {
    return this.send({ type: 'heartbeat', ts: this.parts.clock.now() });
  }

  /** Resolves when the message is in the log, to nothing; or to why it is not, or nobody knows. */
  publish(data: unknown): Promise<string | undefined> {
    return this.#outbox.add(
      { type: 'data_update', groupId: this.group, payload: { data } },
      (publish) => void this.#send(publish),
    );
  }

  /** Reads no more for now. */
  pause(): void {
    this.#liveness.pause();
    this.#socket?.pause();
  }

  resume(): void {
    this.#liveness.resume();
    this.#socket?.resume();
  }

  join(group: string): void {
    this.positions.set(group, undefined);
    this.send({ type: 'join', id: randomUUID(), payload: { groupId: group } });
  }

  leave(group: string): void {
    this.positions.delete(group);
    this.send({ type: 'leave', id: randomUUID(), payload: { groupId: group } });
  }

  /** Loses the connection, and comes back. */
  drop(): void {
    this.#attempts.anew();
    this.#cut();
  }

  /** Closes with a code: 1000 leaves, with any other it may come back as who it was. */
  close(code = 1000): void {
    this.#leaving = true;
    this.parts.clock.clearTimeout(this.#retry);
    if (this.#socket === undefined || this.#socket.readyState === WebSocket.CLOSED) this.listener.over(CLOSED);
    else this.#socket.close(code);
  }

  /** Cuts it without a word, where closing takes too long. */
  terminate(): void {
    this.#leaving = true;
    this.#cut();
  }

  #cut(): void {
    this.#socket?.terminate();
  }

  #identify(): void {
    const { clientType, name, token } = this.options;
    const groups = Object.fromEntries([...this.positions].map(([group, position]) => [group, position ?? {}]));
    const metadata = name === undefined ? undefined : { name };
    this.send({
      type: 'identify',
      version: '2',
      payload: { clientType, metadata, token, resume: { token: this.#resumeToken, groups } },
    });
  }

  #take(text: string): void {
    const decoded = decodeGatewayMessage(text);
    if (!decoded.ok) {
      this.#end(`what answers there is no gateway (${decoded.error})`);
      this.terminate();
      return;
    }
    this.#liveness.heard();
    const envelope = decoded.message;
    switch (envelope?.type) {
      case 'ready':
        this.#ready(envelope.payload);
        break;
      case 'sync': {
        const { groupId, epoch, seq } = envelope.payload;
        this.positions.set(groupId, { epoch, seq });
        break;
      }
      case 'data_update': {
        const position = this.positions.get(envelope.groupId);
        if (position !== undefined) this.positions.set(envelope.groupId, { ...position, seq: envelope.seq });
        break;
      }
      case 'ack':
        this.#outbox.get(envelope.payload.id)?.settle();
        break;
      case 'error':
        this.#refused(envelope.payload);
        break;
    }
    this.listener.received(envelope, text);
  }

  #ready({ memberId, resumed, resume, heartbeat, limits }: Extract<OutgoingToClient2, { type: 'ready' }>['payload']): void {
    this.#liveness.start(heartbeat.intervalMs);
    if (memberId === undefined) return;
    this.#identified = true;
    this.memberId = memberId;
    this.#resumeToken = resume?.token;
    this.#pace.allow(limits ?? undefined);
    for (const publish of this.#outbox.values()) {
      // As the same member a message is accepted once, however often it is sent; as another one nobody knows whether it was.
      if (resumed === false && this.#attempts.hasBeenOnline) publish.settle('nobody knows whether it was accepted');
      else void this.#send(publish);
    }
    this.#attempts.succeeded();
    this.#cameOnline();
  }

  #refused({ inReplyTo, code, message, retryAfterMs }: Extract<OutgoingToClient2, { type: 'error' }>['payload']): void {
    if (code === 'RATE_LIMITED') {
      // Which message it was is not always said. All that are unanswered are sent again: what was accepted is answered as a duplicate.
      this.#pace.hold(retryAfterMs ?? HOLD_MS);
      for (const publish of this.#outbox.values()) void this.#send(publish);
    } else if (inReplyTo !== undefined) {
      this.#outbox.get(inReplyTo)?.settle(`${code}: ${message}`);
    }
  }

  /** In its turn, where it is still wanted and there is a connection; else it is sent after the next `ready`. */
  async #send(publish: Publish): Promise<void> {
    const socket = this.#socket;
    if (!this.#identified || publish.turnOn === socket) return;
    publish.turnOn = socket;
    await this.#pace.turn(Buffer.byteLength(publish.frame));
    if (publish.turnOn === socket) publish.turnOn = undefined;
    if (socket === this.#socket && this.#identified && this.#outbox.get(publish.id) === publish) socket?.send(publish.frame);
  }

  #closed(code: number, reason: string): void {
    this.#liveness.stop();
    this.#identified = false;
    const words = `${code}${reason === '' ? '' : ` ${reason}`}`;
    const next = this.#leaving ? CLOSED : this.#attempts.next(closeAction(code), this.options.url, words);
    if (typeof next === 'string') {
      this.#end(next);
      return;
    }
    this.listener.note(`closed ${words}, again in ${(next / 1_000).toFixed(1)} s`);
    this.#retry = this.parts.setTimeout(() => this.connect(), next);
  }

  #end(reason: string): void {
    for (const { settle } of this.#outbox.values()) settle(reason);
    this.listener.over(reason);
  }
}
