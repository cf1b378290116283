import { WebSocket } from 'ws';
import { ForeignClient } from './support/foreign-client.js';
import { runScenarios } from './support/run-scenarios.js';

runScenarios({
  name: 'ws',
  start: async () => {},
  stop: async () => {},
  open: async (url) => {
    const client = new ForeignClient();
    const socket = new WebSocket(url);
    socket.on('message', (data) => client.got(data.toString()));
    socket.on('error', () => {});
    socket.on('close', (code) => client.ended(code));
    return client.bind({ send: (text) => socket.send(text), close: () => socket.close() });
  },
});
