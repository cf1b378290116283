import { WireClient } from '../infra/wire-client.js';
import type { Machine } from './machine.js';
import type { Registry } from './registry.js';
import { NAME } from './substitutes.js';

/** The machine, and who is outside of it. */
export class World {
  /** What the commands of the section have printed. */
  said = '';
  /** A client that was there before the section began. */
  witness: WireClient | undefined;
  readonly #ports = new Map<number, Promise<number>>();

  constructor(
    readonly machine: Machine,
    readonly registry: Registry,
  ) {}

  /** A port here that leads to one of the machine, from outside. */
  port(port: number): Promise<number> {
    const known = this.#ports.get(port) ?? this.machine.forward(port);
    this.#ports.set(port, known);
    return known;
  }

  /** Starts the machine anew. */
  async restart(): Promise<void> {
    await this.machine.restart();
    this.#ports.clear();
  }

  /** What the machine trusts. */
  async authorities(): Promise<string> {
    return this.machine.must('cat /etc/ssl/certs/ca-certificates.crt');
  }

  /** A client from outside, which has said who it is. */
  async client(token?: string): Promise<WireClient> {
    const options = { ca: await this.authorities(), servername: NAME, headers: { host: NAME } };
    const client = new WireClient(`wss://127.0.0.1:${await this.port(443)}/rt`, options);
    await client.next('ready');
    client.send({ type: 'identify', payload: { clientType: 'app-client', groupId: 'lobby', token } });
    return client;
  }

  /** The token that the page has made. */
  token(): Promise<string> {
    return this.machine.must('cat /etc/gateway/ada.token');
  }

  /** Asks Prometheus, Alertmanager or the gateway by their API. */
  async ask<T>(url: string): Promise<T> {
    return JSON.parse(await this.machine.must(`curl --silent --fail --globoff '${url}'`)) as T;
  }
}
