import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type ConnectPartsOptions, connectParts } from '../../src/workers/connect-parts.js';
import { PartsServer, type PartsServerOptions } from '../../src/workers/parts-server.js';

/** A {@link PartsServer} behind a unix domain socket, which is gone with the test. */
export class ServedParts {
  readonly server: PartsServer;
  readonly #folder = mkdtempSync(join(tmpdir(), 'gateway-parts-'));
  readonly #listener = createServer((socket) => {
    this.sockets.push(socket);
    this.server.accept(socket, (error) => this.errors.push(error));
  });
  /** Of the server, as they came. */
  readonly sockets: Socket[] = [];
  /** Why links have closed. */
  readonly errors: (Error | undefined)[] = [];

  constructor(options: PartsServerOptions = {}) {
    this.server = new PartsServer(options);
    onTestFinished(() => {
      for (const socket of this.sockets) socket.destroy();
      this.#listener.close();
      rmSync(this.#folder, { recursive: true });
    });
  }

  /** What one more worker has. */
  async connect(options: ConnectPartsOptions = {}) {
    const path = join(this.#folder, 's');
    if (!this.#listener.listening) await once(this.#listener.listen(path), 'listening');
    const socket = connect(path);
    await once(socket, 'connect');
    return { socket, ...connectParts(socket, options) };
  }
}
