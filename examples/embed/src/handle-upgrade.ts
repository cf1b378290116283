import { once } from 'node:events';
import { createServer } from 'node:http';
import { createGateway } from 'gateway-core';

/** Two gateways on a host that routes upgrades itself: neither gets a `server`, so the host alone decides who takes what. */
export async function start(port: number) {
  const server = createServer((_request, response) => {
    response.end('hello from the router\n');
  });
  const gateway = createGateway();
  const staff = createGateway({ limits: { connectionsMax: 100 } });

  server.on('upgrade', (request, socket, head) => {
    // A reset before anybody has taken the socket must not end the process.
    socket.on('error', () => socket.destroy());
    const [path] = (request.url ?? '').split('?');
    if (path === '/tenants/acme/rt') gateway.handleUpgrade(request, socket, head);
    else if (path === '/staff/rt') staff.handleUpgrade(request, socket, head);
    else socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });

  server.listen(port);
  await once(server, 'listening');

  const stop = async () => {
    await Promise.all([gateway.close(), staff.close()]);
    server.close();
    await once(server, 'close');
  };
  return { server, gateway, staff, stop };
}
