import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import type { WebSocket, WebSocketServer } from 'ws';
import { Client, type ClientContext } from '../../src/bench/generator/client.js';
import { ClosedLoop } from '../../src/bench/generator/closed-loop.js';
import { Fleet } from '../../src/bench/generator/fleet.js';
import { gatewayDialect } from '../../src/bench/generator/gateway-dialect.js';
import { keepAlive } from '../../src/bench/generator/keep-alive.js';
import { Ledger } from '../../src/bench/generator/ledger.js';
import { Meter } from '../../src/bench/generator/meter.js';
import { type ContractServerOptions, startContractServer } from './contract-server.js';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function serve(
  options: ContractServerOptions = {},
): Promise<ClientContext & { faults: string[]; sockets: WebSocketServer }> {
  const { port, sockets, close } = await startContractServer(options);
  closers.push(close);
  const faults: string[] = [];
  const target = { host: '127.0.0.1', port, path: '/', tls: options.tls && PSK_CLIENT };
  return {
    target,
    dialect: gatewayDialect(),
    meter: new Meter(),
    onFault: ({ message }) => faults.push(message),
    faults,
    sockets,
  };
}

/** TLS with a shared key (RFC 4279): no certificate has to be made. */
const psk = Buffer.alloc(16, 'shared');
const PSK = { ciphers: 'PSK-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' } as const;
const PSK_SERVER = { ...PSK, pskCallback: () => psk };
const PSK_CLIENT = { ...PSK, pskCallback: () => ({ psk, identity: 'bench' }), checkServerIdentity: () => undefined };

const SHAPE = { groups: 1, connections: 3, dataBytes: 500, inFlightMax: 8, groupPrefix: 'g' };

async function publish(context: ClientContext, messages: number): Promise<Fleet> {
  const fleet = new Fleet(context, SHAPE);
  closers.push(() => fleet.drop());
  await fleet.open();
  await new ClosedLoop(fleet.publishers(), 8).run({ messages });
  return fleet;
}

describe('clients on real sockets', () => {
  test.each([
    ['plain TCP', undefined],
    ['TLS', PSK_SERVER],
  ])('receive every message over %s', async (_name, tls) => {
    const context = await serve({ tls });
    const fleet = await publish(context, 100);
    expect({ received: fleet.received, faults: context.faults }).toEqual({ received: 300, faults: [] });
  });

  test('notice a message that a server lost on the way to one of them', async () => {
    const context = await serve({ spoil: (number, data) => (number === 4 ? [] : [data]) });
    await publish(context, 10);
    expect(context.faults).toEqual([expect.stringMatching(/^message 5 where message 4 of \d+ was due in g0$/)]);
  });

  test('notice a message that a server sent twice to one of them', async () => {
    const context = await serve({ spoil: (number, data) => (number === 4 ? [data, data] : [data]) });
    await publish(context, 10);
    expect(context.faults).toEqual([expect.stringMatching(/^message 4 where message 5 of \d+ was due in g0$/)]);
  });

  test('answer pings and send heartbeats', async () => {
    const context = await serve();
    const connected = once(context.sockets, 'connection') as Promise<[WebSocket]>;
    const client = new Client(context, [new Ledger('g', 1)]);
    closers.push(() => client.leave());
    await client.connect();
    const [socket] = await connected;
    const pong = once(socket, 'pong');
    socket.ping('are you there?');
    expect(String((await pong)[0])).toBe('are you there?');
    await client.join();
    const heard = once(socket, 'message');
    closers.push(keepAlive([client], '{"type":"heartbeat"}', 1));
    expect(String((await heard)[0])).toBe('{"type":"heartbeat"}');
  });

  test('say goodbye with the code that they are given', async () => {
    const context = await serve();
    const connected = once(context.sockets, 'connection') as Promise<[WebSocket]>;
    const client = new Client(context, [new Ledger('g', 1)]);
    await client.connect();
    const [socket] = await connected;
    client.leave(1000);
    expect((await once(socket, 'close'))[0]).toBe(1000);
    expect(context.faults).toEqual([]);
  });

  test('fail to connect where nobody listens', async () => {
    const context = await serve();
    for (const close of closers.splice(0)) close();
    await expect(new Client(context, [new Ledger('g', 1)]).connect()).rejects.toThrow('ECONNREFUSED');
  });
});
