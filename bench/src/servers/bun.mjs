// Bun's own publish (uWebSockets underneath), run by the bun binary. Speaks the plain text dialect of plain-ws.mjs.
import { announce } from './harness.mjs';

const perMessageDeflate = process.argv.includes('--deflate');
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch(request, self) {
    return self.upgrade(request, { data: { group: '' } }) ? undefined : new Response('', { status: 426 });
  },
  websocket: {
    perMessageDeflate,
    message(socket, text) {
      const data = text.slice(1);
      if (text[0] === 'P') server.publish(socket.data.group, data, perMessageDeflate);
      else if (text[0] === 'E') socket.send(data);
      else if (text[0] === 'S') {
        socket.data.group = data;
        socket.subscribe(data);
        socket.send('s');
      }
    },
  },
});
announce({ port: server.port, version: `bun ${Bun.version}`, collect: () => Bun.gc(true) });
