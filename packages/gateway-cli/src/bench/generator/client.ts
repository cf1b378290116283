import { type Dialect, FRAME, type FrameKind } from './dialect.js';
import { Fault } from './fault.js';
import { FrameReader, type FrameSink } from './frame-reader.js';
import { encodeFrame, OPCODE } from './frame-writer.js';
import type { Target } from './handshake.js';
import type { Inflater } from './inflater.js';
import type { Ledger } from './ledger.js';
import type { Meter } from './meter.js';
import { DATA_BYTES_MIN, findData, isWhole, readNumber, readSize, readStream } from './payload.js';
import { RawSocket, type RawSocketEvents } from './raw-socket.js';
import { Receipts } from './receipts.js';
import { newStanding, type Standing } from './standing.js';

/** What the clients of one run share. */
export interface ClientContext {
  target: Target;
  dialect: Dialect;
  meter: Meter;
  /** Given where messages may come compressed; the target's headers are to offer it. */
  inflater?: Inflater | undefined;
  /** Called with whatever goes wrong after a client has joined; before, {@link Client.connect} and {@link Client.join} reject. */
  onFault(fault: Fault, client: Client): void;
  /** Called with the JSON text of every `ready`. */
  onReady?(text: string): void;
}

/** One member of a group: joins, counts what it gets, and checks that every message comes once and in order. */
export class Client implements RawSocketEvents, FrameSink {
  readonly receipts: Receipts;
  /** Presence updates received. */
  presence = 0;
  gaps = 0;
  /** Publications of its own that were acknowledged. */
  acks = 0;
  /** Code of the server's close frame. */
  closeCode: number | undefined;
  /** A lossy member may miss messages; nobody waits for it, and it has no part in the meter. */
  readonly lossy: boolean;
  /** Of a client that resumes: when its connection ends it still awaits every message, and `connect` and `join` bring it back. */
  readonly standing: Standing | undefined;
  private readonly context: ClientContext;
  private readonly ledgers: readonly Ledger[];
  private readonly group: string;
  private reader: FrameReader;
  private socket: RawSocket | undefined;
  private readyFrames = 0;
  /** Where in the last frame the data was: nearly always where it is in this one. */
  private dataAt = 0;
  private dataBytes = DATA_BYTES_MIN;
  private joined = false;
  private leaving = false;
  /** Of the step that somebody waits for. */
  private settle: { resolve(): void; reject(fault: Fault): void } | undefined;
  /** What went wrong before it joined, while nobody waited. */
  private early: Fault | undefined;
  /** Somebody waits until it has the first publisher's messages up to and without this one. */
  private goal: { number: number; reached(): void } | undefined;

  /** `ledgers`: those of the publishers of its group, of which there is at least one. */
  constructor(context: ClientContext, ledgers: readonly Ledger[], { lossy = false, resumes = false } = {}) {
    this.context = context;
    this.reader = new FrameReader(this, context.inflater);
    this.ledgers = ledgers;
    this.group = ledgers[0]!.group;
    this.receipts = new Receipts(ledgers);
    this.lossy = lossy;
    this.standing = resumes ? newStanding() : undefined;
  }

  /** Connects; resolves after the upgrade. @throws Fault when it fails. */
  connect(): Promise<void> {
    this.reader = new FrameReader(this, this.context.inflater);
    this.readyFrames = 0;
    this.leaving = false;
    this.closeCode = undefined;
    this.socket = new RawSocket(this.context.target, this);
    return this.settled();
  }

  /** Becomes a member of its group; resolves when the server has said so. @throws Fault when it says no, or is gone. */
  join(): Promise<void> {
    const text = this.context.dialect.join(this.group, this.standing);
    if (text !== undefined) this.send(text);
    return this.settled();
  }

  /** Resolves when it has the messages of its group's first publisher up to and without `number`, or has passed them over. */
  until(number: number): Promise<void> {
    if (this.receipts.dueOf(0) >= number) return Promise.resolve();
    return new Promise((reached) => {
      this.goal = { number, reached };
    });
  }

  get isConnected(): boolean {
    return this.socket !== undefined;
  }

  /** Whether it is connected and a member of its group. */
  get isMember(): boolean {
    return this.receipts.isMember;
  }

  /** Whether it is a member, has every message that was published since it joined, and lost none. */
  get isCurrent(): boolean {
    return this.isMember && this.receipts.outstanding === 0 && this.receipts.lost === 0;
  }

  send(text: string): void {
    this.socket?.write(encodeFrame(OPCODE.text, text));
  }

  write(frames: Buffer): void {
    this.socket?.write(frames);
  }

  pause(): void {
    this.socket?.pause();
  }

  resume(): void {
    this.socket?.resume();
  }

  /** Says goodbye with `code`, or without one drops the connection. */
  leave(code?: number): void {
    this.leaving = true;
    if (code === undefined) this.socket?.destroy();
    else this.socket?.close(code);
  }

  onOpen(): void {
    this.settle?.resolve();
  }

  onBytes(buffer: Buffer, length: number): void {
    const { meter } = this.context;
    meter.now = performance.now();
    meter.bytes += length;
    this.reader.push(buffer, length);
  }

  onFrame(opcode: number, buffer: Buffer, start: number, end: number): void {
    if (opcode !== OPCODE.text) {
      this.onControl(opcode, buffer, start, end);
      return;
    }
    const kind = this.context.dialect.classify(buffer, start, end);
    if (this.standing !== undefined) this.context.dialect.note?.(this.standing, kind, buffer, start, end);
    if (kind === FRAME.data) this.onData(buffer, start, end);
    else this.onSignal(kind, buffer, start, end);
  }

  onEnd(reason: Error): void {
    this.socket = undefined;
    if (this.standing === undefined) this.receipts.leave(!this.lossy);
    const message = this.closeCode === undefined ? reason.message : `closed by the server with ${this.closeCode}`;
    if (!this.leaving || this.settle !== undefined) this.fail(new Fault('ended', message));
  }

  private onData(buffer: Buffer, start: number, end: number): void {
    const at = findData(buffer, start, end, start + this.dataAt);
    this.dataAt = at - start;
    const good = at !== -1 && this.isWhole(buffer, at, end);
    const stream = good ? readStream(buffer, at) : -1;
    const number = good ? readNumber(buffer, at) : -1;
    if (!this.receipts.takeDue(stream, number) && !this.takeOther(stream, number)) return;
    if (!this.lossy) this.context.meter.record(this.ledgers[stream]!.arrived(number));
    if (this.goal !== undefined) this.checkGoal(this.goal);
  }

  private checkGoal({ number, reached }: { number: number; reached(): void }): void {
    if (this.receipts.dueOf(0) < number) return;
    this.goal = undefined;
    reached();
  }

  private isWhole(buffer: Buffer, at: number, end: number): boolean {
    if (isWhole(buffer, at, end, this.dataBytes)) return true;
    this.dataBytes = readSize(buffer, at);
    return this.dataBytes >= DATA_BYTES_MIN && isWhole(buffer, at, end, this.dataBytes);
  }

  /** Says what is wrong; true when the message itself is good and others before it are missing. */
  private takeOther(stream: number, number: number): boolean {
    const due = this.receipts.dueOf(stream);
    const kind = this.receipts.takeOther(stream, number);
    if (!this.lossy) {
      const ledger = this.ledgers[stream];
      if (kind === 'lost') ledger?.missed(due, number);
      const problem = ledger === undefined ? 'mangled data' : `message ${number} where message ${due} of ${ledger.sent} was due`;
      this.fail(new Fault(kind, `${problem} in ${this.group}`));
    }
    return kind === 'lost' && this.receipts.takeDue(stream, number);
  }

  private onSignal(kind: FrameKind, buffer: Buffer, start: number, end: number): void {
    if (kind === FRAME.presence) this.presence++;
    else if (kind === FRAME.ready) this.onReady(buffer, start, end);
    else if (kind === FRAME.gap) this.gaps++;
    else if (kind === FRAME.ack) this.acks++;
    else if (kind === FRAME.error) this.fail(new Fault('refused', `the server said ${buffer.toString('utf8', start, end)}`));
    const answer = this.context.dialect.answer(kind, this.group, this.standing);
    if (answer !== undefined) this.send(answer);
  }

  private onReady(buffer: Buffer, start: number, end: number): void {
    this.context.onReady?.(buffer.toString('utf8', start, end));
    if (++this.readyFrames !== this.context.dialect.readyFrames) return;
    this.joined = true;
    if (!this.receipts.isMember) this.receipts.enter(!this.lossy);
    this.settle?.resolve();
  }

  /** Until it has joined, whoever waits for that is told; then the run is. */
  private fail(fault: Fault): void {
    if (this.settle !== undefined) this.settle.reject(fault);
    else if (!this.joined) this.early ??= fault;
    else if (!this.lossy) this.context.onFault(fault, this);
  }

  private onControl(opcode: number, buffer: Buffer, start: number, end: number): void {
    if (opcode === OPCODE.ping) {
      this.socket?.write(encodeFrame(OPCODE.pong, Buffer.from(buffer.subarray(start, end))));
    } else if (opcode === OPCODE.close) {
      this.closeCode = end - start >= 2 ? buffer.readUInt16BE(start) : 1005;
      if (!this.leaving) this.socket?.close(this.closeCode);
    }
  }

  private settled(): Promise<void> {
    if (this.early !== undefined) return Promise.reject(this.early);
    return new Promise((resolve, reject) => {
      // At once, not when the promise's handlers run: what goes wrong in the same turn is not this step's any more.
      const end = (settle: () => void) => {
        this.settle = undefined;
        settle();
      };
      this.settle = { resolve: () => end(resolve), reject: (fault) => end(() => reject(fault)) };
    });
  }
}
