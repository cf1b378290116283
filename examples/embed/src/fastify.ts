import fastify from 'fastify';
import { createGateway } from 'gateway-core';

/** A gateway beside a Fastify app, closed with it. */
export async function start(port: number) {
  const app = fastify();
  const gateway = createGateway({ server: app.server });

  app.get('/', async () => 'hello from fastify\n');
  // Before the server closes: it waits for its connections, and WebSockets stay until they are told to go.
  app.addHook('preClose', () => gateway.close());

  await app.listen({ port });

  const stop = () => app.close();
  return { server: app.server, gateway, stop };
}
