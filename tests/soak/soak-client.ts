import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { Account } from './account.js';
import type { Ledger } from './ledger.js';

/** Messages that wait for their ack at most. */
const WINDOW = 32;

export type Drop = 'rst' | 'fin' | 'silent';

/** A client of dialect 2 that sends, is dropped, comes back, sends again what was not acked, and keeps account of what it sees. */
export class SoakClient {
  readonly accounts = new Map<string, Account>();
  readonly resumed: boolean[] = [];
  #socket: WebSocket | undefined;
  #token: string | undefined;
  #memberId: string | undefined;
  #isIn = false;
  /** Not acked yet, in order. */
  readonly #waiting = new Map<string, { groupId: string; isSaid: boolean }>();
  #sent = 0;
  /** Sockets that it has left half open. */
  readonly #left: Socket[] = [];
  #comesBack: NodeJS.Timeout | undefined;

  constructor(
    private readonly url: string,
    readonly name: string,
    private readonly groupIds: readonly string[],
    private readonly ledger: Ledger,
    private readonly total: number,
  ) {
    for (const groupId of groupIds) this.accounts.set(groupId, new Account(name, groupId, ledger));
  }

  get isIn(): boolean {
    return this.#isIn;
  }

  get isDone(): boolean {
    return this.#sent === this.total && this.#waiting.size === 0;
  }

  connect(): void {
    this.#isIn = false;
    for (const account of this.accounts.values()) account.reconnected();
    for (const said of this.#waiting.values()) said.isSaid = false;
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('open', () => {
      const groups = Object.fromEntries([...this.accounts].map(([groupId, { since }]) => [groupId, since]));
      const payload = { clientType: 'app-client', token: this.name, resume: { token: this.#token, groups } };
      socket.send(JSON.stringify({ type: 'identify', version: '2', payload }));
    });
    socket.on('message', (bytes) => {
      // What comes on a socket that it has left is not read by anybody.
      if (socket === this.#socket) this.#take(JSON.parse(String(bytes)));
    });
    socket.on('close', (code) => {
      if (socket === this.#socket) this.#closed(code);
    });
  }

  /** Loses its connection in one of the ways in which connections are lost, and comes back after a while. */
  drop(how: Drop, afterMs: number): void {
    const socket = this.#socket as WebSocket & { _socket: Socket };
    this.#socket = undefined;
    this.#isIn = false;
    const tcp = socket._socket;
    if (how === 'rst') tcp.resetAndDestroy();
    else if (how === 'fin') tcp.destroy();
    else {
      tcp.pause();
      this.#left.push(tcp);
    }
    this.#comesBack = setTimeout(() => this.connect(), afterMs);
  }

  /** Says what its window allows. */
  sendSome(): void {
    while (
      this.#isIn &&
      [...this.accounts.values()].every(({ whole }) => whole) &&
      this.#sent < this.total &&
      this.#waiting.size < WINDOW
    ) {
      this.#sent += 1;
      const groupId = this.groupIds[this.#sent % this.groupIds.length] as string;
      this.#waiting.set(`${this.name}#${this.#sent}`, { groupId, isSaid: true });
      this.#say(groupId, `${this.name}#${this.#sent}`);
    }
  }

  leave(): void {
    clearTimeout(this.#comesBack);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
    for (const tcp of this.#left) tcp.destroy();
  }

  #say(groupId: string, id: string): void {
    this.#socket?.send(JSON.stringify({ type: 'data_update', groupId, id, payload: { data: { id, text: 'x'.repeat(40) } } }));
  }

  // biome-ignore lint/suspicious/noExplicitAny: it reads what a frame holds, whatever that is
  #take({ type, groupId, seq, id, payload }: any): void {
    const account = this.accounts.get(groupId);
    if (type === 'data_update' || type === 'sync' || type === 'gap') {
      if (account === undefined) this.ledger.fault(`${this.name} heard ${groupId}, where it is not`);
      else if (type === 'data_update') {
        account.message(seq, id);
        // Its own: as good as an ack.
        this.#waiting.delete(id);
      } else if (type === 'sync') {
        account.sync(payload);
        this.#synced(groupId);
      } else account.gap(payload.from, payload.to);
    } else if (type === 'ready' && payload.resume !== undefined) this.#ready(payload);
    else if (type === 'ack') {
      const said = this.#waiting.get(payload.id);
      if (said !== undefined) this.ledger.note(said.groupId, payload.epoch, payload.seq, payload.id);
      this.#waiting.delete(payload.id);
      this.sendSome();
    } else if (type === 'error') this.ledger.fault(`${this.name} was told ${JSON.stringify(payload)}`);
  }

  #ready({ memberId, resumed, resume }: { memberId: string; resumed: boolean; resume: { token: string } }): void {
    if (this.#token !== undefined && (!resumed || memberId !== this.#memberId))
      this.ledger.fault(`${this.name} came back as somebody else`);
    this.resumed.push(resumed);
    this.#memberId = memberId;
    this.#token = resume.token;
    this.#isIn = true;
    this.sendSome();
  }

  /** What of its own was not in the replay was not accepted: it says that again, before anything new. */
  #synced(groupId: string): void {
    for (const [id, said] of this.#waiting) {
      if (said.groupId !== groupId || said.isSaid) continue;
      said.isSaid = true;
      this.#say(groupId, id);
    }
    this.sendSome();
  }

  #closed(code: number): void {
    this.#isIn = false;
    // Too slow for a moment: it comes back like after any other drop.
    if (code === 4203 || code === 1006 || code === 4200) this.connect();
    else this.ledger.fault(`${this.name} was closed with ${code}`);
  }
}
