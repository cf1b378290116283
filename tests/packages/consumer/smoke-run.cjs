// Prints what a client receives from a gateway on a real port. The process must end by itself afterwards.
const { createServer } = require('node:http');
const { once } = require('node:events');

exports.smoke = async ({ core, testing, protocol, cli, WebSocket }) => {
  for (const [name, value] of Object.entries({ run: cli.run, serve: cli.serve, FakeClock: testing.FakeClock })) {
    if (typeof value !== 'function') throw new Error(`${name} is not exported`);
  }
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const gateway = core.createGateway({ server });

  const client = new WebSocket(`ws://127.0.0.1:${server.address().port}/rt`);
  client.on('message', (text) => {
    const { type, payload } = JSON.parse(text);
    // When it comes is the gateway's own affair: presence is gathered.
    if (type !== 'presence_update') console.log(type);
    if (type === 'ready' && payload.presence === undefined) {
      client.send('{"type":"identify","payload":{"clientType":"app-client","groupId":"g"}}');
      const update = '{"type":"data_update","payload":{"data":[1]}}';
      if (!protocol.decode(update).ok) throw new Error('decode refused a data_update');
      client.send(update);
    }
    if (type === 'data_update') client.close();
  });
  await once(client, 'close');
  await gateway.close();
  server.close();
};
