import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Client, type ClientContext } from '../../src/bench/generator/client.js';
import { enter } from '../../src/bench/generator/fleet.js';
import { gatewayDialect } from '../../src/bench/generator/gateway-dialect.js';
import { Ledger } from '../../src/bench/generator/ledger.js';
import { Meter } from '../../src/bench/generator/meter.js';
import { Publisher } from '../../src/bench/generator/publisher.js';
import { Servers } from './servers.js';

const servers = new Servers();

let faults: string[];
let ledger: Ledger;
let host: Client;
let client: Client;
let publisher: Publisher;

beforeEach(async () => {
  const { port } = await servers.gateway();
  faults = [];
  ledger = new Ledger('g', 64);
  const dialect = gatewayDialect({ version: '2', acks: true });
  const context: ClientContext = {
    target: { host: '127.0.0.1', port, path: '/rt' },
    dialect,
    meter: new Meter(),
    onFault: ({ kind }) => faults.push(kind),
  };
  host = new Client(context, [ledger]);
  client = new Client(context, [ledger], { resumes: true });
  await enter(host);
  await enter(client);
  publisher = new Publisher(host, ledger, dialect, 64);
});

afterEach(async () => {
  // First: a gateway that closes waits for clients to go.
  for (const each of [host, client]) each.leave();
  await servers.close();
});

/** Publishes so many, and waits until the publisher has them. */
async function publish(count: number): Promise<void> {
  for (let n = 0; n < count; n++) publisher.publish(0);
  publisher.flush();
  await host.until(ledger.sent);
}

describe('a client that resumes', () => {
  test('comes back as the member that it was, and gets what it missed, once and in order', async () => {
    await publish(2);
    await client.until(2);
    for (const missed of [3, 4]) {
      client.leave();
      expect(client.isConnected).toBe(false);
      await publish(missed);
      await enter(client);
      await client.until(ledger.sent);
      await publish(1);
      await client.until(ledger.sent);
    }
    expect(client.standing).toMatchObject({ returns: 2, recovered: true, position: 11 });
    expect(client.receipts).toMatchObject({ received: 11, lost: 0, late: 0, repeated: 0, outstanding: 0 });
    expect({ faults, completed: ledger.completed }).toEqual({ faults: [], completed: 11 });
  });

  test('counts what it missed as lost where it does not say where it stood', async () => {
    await publish(1);
    await client.until(1);
    client.leave();
    await publish(3);
    Object.assign(client.standing ?? {}, { token: undefined });
    await enter(client);
    await publish(1);
    await client.until(5);
    expect(client.standing?.returns).toBe(0);
    expect(client.receipts).toMatchObject({ received: 2, lost: 3 });
    expect(faults).toEqual(['lost']);
  });
});

test('each message of an acknowledging dialect has an id of its own, and its ack is counted', async () => {
  await publish(3);
  // An ack leaves before its message.
  expect([host.acks, client.acks]).toEqual([3, 0]);
});
