import type { Duplex } from 'node:stream';
import type { BrokerEntry, BrokerMessage, Clock, LogPosition, PublishedPosition, ResetReason } from 'gateway-core';
import { FrameReader } from './frame-reader.js';
import {
  FRAMES,
  type Frame,
  publishFrame,
  readEntryFrame,
  readPublishedFrame,
  readResetFrame,
  readTextFrame,
  textFrame,
} from './messages.js';
import { Outbox } from './outbox.js';

/** What the primary tells by itself. */
export interface Told {
  entry(topic: number, entry: BrokerEntry): void;
  reset(topic: number, position: LogPosition, reason: ResetReason | undefined): void;
  /** The presence of these groups has changed. */
  changed(groupIds: readonly string[]): void;
  replaced(nodeId: string, memberId: string, generation: number): void;
}

interface Call {
  answered(value: unknown): void;
  failed(error: Error): void;
}

/** A worker's end of the socket to the primary. */
export class PrimaryLink {
  readonly #reader = new FrameReader();
  readonly #outbox: Outbox;
  /** Without an answer yet, by id. */
  readonly #calls = new Map<number, Call>();
  #lastId = 0;
  #closed: Error | undefined;
  #told: Told | undefined;

  /** @param closed is told when the socket has closed, for whatever reason. */
  constructor(
    private readonly socket: Duplex,
    clock: Clock,
    private readonly waitingBytesMax: number,
    closed: (error: Error | undefined) => void,
  ) {
    this.#outbox = new Outbox(socket, clock);
    let cause: Error | undefined;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', (error) => {
      cause = error;
    });
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      this.#closed = new Error('the primary process is gone');
      for (const call of this.#calls.values()) call.failed(this.#closed);
      this.#calls.clear();
      closed(cause);
    });
  }

  listen(told: Told): void {
    this.#told = told;
  }

  /**
   * Calls take effect in the order in which they are made.
   * @param answered is given the answer in the step in which it comes, before anything that was told after it.
   */
  call<T>(name: string, args: readonly unknown[], answered: (value: T) => T = (value) => value): Promise<T> {
    return this.#ask((id) => textFrame(FRAMES.call, id, JSON.stringify([name, ...args])), answered);
  }

  publish(groupId: string, message: BrokerMessage): Promise<PublishedPosition> {
    return this.#ask((id) => publishFrame(id, groupId, message));
  }

  /** A call whose answer nobody waits for. */
  tell(name: string, args: readonly unknown[] = []): void {
    if (this.#closed === undefined) this.#outbox.add(...textFrame(FRAMES.call, 0, JSON.stringify([name, ...args])));
  }

  close(): void {
    this.#outbox.flush();
    this.socket.end();
  }

  #ask<T>(frame: (id: number) => Frame, answered: (value: T) => T = (value) => value): Promise<T> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    if (this.#outbox.waitingBytes > this.waitingBytesMax)
      return Promise.reject(new Error('the primary process does not keep up'));
    return new Promise((resolve, reject) => {
      const id = this.#nextId();
      this.#calls.set(id, { answered: (value) => resolve(answered(value as T)), failed: reject });
      this.#outbox.add(...frame(id));
    });
  }

  /** 0 is nobody's. */
  #nextId(): number {
    do this.#lastId = (this.#lastId + 1) >>> 0;
    while (this.#lastId === 0 || this.#calls.has(this.#lastId));
    return this.#lastId;
  }

  #read(chunk: Buffer): void {
    this.#reader.push(chunk);
    try {
      for (let frame = this.#reader.next(); frame !== undefined; frame = this.#reader.next()) this.#take(frame);
    } catch (error) {
      this.socket.destroy(error as Error);
    }
  }

  #take(frame: Buffer): void {
    switch (frame[0]) {
      case FRAMES.entry: {
        const { topic, entry } = readEntryFrame(frame);
        this.#told?.entry(topic, entry);
        return;
      }
      case FRAMES.published: {
        const { id, position } = readPublishedFrame(frame);
        this.#settled(id)?.answered(position);
        return;
      }
      case FRAMES.answer: {
        const { id, text } = readTextFrame(frame);
        this.#settled(id)?.answered(text === '' ? undefined : JSON.parse(text));
        return;
      }
      case FRAMES.failure: {
        const { id, text } = readTextFrame(frame);
        this.#settled(id)?.failed(new Error(text));
        return;
      }
      case FRAMES.reset: {
        const { topic, position, reason } = readResetFrame(frame);
        this.#told?.reset(topic, position, reason);
        return;
      }
      case FRAMES.changed:
        this.#told?.changed(JSON.parse(readTextFrame(frame).text));
        return;
      case FRAMES.replaced:
        this.#told?.replaced(...(JSON.parse(readTextFrame(frame).text) as [string, string, number]));
        return;
      default:
        throw new Error(`a frame of kind ${frame[0]}`);
    }
  }

  #settled(id: number): Call | undefined {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    return call;
  }
}
