import { once } from 'node:events';
import { createGateway } from 'gateway-core';
import Koa from 'koa';

/** A gateway beside a Koa app, on the server that `app.listen` makes. */
export async function start(port: number) {
  const app = new Koa();
  app.use((context) => {
    context.body = 'hello from koa\n';
  });

  const server = app.listen(port);
  const gateway = createGateway({ server });
  await once(server, 'listening');

  const stop = async () => {
    await gateway.close();
    server.close();
    await once(server, 'close');
  };
  return { server, gateway, stop };
}
