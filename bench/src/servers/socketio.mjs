// Socket.IO with rooms, as its documentation shows it; the websocket transport only, everything else at its default, with
// `--recovery` that of connection state recovery, with `--deflate` compression, with `--redis <url>` and `--adapter <package>` one of its adapters for Redis.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { Server } from 'socket.io';
import { argument, listen } from './harness.mjs';

const versionOf = (name) =>
  JSON.parse(readFileSync(createRequire(import.meta.url).resolve(`${name}/package.json`), 'utf8')).version;
const server = createServer();
const connectionStateRecovery = process.argv.includes('--recovery') ? {} : undefined;
const redis = argument('--redis');
const adapterName = argument('--adapter');
const adapter = redis === undefined ? undefined : await adapterOf(adapterName, redis);
const io = new Server(server, {
  transports: ['websocket'],
  perMessageDeflate: process.argv.includes('--deflate'),
  ...(connectionStateRecovery && { connectionStateRecovery }),
  ...(adapter && { adapter }),
});

io.on('connection', (socket) => {
  // Kept over a recovery, unlike variables.
  let { group } = socket.data;
  let announced = false;
  if (socket.recovered) socket.emit('subscribed');
  socket.on('subscribe', (name) => {
    group = name;
    socket.data.group = name;
    socket.join(name);
    socket.emit('subscribed');
  });
  // The presence storm's naive counterpart: everybody is told of everybody.
  socket.on('enter', (name) => {
    announced = true;
    group = name;
    socket.join(name);
    socket.emit('subscribed');
    io.to(name).emit('presence', { members: io.sockets.adapter.rooms.get(name).size });
  });
  socket.on('disconnect', () => {
    if (announced) io.to(group).emit('presence', { members: io.sockets.adapter.rooms.get(group)?.size ?? 0 });
  });
  socket.on('publish', (data) => io.to(group).emit('m', data));
  socket.on('echo', (data) => socket.emit('m', data));
});
listen(server, ['socket.io', ...(adapterName ? [adapterName] : [])].map((name) => `${name} ${versionOf(name)}`).join(' + '));

/** As the adapters' documentation shows it. */
async function adapterOf(name, url) {
  const { createClient } = await import('@redis/client');
  const clientOf = async () => {
    // What the adapters were written for.
    const client = createClient({ url, RESP: 2 });
    await client.connect();
    return client;
  };
  const { createAdapter } = await import(name);
  return name.includes('streams') ? createAdapter(await clientOf()) : createAdapter(await clientOf(), await clientOf());
}
