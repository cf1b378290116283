import type { Client } from './client.js';

/** The clients' heartbeats are spread over an interval in this many waves: all at once would be a load of its own. */
const WAVES = 50;

/** Sends the heartbeat of each client that is in its group every `intervalMs`; returns what stops it. */
export function keepAlive(clients: readonly Client[], text: string, intervalMs: number): () => void {
  let wave = 0;
  const timer = setInterval(() => {
    for (let i = wave; i < clients.length; i += WAVES) if (clients[i]!.isMember) clients[i]!.send(text);
    wave = (wave + 1) % WAVES;
  }, intervalMs / WAVES);
  return () => clearInterval(timer);
}
