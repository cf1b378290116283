import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as imported from 'ws';

export type { ServerOptions, WebSocketServer } from 'ws';

/**
 * The package `ws` as it is installed. Bun answers the import of that name with an implementation of its own, under which the socket of the
 * upgrade, once the kernel takes no more, never drains: who stood still for a moment would get nothing any more. By its path it is the package itself.
 */
function installed(): typeof imported {
  // There is no `import.meta` in the CommonJS build, and no `__filename` in the other.
  const require = createRequire(import.meta.url ?? __filename);
  return require(join(dirname(require.resolve('ws/package.json')), 'index.js'));
}

export const ws: typeof imported = process.versions.bun === undefined ? imported : installed();
