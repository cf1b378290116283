// A gateway on a server of `node:http` or `node:https`, for whichever runtime runs this. Its options come as JSON; it prints its port, then each disconnect.
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createGateway } from 'gateway-core';

const { tls, ...options } = JSON.parse(process.argv[2] ?? '{}');
const server = tls === undefined ? createServer() : createTlsServer(tls);
const print = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const gateway = createGateway({ server, path: '/rt', ...options });
gateway.on('disconnect', ({ code }) => print({ disconnect: code }));
server.listen(0, '127.0.0.1', () => print({ port: server.address().port }));
process.once('SIGTERM', async () => {
  await gateway.close();
  server.close(() => print({ stopped: true }));
});
