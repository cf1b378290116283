import type { Client } from './client.js';
import { type Dialect, ID } from './dialect.js';
import { frameInPlace, headerLength, OPCODE } from './frame-writer.js';
import type { Ledger } from './ledger.js';
import { dataOfSize, type Filling, findData, writeDigits, writeNumber } from './payload.js';

const ID_DIGITS = ID.length - 'm-'.length;

/** Publishes numbered messages to a group as one of its members: all of a turn in one write. */
export class Publisher {
  readonly ledger: Ledger;
  private readonly client: Client;
  private readonly template: Buffer;
  private readonly dataAt: number;
  /** Where the digits of its `id` end; -1 where it has none. */
  private readonly idEnd: number;
  private first = 0;
  private count = 0;

  /** `dataBytes`: size of each message's data. */
  constructor(client: Client, ledger: Ledger, dialect: Dialect, dataBytes: number, filling?: Filling) {
    this.client = client;
    this.ledger = ledger;
    this.template = Buffer.from(dialect.publication(ledger.group, dataOfSize(dataBytes, ledger.stream, filling)));
    this.dataAt = findData(this.template, 0, this.template.length, -1);
    const idAt = this.template.indexOf(`"${ID}"`);
    this.idEnd = idAt === -1 ? -1 : idAt + 1 + ID.length;
  }

  /** Whether there is a connection to publish through. */
  get isConnected(): boolean {
    return this.client.isMember;
  }

  /** Publishes one message, which leaves with {@link flush}; its latency counts from `at`. */
  publish(at: number): void {
    const number = this.ledger.publish(at);
    if (this.count++ === 0) this.first = number;
  }

  flush(): void {
    if (this.count === 0) return;
    const { length } = this.template;
    const header = headerLength(length);
    const frames = Buffer.allocUnsafe(this.count * (header + length));
    let offset = 0;
    for (let i = 0; i < this.count; i++) {
      this.template.copy(frames, offset + header);
      writeNumber(frames, offset + header + this.dataAt, this.first + i);
      if (this.idEnd !== -1) {
        const idEnd = offset + header + this.idEnd;
        writeDigits(frames, idEnd - ID_DIGITS, idEnd, this.first + i);
      }
      offset = frameInPlace(frames, offset, OPCODE.text, length);
    }
    this.count = 0;
    this.client.write(frames);
  }
}
