import { once } from 'node:events';
import { createServer } from 'node:https';
import { createGateway } from 'gateway-core';

/** A gateway behind TLS of its own: clients connect to `wss://…/rt`. `key` and `cert` are PEM. */
export async function start(port: number, tls: { key: string; cert: string }) {
  const server = createServer(tls, (_request, response) => {
    response.end('hello from https\n');
  });
  const gateway = createGateway({ server });

  server.listen(port);
  await once(server, 'listening');

  const stop = async () => {
    await gateway.close();
    server.close();
    await once(server, 'close');
  };
  return { server, gateway, stop };
}
