import { EventEmitter } from 'node:events';
import { FakeClock } from 'gateway-core/testing';
import type { WebSocket } from 'ws';
import type { ConnectOptions } from '../../src/connect/options.js';
import { WireClient } from '../../src/connect/wire-client.js';
import type { WireParts } from '../../src/connect/wire-parts.js';

export const OPTIONS: ConnectOptions = {
  url: 'ws://h/rt',
  groups: ['g'],
  clientType: 'app-client',
  name: undefined,
  token: undefined,
  waitMs: 0,
};

// biome-ignore lint/suspicious/noExplicitAny: parsed JSON, which each test compares.
type Envelope = { type: string; payload: any; id?: string; groupId?: string };

/** A socket of `ws` whose other end is the test. What comes while it is paused waits, as it does in the kernel. */
export class FakeSocket extends EventEmitter {
  readyState = 0;
  readonly sent: Envelope[] = [];
  readonly calls: string[] = [];
  readonly #held: string[] = [];
  isPaused = false;

  of(type: string): Envelope[] {
    return this.sent.filter((envelope) => envelope.type === type);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  pause(): void {
    this.isPaused = true;
    this.calls.push('pause');
  }

  resume(): void {
    this.isPaused = false;
    this.calls.push('resume');
    while (!this.isPaused && this.#held.length > 0) this.emit('message', this.#held.shift());
  }

  close(code: number): void {
    this.readyState = 2;
    this.calls.push(`close ${code}`);
  }

  terminate(): void {
    this.calls.push('terminate');
    this.over(1006);
  }

  /** Its handshake is done. */
  open(): void {
    this.readyState = 1;
    this.emit('open');
  }

  /** It has closed. */
  over(code: number, reason = ''): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.emit('close', code, Buffer.from(reason));
  }

  /** The gateway says this. */
  says(type: string, payload: object, more: object = {}): void {
    const text = JSON.stringify({ type, ts: 1, ...more, payload });
    if (this.isPaused) this.#held.push(text);
    else this.emit('message', text);
  }

  ready(more: object = {}): void {
    const payload = {
      connectionId: 'c',
      memberId: 'm',
      resume: { token: 'resume-1', ttlMs: 1 },
      heartbeat: { intervalMs: 3_600_000, timeoutMs: 9_000_000 },
      ...more,
    };
    this.says('ready', payload);
  }

  /** Is open, and says who the client is. */
  answers(more: object = {}): void {
    this.open();
    this.ready({ resumed: false, ...more });
  }
}

/** Time and a network that a test plays. */
export class FakeWire {
  readonly clock = new FakeClock();
  readonly sockets: FakeSocket[] = [];
  random = 1;

  readonly parts: WireParts = {
    clock: this.clock,
    setTimeout: (task, delayMs) => this.clock.setTimeout(task, delayMs),
    open: () => {
      const socket = new FakeSocket();
      this.sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    random: () => this.random,
  };

  /** The newest socket. */
  get socket(): FakeSocket {
    return this.sockets.at(-1)!;
  }
}

/** A client on such a network, and what it told. */
export function wired(options: Partial<ConnectOptions> = {}) {
  const wire = new FakeWire();
  const said: string[] = [];
  const listener = {
    received: () => {},
    note: (text: string) => void said.push(text),
    over: (reason: string) => void said.push(`over: ${reason}`),
  };
  const client = new WireClient({ ...OPTIONS, ...options }, listener, wire.parts);
  client.connect();
  return { wire, said, client };
}
