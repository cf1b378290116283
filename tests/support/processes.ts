/** Started from what `dist` holds, since a process that compiles the sources takes three times as long to start. */
export const BUILT = ['health-command', 'process', 'workers-process'].map((name) => `packages/gateway-cli/test/${name}.test.ts`);

/** The tests of these packages share processes, so that each process loads the sources once. */
export const SHARED_PROCESSES = ['core', 'protocol', 'client', 'cli', 'jwt', 'sim'].map(
  (name) => `packages/gateway-${name}/test/`,
);
/** But for those that measure their process or change it: `tests/tidy/shared-processes.test.ts` finds them. */
export const OWN_PROCESS = [
  ...BUILT,
  'packages/gateway-cli/test/page/clients.test.ts',
  'packages/gateway-cli/test/page/code.test.ts',
  'packages/gateway-cli/test/page/views.test.ts',
  'packages/gateway-cli/test/metrics.test.ts',
  'packages/gateway-cli/test/systemd.test.ts',
  'packages/gateway-cli/test/unread-logs.test.ts',
  'packages/gateway-cli/test/bench/lazy.test.ts',
  'packages/gateway-core/test/contract-suites.test.ts',
  'packages/gateway-core/test/fake-clock.test.ts',
  'packages/gateway-core/test/group-memory.test.ts',
  'packages/gateway-core/test/memory-bounds.test.ts',
  'packages/gateway-core/test/memory-broker-heap.test.ts',
  'packages/gateway-core/test/publish.test.ts',
  'packages/gateway-core/test/upgrade-request.test.ts',
  'packages/gateway-client/test/life.test.ts',
  'packages/gateway-client/test/node.test.ts',
  'packages/gateway-client/test/publish.test.ts',
  'packages/gateway-client/test/signals.test.ts',
  'packages/gateway-client/test/react/data.test.ts',
  'packages/gateway-client/test/react/lifetime.test.ts',
  'packages/gateway-protocol/test/purity.test.ts',
];
