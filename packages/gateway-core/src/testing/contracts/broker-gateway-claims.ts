import assert from 'node:assert/strict';
import { createGateway } from '../../create-gateway.js';
import type { Gateway } from '../../gateway.js';
import { connectClient, type MemoryClient } from '../memory-client.js';
import type { BrokerClaims } from './broker-claims.js';
import { assertSame } from './contract.js';

const MESSAGES = 20;

async function joined(gateway: Gateway): Promise<MemoryClient> {
  const client = connectClient(gateway);
  client.send({ type: 'identify', payload: { clientType: 'app-client', groupId: 'g' } });
  // One `ready` on connecting, one when it is in the group.
  for (let readies = 0; readies < 2; ) if ((await client.next()).type === 'ready') readies += 1;
  return client;
}

async function updates(client: MemoryClient, count: number) {
  while (client.updates.length < count) await client.next();
  return client.updates.map(({ seq, from, payload }) => ({ seq, from, data: payload.data }));
}

/** What gateways that share a broker make of it. */
export const brokerGatewayClaims: BrokerClaims = {
  'the clients of two gateways see one order': async (broker, other) => {
    const gateways = [createGateway({ broker }), createGateway({ broker: other })];
    try {
      const clients = await Promise.all([...gateways, ...gateways].map(joined));
      for (let n = 0; n < MESSAGES; n += 1) {
        clients.forEach((client, index) => {
          client.send({ type: 'data_update', payload: { data: [index, n] } });
        });
        if (n % 5 === 0) await gateways[n % 2]?.publish('g', ['server', n]);
      }
      const total = clients.length * MESSAGES + MESSAGES / 5;
      const [first, ...others] = await Promise.all(clients.map((client) => updates(client, total)));
      assert.ok(first);
      for (const seen of others) assertSame(seen, first);
      assertSame(
        first.map(({ seq }) => seq),
        Array.from({ length: total }, (_, index) => index + 1),
      );
      clients.forEach((_, index) => {
        const said = first.flatMap(({ data }) => (Array.isArray(data) && data[0] === index ? [data[1]] : []));
        assertSame(
          said,
          Array.from({ length: MESSAGES }, (_, n) => n),
          `what client ${index} said, in its order`,
        );
      });
    } finally {
      await Promise.all(gateways.map((gateway) => gateway.close()));
    }
  },
};
