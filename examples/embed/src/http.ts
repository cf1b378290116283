import { once } from 'node:events';
import { createServer } from 'node:http';
import { createGateway } from 'gateway-core';

/** A gateway on a plain `node:http` server: clients connect to `ws://…/rt`, everything else is the server's own. */
export async function start(port: number) {
  const server = createServer((_request, response) => {
    response.end('hello from http\n');
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
