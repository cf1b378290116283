import { servePlainWs } from './plain-ws.mjs';

servePlainWs((members, data) => {
  const bytes = Buffer.from(data);
  for (const socket of members) socket.send(bytes, { binary: false });
});
