import type { Duplex } from 'node:stream';
import type { BrokerMessage, Clock, PublishedPosition } from 'gateway-core';
import { FrameReader } from './frame-reader.js';
import { FRAMES, type Frame, publishedFrame, readPublishFrame, readTextFrame, textFrame } from './messages.js';
import { Outbox } from './outbox.js';

/** What a link does for its worker. */
export interface LinkHandlers {
  /** Answers a call; what it throws is its failure. */
  call(name: string, args: unknown[]): unknown;
  publish(groupId: string, message: BrokerMessage): PublishedPosition;
  /** The socket has room again. */
  freed(): void;
  /** Nothing more comes, and nothing can be sent. */
  closed(error: Error | undefined): void;
}

/** The primary's end of the socket to one worker. */
export class WorkerLink {
  readonly #reader = new FrameReader();
  readonly #outbox: Outbox;
  #isFull = false;
  #isClosed = false;

  /** @param backlogBytesMax what may wait in the socket; beyond it the worker is full until half of it is gone. */
  constructor(
    private readonly socket: Duplex,
    clock: Clock,
    private readonly backlogBytesMax: number,
    private readonly handlers: LinkHandlers,
  ) {
    this.#outbox = new Outbox(socket, clock, () => this.#written());
    let cause: Error | undefined;
    socket.on('data', (chunk: Buffer) => {
      this.#reader.push(chunk);
      this.#read();
    });
    socket.on('error', (error) => {
      cause = error;
    });
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      this.#isClosed = true;
      handlers.closed(cause);
    });
  }

  /** It has more to take than it may: what can wait is not sent, and what it says is not read. */
  get isFull(): boolean {
    this.#isFull ||= this.#outbox.waitingBytes > this.backlogBytesMax;
    return this.#isFull;
  }

  send([bytesMax, write]: Frame): void {
    this.#outbox.add(bytesMax, write);
  }

  close(): void {
    this.#outbox.flush();
    this.socket.end();
  }

  #written(): void {
    if (!this.#isFull || this.#isClosed || this.#outbox.waitingBytes > this.backlogBytesMax / 2) return;
    this.#isFull = false;
    this.handlers.freed();
    this.#read();
  }

  /** An answer may be long, so each frame is read only when there is room for what it asks for. */
  #read(): void {
    try {
      while (!this.isFull && !this.#isClosed) {
        const frame = this.#reader.next();
        if (frame === undefined) break;
        this.#answer(frame);
      }
    } catch (error) {
      this.socket.destroy(error as Error);
      return;
    }
    if (this.#isFull) this.socket.pause();
    else this.socket.resume();
  }

  #answer(frame: Buffer): void {
    switch (frame[0]) {
      case FRAMES.publish: {
        const { id, groupId, message } = readPublishFrame(frame);
        this.#attempt(id, () => publishedFrame(id, this.handlers.publish(groupId, message)));
        return;
      }
      case FRAMES.call: {
        const { id, text } = readTextFrame(frame);
        const [name, ...args] = JSON.parse(text) as [string, ...unknown[]];
        // JSON has no `undefined`; nobody is asked for anything with `null`.
        const asked = args.map((argument) => argument ?? undefined);
        this.#attempt(id, () => textFrame(FRAMES.answer, id, JSON.stringify(this.handlers.call(name, asked)) ?? ''));
        return;
      }
      default:
        throw new Error(`a frame of kind ${frame[0]}`);
    }
  }

  #attempt(id: number, answer: () => Frame): void {
    let frame: Frame;
    try {
      frame = answer();
    } catch (error) {
      frame = textFrame(FRAMES.failure, id, (error as Error).message);
    }
    if (id !== 0) this.send(frame);
  }
}
