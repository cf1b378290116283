// A fan-out server as one writes it on `ws` in an afternoon. It speaks the bench's plain text dialect:
// `S<group>` subscribes and is answered `s`, `P<data>` publishes to the sender's group, `E<data>` is sent back.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { WebSocketServer } from 'ws';
import { listen, webServer } from './harness.mjs';

const { version } = JSON.parse(readFileSync(createRequire(import.meta.url).resolve('ws/package.json'), 'utf8'));

/** @param {(members: Set<import('ws').WebSocket>, data: string) => void} fanOut */
export function servePlainWs(fanOut) {
  const groups = new Map();
  const server = webServer();
  const sockets = new WebSocketServer({ server, perMessageDeflate: process.argv.includes('--deflate') });

  const subscribe = (socket, group) => {
    socket.group = group;
    const members = groups.get(group) ?? new Set();
    groups.set(group, members.add(socket));
    socket.send('s');
  };
  const leave = (socket) => {
    const members = groups.get(socket.group);
    members?.delete(socket);
    if (members?.size === 0) groups.delete(socket.group);
  };

  sockets.on('connection', (socket) => {
    socket.on('message', (bytes) => {
      const text = bytes.toString();
      if (text[0] === 'P') fanOut(groups.get(socket.group), text.slice(1));
      else if (text[0] === 'E') socket.send(text.slice(1));
      else if (text[0] === 'S') subscribe(socket, text.slice(1));
    });
    socket.on('close', () => leave(socket));
    socket.on('error', () => {});
  });
  listen(server, `ws ${version}`);
}
