import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import tls, { type TlsOptions } from 'node:tls';
import { type WebSocket, WebSocketServer } from 'ws';

export interface ContractServerOptions {
  /** What the second client gets in place of a message; `number` is the message's own. */
  spoil?(number: number, data: string): string[];
  /** Listens for `wss:` instead. */
  tls?: TlsOptions;
  heartbeatIntervalMs?: number;
}

export interface ContractServer {
  port: number;
  sockets: WebSocketServer;
  close(): void;
}

/** Number that the generator has given a message. */
export const numberOf = (data: string) => Number(data.slice(7, 17));

/** As much of a gateway as the generator has to see (PROTOCOL.md, dialect 1), and none of its guarantees. */
export async function startContractServer(options: ContractServerOptions = {}): Promise<ContractServer> {
  const { spoil = (_number, data) => [data], heartbeatIntervalMs = 10_000 } = options;
  const http = createServer();
  const sockets = new WebSocketServer({ server: http });
  const groups = new Map<WebSocket, string>();
  const ready = JSON.stringify({
    type: 'ready',
    ts: 0,
    payload: { connectionId: 'c', heartbeat: { intervalMs: heartbeatIntervalMs, timeoutMs: 25_000 } },
  });
  const publish = (groupId: string, data: string) => {
    const members = [...sockets.clients].filter((socket) => groups.get(socket) === groupId);
    for (const [i, member] of members.entries()) {
      for (const one of i === 1 ? spoil(numberOf(data), data) : [data])
        member.send(JSON.stringify({ type: 'data_update', ts: 0, groupId, seq: 1, payload: { data: one } }));
    }
  };
  sockets.on('connection', (socket) => {
    socket.send(ready);
    socket.on('message', (bytes) => {
      const { type, groupId, payload } = JSON.parse(bytes.toString());
      if (type === 'data_update') publish(groupId, payload.data);
      if (type !== 'identify') return;
      groups.set(socket, payload.groupId);
      socket.send(ready);
    });
  });
  const server = options.tls === undefined ? http : tls.createServer(options.tls, (socket) => http.emit('connection', socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    close: () => {
      for (const client of sockets.clients) client.terminate();
      server.close();
    },
  };
}
