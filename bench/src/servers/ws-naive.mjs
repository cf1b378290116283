import { servePlainWs } from './plain-ws.mjs';

servePlainWs((members, data) => {
  for (const socket of members) socket.send(data);
});
