import { WebSocket } from 'undici';
import { ForeignClient } from './support/foreign-client.js';
import { runScenarios } from './support/run-scenarios.js';

// The WebSocket of Node 22 and later, and of the browsers' standard.
runScenarios({
  name: 'undici',
  start: async () => {},
  stop: async () => {},
  open: async (url) => {
    const client = new ForeignClient();
    const socket = new WebSocket(url);
    socket.addEventListener('message', ({ data }) => client.got(data));
    socket.addEventListener('close', ({ code }) => client.ended(code));
    return client.bind({ send: (text) => socket.send(text), close: () => socket.close() });
  },
});
