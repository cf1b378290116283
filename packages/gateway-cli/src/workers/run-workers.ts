import { MemoryBroker, MemoryPresenceStore, MemorySessionStore, systemClock } from 'gateway-core';
import type { ServeConfig } from '../config.js';
import { exposureWarning } from '../exposure.js';
import type { Io } from '../io.js';
import { createLogger } from '../logger.js';
import { type MetricsServer, startMetrics } from '../metrics/metrics-server.js';
import { serverSignals } from '../server-signals.js';
import type { Environment } from '../setting.js';
import { systemdLink } from '../systemd.js';
import { clusterFork } from './cluster-process.js';
import { PartsServer } from './parts-server.js';
import { WorkerPool } from './worker-pool.js';

/** What a worker may take longer to end than its gateway to drain. */
const EXIT_MS = 5_000;

/**
 * Serves by several processes until a signal, then drains all. This process serves nobody: it owns what the others share.
 * @param warnings logged before it starts.
 * @param env what systemd has said, if it started this process.
 * @returns the exit code.
 * @throws UsageError (by rejection) where it cannot start as configured.
 */
export async function runWorkers(
  config: ServeConfig,
  io: Io,
  color: boolean,
  warnings: readonly string[],
  env: Environment,
): Promise<number> {
  const { timings, workers: count } = config;
  const logger = createLogger({ level: config.logLevel, pretty: config.pretty, color, output: io.stdout });
  const parts = partsServer(config);
  const systemd = systemdLink(env, logger);
  const counted = config.metricsPort === undefined ? undefined : await import('./workers-exposition.js');
  const metrics = counted && new counted.WorkersMetrics();
  const pool = new WorkerPool({
    count,
    fork: clusterFork((socket) =>
      parts.accept(socket, (error) => {
        if (error !== undefined) logger.warn('the socket to a worker has failed', { error: error.message });
      }),
    ),
    start: (worker) => ({ type: 'start', config, worker, color }),
    clock: systemClock,
    logger,
    drainMs: timings.drainDelayMs + 2 * timings.closeTimeoutMs + EXIT_MS,
    metrics,
  });
  const signals = serverSignals(io, {
    exitNow: (signal) => {
      logger.warn('exiting before the drain is over: a second signal', { signal });
      pool.kill();
      io.exit(1);
    },
    reload: (signal) => {
      logger.info('replacing the workers, one after the other', { signal });
      void pool.roll();
    },
    stats: () => void pool.stats().then((stats) => logger.info('stats', { ...stats })),
  });
  let metricsServer: MetricsServer | undefined;
  try {
    for (const warning of warnings) logger.warn(warning);
    const { url, healthUrl, address, port } = await pool.start();
    if (counted !== undefined && metrics !== undefined)
      metricsServer = await startMetrics(new counted.WorkersExposition(pool, metrics), config, logger);
    logger.info(`listening on ${url}`, { url, healthUrl, host: config.host, port, workers: count });
    const warning = exposureWarning(address, config);
    if (warning !== undefined) logger.warn(warning, { address, port });
    systemd.ready();
    const signal = await signals.first;
    systemd.stopping();
    const stats = pool.stats();
    const drained = pool.drain();
    logger.info('draining', { signal, connections: (await stats).connections });
    await drained;
    logger.info('stopped');
    return 0;
  } finally {
    systemd.off();
    metricsServer?.close();
    pool.kill();
    parts.close();
    signals.off();
  }
}

/** What the workers' gateways would keep, it keeps once for all. */
function partsServer({ timings, limits }: ServeConfig): PartsServer {
  const clock = systemClock;
  const bounded = (limit: number) => (limit === 0 ? Number.POSITIVE_INFINITY : limit);
  const broker = new MemoryBroker({
    historyMessagesMax: bounded(limits.logMessagesMax),
    historyLengthMax: bounded(limits.logBytesMax),
    historyBytesTotalMax: bounded(limits.logBytesTotalMax),
    historyAgeMaxMs: bounded(limits.logAgeMaxMs),
    idleGroupsMax: bounded(limits.groupsMax),
    clock,
  });
  const presence = new MemoryPresenceStore({ clock, ...(limits.logAgeMaxMs > 0 && { downTtlMs: limits.logAgeMaxMs }) });
  const sessions = new MemorySessionStore({ clock, sessionBytesTotalMax: bounded(limits.sessionBytesTotalMax) });
  return new PartsServer({ parts: { broker, presence, sessions }, resumeTtlMs: timings.resumeTtlMs, clock });
}
