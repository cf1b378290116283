import type { MemoryWebSocket } from 'gateway-core/testing';
import { connect } from './connect.js';
import type { WireMessage } from './history.js';
import type { Caller, Network } from './network.js';
import { SimProcess } from './process.js';
import type { Surroundings } from './surroundings.js';

/** Somebody without our client: says what no client says, as often as nobody may, and with the tokens of others. */
export class Intruder implements Caller {
  readonly name = 'mallory';
  readonly handshake = 'connect';
  readonly process: SimProcess;
  #lives = 0;

  constructor(
    private readonly world: Surroundings,
    private readonly network: Network,
  ) {
    this.process = new SimProcess(this.name, world.schedule);
  }

  /** Says something once connected, and goes after a while. */
  say(text: string): void {
    const socket = this.#dial();
    this.#onceReady(socket, () => socket.send(text));
    this.#leaveAfter(socket, 2_000);
  }

  /** Sends messages at once, of a group that it is in. */
  flood(count: number, groupId: string): void {
    const socket = this.#dial();
    const life = this.#lives;
    this.#onceReady(socket, () => {
      socket.send(
        JSON.stringify({ type: 'identify', version: '2', payload: { clientType: 'app-client', groupId, token: 'mallory:0' } }),
      );
      for (let sent = 1; sent <= count; sent += 1) {
        const id = `mallory-${life}-${sent}`;
        socket.send(JSON.stringify({ type: 'data_update', id, groupId, payload: { data: { by: 'mallory', n: sent } } }));
      }
    });
    this.#leaveAfter(socket, 3_000);
  }

  /** Says only that it lives, and stays for as long as it may. */
  idle(): void {
    const socket = this.#dial();
    this.#onceReady(socket, () => socket.send('{"type":"heartbeat"}'));
  }

  /** Resumes as somebody, who may still be connected. */
  resume(resumeToken: string, token: string): void {
    const socket = this.#dial();
    this.#onceReady(socket, () => {
      const payload = { clientType: 'app-client', token, resume: { token: resumeToken } };
      socket.send(JSON.stringify({ type: 'identify', version: '2', payload }));
    });
    this.#leaveAfter(socket, 2_000);
  }

  #dial(): MemoryWebSocket {
    this.#lives += 1;
    return connect(this.world, this.network, this, `${this.name}.${this.#lives}`).socket;
  }

  #onceReady(socket: MemoryWebSocket, then: () => void): void {
    let isReady = false;
    socket.onmessage = ({ data }) => {
      if (isReady || (JSON.parse(data) as WireMessage).type !== 'ready') return;
      isReady = true;
      then();
    };
  }

  #leaveAfter(socket: MemoryWebSocket, ms: number): void {
    this.world.schedule.after(ms, () => socket.close(1000));
  }
}
