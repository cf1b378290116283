import { BUILT } from '../support/processes.js';

/** Tests of the packages that cannot run on Bun, and why: what they look at is Node's own. */
export const NEEDS_NODE: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    BUILT.map((file) => [file, 'starts the program as Node; `runtimes.test.ts` beside this starts it as Bun']),
  ),
  'packages/gateway-cli/test/bench/bench-usage.test.ts': 'expects the words of OpenSSL for a certificate',
  'packages/gateway-cli/test/bench/sockets.test.ts': 'names a cipher that BoringSSL does not know',
  'packages/gateway-cli/test/connect/connect.test.ts':
    'looks at the gateway as soon as a close frame is answered, of which Bun tells it when TCP ends',
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
};
