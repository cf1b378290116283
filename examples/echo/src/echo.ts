import { echoScenario } from './scenario.js';
import type { TlsOptions } from './socket-client.js';
import { loopbackWorld, remoteWorld } from './socket-world.js';
import { virtualWorld } from './virtual-world.js';

export interface EchoOptions {
  /** Takes the transcript, line by line. */
  write: (line: string) => void;
  /** Plays over the gateway at this `ws:` or `wss:` URL. Default: over one of its own. */
  url?: string;
  /** How to trust the server of a `wss:` URL. */
  tls?: TlsOptions;
  /** Plays without sockets and in virtual time, with ids from this seed. Then every run writes the same. */
  seed?: number;
  /** Default `group-1`. */
  groupId?: string;
  /** How long each expected message may take, in milliseconds (virtual ones with `seed`). Default 5000. */
  timeoutMs?: number;
}

/**
 * Plays the echo scenario: two clients identify in one group, see each other, speak, keep a session alive, and leave.
 * @throws EchoFailure (by rejection) naming what was missing.
 */
export async function runEcho({ write, url, tls, seed, groupId = 'group-1', timeoutMs = 5_000 }: EchoOptions): Promise<void> {
  const world = url !== undefined ? remoteWorld(url, tls ?? {}) : seed !== undefined ? virtualWorld(seed) : await loopbackWorld();
  write(`echo over ${world.title}`);
  try {
    await echoScenario(world, { groupId, timeoutMs, write });
  } finally {
    await world.dispose();
  }
  write('echo: everything came');
}
