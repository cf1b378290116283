import { once } from 'node:events';
import express from 'express';
import { createGateway } from 'gateway-core';

/** A gateway beside an Express app, on the server that `app.listen` makes. The app can publish to the groups. */
export async function start(port: number) {
  const app = express();
  const server = app.listen(port);
  const gateway = createGateway({ server });

  app.get('/', (_request, response) => {
    response.send('hello from express\n');
  });
  app.post('/groups/:groupId', express.json({ strict: false }), async (request, response) => {
    response.json(await gateway.publish(request.params.groupId, request.body));
  });

  await once(server, 'listening');

  const stop = async () => {
    await gateway.close();
    server.close();
    await once(server, 'close');
  };
  return { server, gateway, stop };
}
