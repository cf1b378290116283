// What is measured: a gateway with everything on, and clients in memory. A switched build of it is made for each comparison.
import { type Clock, createGateway, type Gateway, systemClock, type Tracer } from 'gateway-core';
import { SinkSocket } from '../sink-socket.js';
import { SWITCH } from './switch.js';

/** What a gateway is made to do. */
export interface Load {
  groups: number;
  membersPerGroup: number;
  /** Messages that come in one turn of the event loop, and so are written together. */
  messagesPerTurn: number;
  /** Messages in one block; blocks with and without what is measured take turns. */
  messagesPerBlock: number;
}

/** A small one of the same kind: it shows that everything runs, and measures nothing. */
export function smallLoad({ groups, membersPerGroup, messagesPerTurn }: Load): Load {
  const [few, members] = [Math.ceil(groups / 50), Math.ceil(membersPerGroup / 50)];
  return { groups: few, membersPerGroup: members, messagesPerTurn, messagesPerBlock: messagesPerTurn };
}

class Client extends SinkSocket {
  constructor(readonly groupId: string) {
    super();
  }
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

const HOUR_MS = 3_600_000;
/** 128 bytes of JSON. */
const DATA = JSON.stringify('x'.repeat(126));
const TRACE = '0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331';

/** A gateway with its clients, in memory: nothing of what is measured is the kernel's. */
export class Subject {
  static readonly switch = SWITCH;
  readonly #tasks: (() => void)[] = [];
  readonly #publishers: { client: Client; plain: string; sampled: string }[] = [];
  readonly clients: Client[] = [];
  readonly gateway: Gateway;
  #next = 0;
  #count = 0;

  private constructor(
    private readonly load: Load,
    tracer: Tracer | undefined,
  ) {
    const clock: Clock = { ...systemClock, setImmediate: (task) => void this.#tasks.push(task) };
    this.gateway = createGateway({
      clock,
      tracer,
      // Everything is on and counted; publishers at full rate, and receivers that say nothing, are only not sent away.
      limits: { messagesPerSecondMax: 1e9, messagesBurst: 1e9, bytesPerSecondMax: 1e12, bytesBurst: 1e12 },
      timings: { heartbeatTimeoutMs: HOUR_MS },
    });
  }

  /** @param traced whether its messages have a `traceparent`. */
  static async open(load: Load, { traced = false, tracer }: { traced?: boolean; tracer?: Tracer | undefined }): Promise<Subject> {
    const subject = new Subject(load, tracer);
    for (let group = 0; group < load.groups; group += 1) {
      for (let member = 0; member < load.membersPerGroup; member += 1) subject.#join(`g${group}`, member, traced);
    }
    // What comes behind an identify waits for its promise.
    await nextTurn();
    subject.#endTurn();
    return subject;
  }

  #join(groupId: string, member: number, traced: boolean): void {
    const client = new Client(groupId);
    this.gateway.accept(client, { remoteAddress: `10.0.${this.clients.length >> 8}.${this.clients.length & 255}` });
    const identify = `{"type":"identify","payload":{"clientType":"app-client","groupId":"${groupId}"}}`;
    client.listener.message(identify, identify.length);
    this.clients.push(client);
    if (member > 0) return;
    const text = (flags: string) => {
      const traceparent = traced ? `"traceparent":"00-${TRACE}-${flags}",` : '';
      return `{"type":"data_update",${traceparent}"ts":1700000000000,"groupId":"${groupId}","payload":{"data":${DATA}}}`;
    };
    this.#publishers.push({ client, plain: text('00'), sampled: text('01') });
  }

  /** Has messages published, by one group after the other. @param sampledEvery one in so many is of a trace that is sampled. */
  async publish(messages: number, sampledEvery = Number.POSITIVE_INFINITY): Promise<void> {
    const { messagesPerTurn } = this.load;
    for (let left = messages; left > 0; left -= messagesPerTurn) {
      for (let n = Math.min(left, messagesPerTurn); n > 0; n -= 1) {
        const { client, plain, sampled } = this.#publishers[this.#next]!;
        this.#next = (this.#next + 1) % this.#publishers.length;
        this.#count += 1;
        client.listener.message(this.#count % sampledEvery === 0 ? sampled : plain, plain.length);
      }
      this.#endTurn();
      await nextTurn();
    }
  }

  /** Messages that were published so far. */
  get published(): number {
    return this.#count;
  }

  #endTurn(): void {
    for (let at = 0; at < this.#tasks.length; at += 1) this.#tasks[at]!();
    this.#tasks.length = 0;
  }
}
