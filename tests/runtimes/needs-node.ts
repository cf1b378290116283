import { BUILT } from '../support/processes.js';

/** Tests that cannot run on Bun, and why: what they look at is Node's own. */
export const NEEDS_NODE: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    BUILT.map((file) => [file, 'starts the program as Node; `runtimes.test.ts` beside this starts it as Bun']),
  ),
  'packages/gateway-cli/test/bench/bench-usage.test.ts': 'expects the words of OpenSSL for a certificate',
  'packages/gateway-cli/test/bench/sockets.test.ts': 'names a cipher that BoringSSL does not know',
  'packages/gateway-cli/test/health.test.ts': 'listens to diagnostics channels of node:http and node:net',
  'packages/gateway-cli/test/metrics.test.ts': 'listens to diagnostics channels of node:http',
  'packages/gateway-cli/test/playground/requests.test.ts': 'nests JSON deeper than the stack of V8',
  'packages/gateway-cli/test/playground/top.test.ts': 'expects the words of Node for a refused connection',
  'packages/gateway-cli/test/workers/parts.test.ts': 'counts writes to a socket; `--workers` is for Node',
  'packages/gateway-core/test/compression.test.ts':
    'counts the bytes that a client of `ws` reads; `runtimes.test.ts` beside this looks at them otherwise',
  'packages/gateway-core/test/group-memory.test.ts': 'measures the heap of V8',
  'packages/gateway-core/test/memory-bounds.test.ts': 'measures the heap of V8',
  'packages/gateway-core/test/memory-broker-heap.test.ts': 'measures the heap of V8',
  'packages/gateway-core/test/upgrade-request.test.ts': 'measures the heap of V8',
  'packages/gateway-jwt/test/key-set.test.ts': 'expects the words of Node for a refused connection',
  'packages/gateway-jwt/test/options.test.ts': 'makes a key of a curve that BoringSSL does not know',
  'tests/abuse/resets.test.ts': 'waits until so many bytes are read, which Bun counts otherwise',
  'tests/abuse/unread.test.ts':
    'expects that a paused socket is read from by 64 KiB at most; `runtimes.test.ts` beside this has the same clients',
  'tests/shared-server/other-protocols.test.ts': 'looks at how node:http takes headers and bodies of an upgrade that is none',
  'tests/shared-server/targets.test.ts': 'looks at targets that node:http of Bun answers by itself, with 400',
};
